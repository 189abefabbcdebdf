/**
 * Functions, counted over the runs that the rows of stitched traces tell of.
 *
 * A run is in the window where it began in it. Looked at are the rows of traces that began in the window, or within
 * `LONGEST_NS` before it: what runs longer than that after its trace's begin is not seen.
 *
 * Bounds  those of newest-rows.ts; where there are more rows, `lookedBackTo` says how far back the numbers reach. They are
 *         exact for what was looked at.
 */
import type { FunctionCall, FunctionCounts } from "@mayfly/api";
import { type SpanPath, traceOf } from "../model/ids.ts";
import type { DurationNs, UnixNano } from "../model/time.ts";
import type { SummaryCall, SummaryInvocation, SummaryRow } from "../store/summaries.ts";
import { distinct } from "./head.ts";
import type { ListDeps } from "./list.ts";
import { type NewestRows, newestRows } from "./newest-rows.ts";
import { nearestRank, stepWidth } from "./stats.ts";
import type { Behind } from "./summarize.ts";

const LONGEST_NS = 3_600_000_000_000n;
const MAX_CALLS = 50;
const MAX_FAILURES = 20;
const MAX_SLOWEST = 10;
const MAX_LATEST = 20;

export interface Window {
  readonly from: UnixNano;
  readonly to: UnixNano;
}

export interface Seen<T> {
  readonly found: T;
  /** undefined where everything was looked at. */
  readonly lookedBackTo: UnixNano | undefined;
  readonly behind: Behind;
}

export interface Run extends SummaryInvocation {
  readonly start: UnixNano;
  readonly stitchedTraceId: string;
}

export interface FunctionFacts extends FunctionCounts {
  readonly name: string;
  readonly services: readonly string[];
  readonly triggers: readonly string[];
  readonly durations: Readonly<Record<"p50" | "p95" | "p99", DurationNs>>;
  readonly lastSeen: UnixNano;
}

export interface FunctionStory extends FunctionFacts {
  readonly steps: readonly (FunctionCounts & {
    readonly from: UnixNano;
    readonly to: UnixNano;
    readonly durations: Readonly<Record<"p50" | "p95", DurationNs>> | undefined;
  })[];
  readonly callers: readonly FunctionCall[];
  readonly callees: readonly FunctionCall[];
  readonly failures: readonly { readonly type: string; readonly count: number; readonly latest: Run }[];
  readonly slowest: readonly Run[];
  readonly latest: readonly Run[];
}

/** Those that were seen last first. */
export const functionsSeen = async (window: Window, deps: ListDeps): Promise<Seen<readonly FunctionFacts[]>> => {
  const { rows, ...reach } = await rowsIn(window, undefined, deps);
  const byName = Map.groupBy(runsIn(rows, window), (run) => run.functionName);
  const found = [...byName].map(([name, runs]) => factsOf(name, runs));
  return {
    found: found.toSorted((a, b) => latestFirst(a.lastSeen, b.lastSeen) || byText(a.name, b.name)),
    ...reach,
  };
};

/** undefined: it did not run. */
export const functionStory = async (
  name: string,
  window: Window,
  deps: ListDeps,
): Promise<Seen<FunctionStory | undefined>> => {
  const { rows, ...reach } = await rowsIn(window, name, deps);
  const runs = runsIn(rows, window).filter((run) => run.functionName === name);
  if (runs.length === 0) return { found: undefined, ...reach };
  const latest = runs.toSorted((a, b) => latestFirst(a.start, b.start) || byText(a.path, b.path));
  const held = new Set(runs.map((run) => run.stitchedTraceId));
  const calls = rows.filter((row) => held.has(row.id)).flatMap((row) => row.calls);
  const found = {
    ...factsOf(name, runs),
    steps: stepsOf(runs, { ...window, ...(reach.lookedBackTo !== undefined && { from: reach.lookedBackTo }) }),
    callers: counted(
      calls.filter((call) => call.to === name),
      (call) => call.from,
    ),
    callees: counted(
      calls.filter((call) => call.from === name),
      (call) => call.to,
    ),
    failures: failuresOf(latest),
    slowest: latest.toSorted((a, b) => b.durationNs - a.durationNs).slice(0, MAX_SLOWEST),
    latest: latest.slice(0, MAX_LATEST),
  };
  return { found, ...reach };
};

