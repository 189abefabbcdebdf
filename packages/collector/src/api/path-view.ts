/** Critical path and self times of a stitched trace, as people and programs read them. */
import type { PathStep } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import type { DurationNs, UnixNano } from "../model/time.ts";
import { isInitSpan } from "../normalize/init.ts";
import { tasksOf } from "../stitch/causes.ts";
import type { Clocks } from "../stitch/clock-skew.ts";
import { type Step, type Task, criticalPath, selfTime } from "../stitch/critical-path.ts";
import type { StitchedTrace } from "../stitch/walk.ts";

export interface Times {
  readonly criticalPath: readonly PathStep[];
  readonly selfTimeOf: (span: SpanRecord) => DurationNs | undefined;
}

/** `origin`: when the trace begins. */
export const timesOf = (trace: StitchedTrace, origin: UnixNano): Times => {
  const tasks = tasksOf(trace, origin);
  const steps = criticalPath(tasks).flatMap((step) => withInit(step, trace.clocks, origin));
  return {
    criticalPath: seen(sinceTheBeginning(steps)).map((step) => stepView(step, origin)),
    selfTimeOf: selfTimesIn(tasks, trace.clocks, origin),
  };
};

type SeenStep = Omit<Step<SpanRecord>, "is"> & { readonly is: PathStep["is"] };

/** Of an invocation that waited for its environment, the time before its span is the init's. */
const withInit = (step: Step<SpanRecord>, clocks: Clocks, origin: UnixNano): readonly SeenStep[] => {
  if (step.is === "wait") return [step];
  if (isInitSpan(step.of.wire)) return [{ ...step, is: "init" }];
  const begun = Number(clocks.startOf(step.of) - origin);
  if (step.start >= begun) return [step];
  if (step.end <= begun) return [{ ...step, is: "init" }];
  return [
    { ...step, is: "init", end: begun },
    { ...step, start: begun },
  ];
};

/** An init of which Lambda alone tells is no span, so the duration that the path is of does not count it. */
const sinceTheBeginning = (steps: readonly SeenStep[]): readonly SeenStep[] =>
  steps.flatMap((step) => (step.end > 0 ? { ...step, start: Math.max(step.start, 0) } : []));

/** So many make a path that is drawn no finer than a screen is, and that a page of a large trace can carry. */
const LEAST_SHARE = 1 / 2_000;

const seen = (steps: readonly SeenStep[]): readonly SeenStep[] => {
  const least = ((steps.at(-1)?.end ?? 0) - (steps[0]?.start ?? 0)) * LEAST_SHARE;
  const told: SeenStep[] = [];
  for (const step of steps) {
    const before = told.at(-1);
    if (before && step.end - step.start < least) told[told.length - 1] = { ...before, end: step.end };
    else told.push(step);
  }
  return told;
};

const stepView = ({ is, of, start, end }: SeenStep, origin: UnixNano): PathStep => ({
  traceId: of.traceId,
  spanId: of.spanId,
  is,
  startTimeUnixNano: String(origin + BigInt(Math.round(start))),
  durationNs: Math.round(end) - Math.round(start),
});

/** Each asked for by itself: a page tells few of a large trace's. A span's own time begins with it, not with the init before it. */
const selfTimesIn = (tasks: readonly Task<SpanRecord>[], clocks: Clocks, origin: UnixNano): Times["selfTimeOf"] => {
  const all = [...tasks];
  for (const { children } of all) for (const child of children) all.push(child); // grows as it goes
  const bySpan = new Map(all.map((task) => [task.value, task]));
  return (span) => {
    const task = bySpan.get(span);
    return task && Math.round(selfTime({ ...task, start: Number(clocks.startOf(span) - origin) }));
  };
};
