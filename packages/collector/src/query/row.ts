/** A stitched trace → the row that lists and searches know it by; a row → a line of the list. */
import type { TraceSummary } from "@mayfly/api";
import { platformErrorType } from "../model/platform-facts.ts";
import type { UnixNano } from "../model/time.ts";
import { ERROR_TYPE_OTHER } from "../normalize/semconv.ts";
import { gapsOf } from "../stitch/gaps.ts";
import { gapsToCome } from "../stitch/sending-gaps.ts";
import type { Graph } from "../stitch/graph.ts";
import type { Unit } from "../stitch/units.ts";
import type { StitchedTrace } from "../stitch/walk.ts";
import type { GapsToCome, SummaryRow } from "../store/summaries.ts";
import { distinct, headFacts, headView } from "./head.ts";
import { evidencePaths, failsUnsaid, isColdUnsaid } from "../stitch/invocations.ts";
import { callsOf, invocationsOf } from "./row-invocations.ts";
import { errorTypeOf, triggerOf } from "./span-facts.ts";

/** More names than this are not kept: a query for one of more then looks at the spans. */
const MAX_SPAN_NAMES = 64;
/** Moments at which gaps come; what comes later than these comes with the last. */
const MAX_MOMENTS = 16;

export const rowOf = (trace: StitchedTrace, graph: Graph, now: UnixNano): SummaryRow => {
  const spans = trace.parts.flatMap((part) => part.spans);
  const units = trace.parts.map(({ unit }) => unit);
  const spanNames = distinct(spans.map((span) => span.wire.name));
  const toCome = gapsToCome(trace, graph, now);
  const head = headFacts(trace);
  return {
    ...head,
    coldStarts: spans.filter((span) => span.isColdStart).length + units.filter(isColdUnsaid).length,
    gapCount: gapsOf(trace, graph, now).length,
    ...(toCome.length > 0 && { gapsToCome: byMoment(toCome) }),
    services: distinct(trace.parts.map(({ unit }) => unit.root.origin.serviceName)),
    triggers: distinct(spans.map(triggerOf)),
    errorTypes: distinct([...spans.filter((span) => span.isError).map(errorTypeOf), ...units.map(unsaidErrorType)]),
    ...(spanNames.length <= MAX_SPAN_NAMES && { spanNames }),
    truncated: trace.truncated,
    units: trace.parts.flatMap(({ unit, isWhole }) => [{ path: unit.path, isWhole }, ...sightsOf(unit)]),
    invocations: invocationsOf(trace, head.start),
    calls: callsOf(trace),
  };
};

const byMoment = (times: readonly UnixNano[]): readonly GapsToCome[] => {
  const sorted = times.toSorted((a, b) => Number(a > b) - Number(a < b));
  const early = new Set([...new Set(sorted)].slice(0, MAX_MOMENTS - 1));
  const last = sorted[sorted.length - 1] ?? 0n;
  const moments = Map.groupBy(sorted, (time) => (early.has(time) ? time : last));
  return Array.from(moments, ([at, { length }]) => ({ at, count: length }));
};

/** Nothing needs to arrive for a message to have waited too long. */
export const gapCountAt = ({ gapCount, gapsToCome: toCome = [] }: SummaryRow, now: UnixNano): number =>
  toCome.reduce((sum, { at, count }) => (at <= now ? sum + count : sum), gapCount);

/** So that the row is found by what was seen of its invocations; it is shown with them, and is no unit of the walk. */
const sightsOf = (unit: Unit): SummaryRow["units"] =>
  distinct(evidencePaths(unit)).map((path) => ({ path, isWhole: false, isSight: true }));

const unsaidErrorType = (unit: Unit): string | undefined =>
  unit.platform && failsUnsaid(unit) ? (platformErrorType(unit.platform.facts) ?? ERROR_TYPE_OTHER) : undefined;

/** `isChanging`: spans of it have arrived that are not in the row yet. */
export const summaryOf = (row: SummaryRow, isChanging: boolean, now: UnixNano): TraceSummary => {
  const { settled, ...head } = headView(row, now);
  return {
    ...head,
    settled: settled && !isChanging,
    ...(row.truncated && { truncated: true }),
    coldStarts: row.coldStarts,
    gapCount: gapCountAt(row, now),
  };
};