const rowsIn = async ({ from, to }: Window, name: string | undefined, deps: ListDeps): Promise<NewestRows> => {
  const first = from > LONGEST_NS ? from - LONGEST_NS : 0n;
  const filters = { from: first, to, ...(name !== undefined && { function: name }) };
  const { lookedBackTo, ...newest } = await newestRows(filters, deps, to);
  return { ...newest, lookedBackTo: lookedBackTo !== undefined && lookedBackTo > from ? lookedBackTo : undefined };
};

/** A batch is in the rows of all its messages, and ran once. */
const runsIn = (rows: readonly SummaryRow[], { from, to }: Window): readonly Run[] => {
  const runs = new Map<SpanPath, Run>();
  for (const row of rows) {
    for (const one of row.invocations) {
      const start = row.start + BigInt(one.offsetNs);
      if (start >= from && start <= to && !runs.has(one.path))
        runs.set(one.path, { ...one, start, stitchedTraceId: row.id });
    }
  }
  return [...runs.values()];
};

const factsOf = (name: string, runs: readonly Run[]): FunctionFacts => {
  const rank = nearestRank(runs.map((run) => run.durationNs));
  return {
    name,
    services: distinct(runs.map((run) => run.serviceName)).toSorted(),
    triggers: distinct(runs.map((run) => run.trigger)).toSorted(),
    ...countsOf(runs),
    durations: { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) },
    lastSeen: runs.reduce((last, { start }) => (start > last ? start : last), 0n),
  };
};

const countsOf = (runs: readonly Run[]): FunctionCounts => ({
  invocations: runs.length,
  errors: runs.filter((run) => run.errorType !== undefined).length,
  coldStarts: runs.filter((run) => run.isCold).length,
});

const stepsOf = (runs: readonly Run[], { from, to }: Window): FunctionStory["steps"] => {
  const width = stepWidth(to - from);
  const byStep = Map.groupBy(runs, (run) => run.start / width);
  const first = from / width;
  return Array.from({ length: Number(to / width - first) + 1 }, (_, n) => {
    const step = first + BigInt(n);
    const some = byStep.get(step) ?? [];
    const rank = nearestRank(some.map((run) => run.durationNs));
    return {
      from: step * width,
      to: (step + 1n) * width,
      ...countsOf(some),
      durations: some.length === 0 ? undefined : { p50: rank(0.5), p95: rank(0.95) },
    };
  });
};

const counted = (calls: readonly SummaryCall[], nameOf: (call: SummaryCall) => string): FunctionCall[] => {
  const counts = new Map<string, number>();
  for (const call of calls) counts.set(nameOf(call), (counts.get(nameOf(call)) ?? 0) + call.count);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count || byText(a.name, b.name))
    .slice(0, MAX_CALLS);
};

const failuresOf = (latest: readonly Run[]): FunctionStory["failures"] =>
  [...Map.groupBy(latest, (run) => run.errorType)]
    .flatMap(([type, [first, ...others]]) =>
      type === undefined || first === undefined ? [] : [{ type, count: 1 + others.length, latest: first }],
    )
    .slice(0, MAX_FAILURES);

const latestFirst = (a: UnixNano, b: UnixNano): number => Number(b > a) - Number(b < a);
const byText = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** The W3C trace and the span of a run. */
export const refOf = ({ path }: Run): { readonly traceId: string; readonly spanId: string } => ({
  traceId: traceOf(path),
  spanId: path.slice(traceOf(path).length + 1),
});
