/**
 * What one line tells of a stitched trace: how long, what failed, which functions, how many.
 *
 * Duration runs from the first start to the last end of all spans it holds, by clocks that agree (clock-skew.ts). `settled` says that nothing has happened
 * in it for `SETTLE_NS`; late data can still come after that, and the next answer then has it.
 */
import type { TraceDetail, TraceSummary } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { type UnixNano, durationNs } from "../model/time.ts";
import { failsUnsaid } from "../stitch/invocations.ts";
import type { Clocks } from "../stitch/clock-skew.ts";
import type { StitchedTrace } from "../stitch/walk.ts";
import type { SummaryRow } from "../store/summaries.ts";

/** What list and detail say alike. */
type Head = Omit<TraceSummary, "coldStarts" | "gapCount"> & Omit<TraceDetail, "spans" | "joins" | "gaps">;
export type HeadFacts = Pick<
  SummaryRow,
  "id" | "name" | "start" | "end" | "durationNs" | "spanCount" | "errorCount" | "functions" | "traceIds" | "requestIds"
>;

const SETTLE_NS = 5_000_000_000n;

export const headFacts = (trace: StitchedTrace): HeadFacts => {
  const spans = trace.parts.flatMap((part) => part.spans);
  const units = trace.parts.map((part) => part.unit);
  const { start, end } = extentOf(spans, trace.clocks);
  return {
    id: trace.id,
    name: units[0]?.root.wire.name ?? "",
    start,
    end,
    durationNs: durationNs(start, end),
    spanCount: spans.length,
    errorCount: spans.filter((span) => span.isError).length + units.filter(failsUnsaid).length,
    functions: distinct(units.map((unit) => unit.root.origin.functionName)),
    traceIds: distinct(units.map((unit) => unit.root.traceId)),
    requestIds: distinct(units.map((unit) => unit.requestId)),
  };
};

export const headView = (facts: HeadFacts, now: UnixNano): Head => ({
  id: facts.id,
  traceIds: facts.traceIds,
  requestIds: facts.requestIds,
  name: facts.name,
  startTimeUnixNano: String(facts.start),
  durationNs: facts.durationNs,
  spanCount: facts.spanCount,
  errorCount: facts.errorCount,
  functions: facts.functions,
  costUsd: null,
  settled: facts.end + SETTLE_NS <= now,
});

const extentOf = (
  spans: readonly SpanRecord[],
  { startOf, endOf }: Clocks,
): { readonly start: UnixNano; readonly end: UnixNano } => {
  const [first] = spans;
  if (first === undefined) return { start: 0n, end: 0n };
  const start = spans.map(startOf).reduce((least, one) => (one < least ? one : least), startOf(first));
  const end = spans.map(endOf).reduce((most, one) => (one > most ? one : most), start);
  return { start, end };
};

export const distinct = <T extends string>(values: readonly (T | undefined)[]): T[] => [
  ...new Set(values.filter((value) => value !== undefined)),
];
