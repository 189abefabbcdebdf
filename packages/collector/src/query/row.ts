/** A stitched trace → the row that lists and searches know it by; a row → a line of the list. */
import type { TraceSummary } from "@mayfly/api";
import { type KeyValue, attributeValue } from "@mayfly/otlp";
import type { SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import {
  ERROR_TYPE,
  ERROR_TYPE_OTHER,
  EXCEPTION_EVENT,
  EXCEPTION_TYPE,
  FAAS_TRIGGER,
  MAYFLY_TRIGGER,
} from "../normalize/semconv.ts";
import { gapsOf, nextGapAfter } from "../stitch/gaps.ts";
import type { Graph } from "../stitch/graph.ts";
import type { StitchedTrace } from "../stitch/walk.ts";
import type { SummaryRow } from "../store/summaries.ts";
import { distinct, headFacts, headView } from "./head.ts";

/** More names than this are not kept: a query for one of more then looks at the spans. */
const MAX_SPAN_NAMES = 64;

export const rowOf = (trace: StitchedTrace, graph: Graph, now: UnixNano): SummaryRow => {
  const spans = trace.parts.flatMap((part) => part.spans);
  const spanNames = distinct(spans.map((span) => span.wire.name));
  const dueAt = nextGapAfter(trace, graph, now);
  return {
    ...headFacts(trace),
    coldStarts: spans.filter((span) => span.isColdStart).length,
    gapCount: gapsOf(trace, graph, now).length,
    services: distinct(trace.parts.map(({ unit }) => unit.root.origin.serviceName)),
    triggers: distinct(spans.map(triggerOf)),
    errorTypes: distinct(spans.filter((span) => span.isError).map(errorTypeOf)),
    ...(spanNames.length <= MAX_SPAN_NAMES && { spanNames }),
    truncated: trace.truncated,
    units: trace.parts.map(({ unit, isWhole }) => ({ path: unit.path, isWhole })),
    ...(dueAt !== undefined && { dueAt }),
  };
};

/** `isChanging`: spans of it have arrived that are not in the row yet. */
export const summaryOf = (row: SummaryRow, isChanging: boolean, now: UnixNano): TraceSummary => {
  const { settled, ...head } = headView(row, now);
  return {
    ...head,
    settled: settled && !isChanging,
    ...(row.truncated && { truncated: true }),
    coldStarts: row.coldStarts,
    gapCount: row.gapCount,
  };
};

const triggerOf = ({ wire: { attributes } }: SpanRecord): string | undefined =>
  textOf(attributes, MAYFLY_TRIGGER) ?? textOf(attributes, FAAS_TRIGGER);

const errorTypeOf = ({ wire: { attributes, events } }: SpanRecord): string => {
  const exception = events.find((event) => event.name === EXCEPTION_EVENT);
  return textOf(exception?.attributes ?? [], EXCEPTION_TYPE) ?? textOf(attributes, ERROR_TYPE) ?? ERROR_TYPE_OTHER;
};

const textOf = (attributes: readonly KeyValue[], key: string): string | undefined => {
  const value = attributeValue(attributes, key);
  return value !== undefined && "stringValue" in value && value.stringValue !== "" ? value.stringValue : undefined;
};
