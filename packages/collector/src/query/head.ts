/**
 * What one line tells of a stitched trace: how long, what failed, which functions, how many.
 *
 * Duration runs from the first start to the last end of all spans it holds. `settled` says that nothing has happened
 * in it for `SETTLE_NS`; late data can still come after that, and the next answer then has it.
 */
import type { Gap, TraceDetail, TraceSummary } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { type UnixNano, durationNs } from "../model/time.ts";
import type { StitchedTrace } from "../stitch/walk.ts";

/** What list and detail say alike. */
type Head = Omit<TraceSummary, "coldStarts" | "gapCount"> & Omit<TraceDetail, "spans" | "joins" | "gaps">;

const SETTLE_NS = 5_000_000_000n;

export const headOf = (trace: StitchedTrace, now: UnixNano): Head => {
  const spans = trace.parts.flatMap((part) => part.spans);
  const { start, end } = extentOf(spans);
  const units = trace.parts.map((part) => part.unit);
  return {
    id: trace.id,
    traceIds: distinct(units.map((unit) => unit.root.traceId)),
    requestIds: distinct(units.map((unit) => unit.requestId)),
    name: units[0]?.root.wire.name ?? "",
    startTimeUnixNano: String(start),
    durationNs: durationNs(start, end),
    spanCount: spans.length,
    errorCount: spans.filter((span) => span.isError).length,
    functions: distinct(units.map((unit) => unit.root.origin.functionName)),
    costUsd: null,
    settled: end + SETTLE_NS <= now,
  };
};

const extentOf = (spans: readonly SpanRecord[]): { readonly start: UnixNano; readonly end: UnixNano } => {
  const first = spans[0]?.start ?? 0n;
  const start = spans.reduce((least, span) => (span.start < least ? span.start : least), first);
  const end = spans.reduce((most, { wire }) => (wire.endTimeUnixNano > most ? wire.endTimeUnixNano : most), start);
  return { start, end };
};

export const summaryOf = (trace: StitchedTrace, gaps: readonly Gap[], now: UnixNano): TraceSummary => ({
  ...headOf(trace, now),
  ...(trace.truncated && { truncated: true }),
  coldStarts: trace.parts.flatMap((part) => part.spans).filter((span) => span.isColdStart).length,
  gapCount: gaps.length,
});

const distinct = <T extends string>(values: readonly (T | undefined)[]): T[] => [
  ...new Set(values.filter((value) => value !== undefined)),
];
