/**
 * What recent traces say: clocks that differ, functions whose SDK gave something up, places where the story breaks off.
 * A look at the newest traces only, since what was mended earlier is not to be mended again.
 */
import type { Join, TraceDetail } from "@mayfly/api";
import { type Finding, ok, problem } from "./findings.ts";

const NS_PER_MS = 1_000_000n;
const FUTURE_MS = 5_000;
const EARLY_MS = 100;

export const recentFindings = (traces: readonly TraceDetail[], nowMs: number): readonly Finding[] => [
  ...some("clocks", [...fromTheFuture(traces, nowMs), ...beforeTheirCause(traces)], "spans are in order"),
  ...some("sdk", sdkLosses(traces), "no function has given up telemetry"),
  ...some("gaps", gaps(traces), "no story breaks off"),
];

const some = (check: string, found: readonly Finding[], fine: string): readonly Finding[] =>
  found.length > 0 ? found : [ok(check, fine)];

const startMs = ({ startTimeUnixNano }: { readonly startTimeUnixNano: string }): number =>
  Number(BigInt(startTimeUnixNano) / NS_PER_MS);

const fromTheFuture = (traces: readonly TraceDetail[], nowMs: number): readonly Finding[] => {
  const ahead = new Map<string, number>();
  for (const span of traces.flatMap(({ spans }) => spans)) {
    const ms = startMs(span) - nowMs;
    const name = span.functionName ?? "a sender without a name";
    if (ms > FUTURE_MS) ahead.set(name, Math.max(ms, ahead.get(name) ?? 0));
  }
  return [...ahead].map(([name, ms]) =>
    problem(
      "clocks",
      `${name} sends spans that begin in ${seconds(ms)}`,
      "Set the clock of its machine, or of this one.",
    ),
  );
};

/**
 * A consumer that began before its producer sent: their clocks differ by that much at least. Of several that sent by one key, as
 * when an execution is started twice by its name, the first counts.
 */
const beforeTheirCause = (traces: readonly TraceDetail[]): readonly Finding[] => {
  const early = new Map<string, number>();
  for (const { spans, joins } of traces) {
    const byId = new Map(spans.map((span) => [`${span.traceId}.${span.spanId}`, span]));
    const known = joins.flatMap((join) => {
      const { from, to } = join;
      const sender = "placeholder" in from ? undefined : byId.get(`${from.traceId}.${from.spanId}`);
      const receiver = byId.get(`${to.traceId}.${to.spanId}`);
      return sender && receiver
        ? [{ hop: hopOf(join), sender, receiver, ms: startMs(sender) - startMs(receiver) }]
        : [];
    });
    const firsts = new Map<string, number>();
    for (const { hop, ms } of known) firsts.set(hop, Math.min(ms, firsts.get(hop) ?? Infinity));
    for (const { hop, sender, receiver, ms } of known) {
      if (ms !== firsts.get(hop)) continue;
      const pair = `${receiver.functionName ?? receiver.name} begins before ${sender.functionName ?? sender.name} sends`;
      if (ms > EARLY_MS) early.set(pair, Math.max(ms, early.get(pair) ?? 0));
    }
  }
  return [...early].map(([pair, ms]) =>
    problem("clocks", `${pair}, by ${seconds(ms)}`, "Their clocks differ: set the one that is wrong."),
  );
};

/** What reached the consumer: by the context that it carries from that sender alone, else by the key from any that has it. */
const hopOf = ({ kind, key, from, to }: Join): string =>
  JSON.stringify([to, kind === "parent" || kind === "link" || key === undefined ? from : key]);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const FULL = "Its buffer was full: is the collector near and fast enough for it?";

const SDK_LOSSES: Readonly<Record<string, readonly [one: string, many: string, advice: string]>> = {
  "mayfly.sdk.dropped_spans": ["span dropped", "spans dropped", FULL],
  "mayfly.sdk.dropped_logs": ["log line dropped", "log lines dropped", FULL],
  "mayfly.sdk.flush_timeouts": [
    "flush out of time",
    "flushes out of time",
    "Raise MAYFLY_FLUSH_BUDGET_MS, or send after the response.",
  ],
  "mayfly.sdk.flush_failures": [
    "flush failed",
    "flushes failed",
    "Check OTEL_EXPORTER_OTLP_ENDPOINT, its key, and the way there.",
  ],
  "mayfly.sdk.breaker_opened": [
    "time given up for a while",
    "times given up for a while",
    "The collector was not reachable from it.",
  ],
  "mayfly.sdk.after_response_refused": [
    "refusal of its extension",
    "refusals of its extension",
    "It sends before the response instead; see docs/guides.",
  ],
};

/** The attributes count since a function's environment began, so the largest of each is told. */
const sdkLosses = (traces: readonly TraceDetail[]): readonly Finding[] => {
  const most = new Map<string, number>();
  for (const { functionName = "a function without a name", attributes } of traces.flatMap(({ spans }) => spans)) {
    for (const attribute of Object.keys(SDK_LOSSES)) {
      const count = Number(attributes[attribute] ?? 0);
      const key = JSON.stringify([functionName, attribute]);
      if (count > (most.get(key) ?? 0)) most.set(key, count);
    }
  }
  return [...most].map(([key, count]) => {
    const [name, attribute] = JSON.parse(key) as [string, string];
    const [one, many, advice] = SDK_LOSSES[attribute] ?? [attribute, attribute, ""];
    return problem("sdk", `${name}: ${count} ${count === 1 ? one : many} (${attribute})`, advice);
  });
};

const gaps = (traces: readonly TraceDetail[]): readonly Finding[] => {
  const groups = Map.groupBy(
    traces.flatMap((trace) => trace.gaps),
    ({ reason, advice }) => `${reason} ${advice}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [problem("gaps", `${group.length} × ${first.reason}, such as: ${first.message}`, first.advice)];
  });
};
