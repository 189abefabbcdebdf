/** Which log lines belong to a stitched trace, and which of their fields say something that the page does not say already. */
import type { Attributes, AttributeValue, LogRecord, TraceDetail } from "@mayfly/api";

/**
 * A batch's invocation also logs for other transactions, and invocations that share a trace id may belong to several: a line
 * is ours by its span; a line without a span of ours, by its invocation, unless it names a trace that is not ours.
 */
export const logsOfTrace = (
  records: readonly LogRecord[],
  { spans, requestIds, traceIds }: Pick<TraceDetail, "spans" | "requestIds" | "traceIds">,
): readonly LogRecord[] => {
  const ownSpans = new Set(spans.map(({ traceId, spanId }) => `${traceId}.${spanId}`));
  const ownInvocations = new Set(requestIds);
  const ownTraces = new Set(traceIds);
  return records.filter(({ traceId, spanId, requestId }) => {
    if (ownSpans.has(`${traceId}.${spanId}`)) return true;
    const isOfOwnTrace = traceId === undefined ? requestId !== undefined : ownTraces.has(traceId);
    return isOfOwnTrace && (requestId === undefined || ownInvocations.has(requestId));
  });
};

/** Said by the line's own columns, by its function's row, or by nothing anybody reads a line for. */
const KNOWN_ELSEWHERE = /^(service|faas|cloud|telemetry|process|host|os|mayfly)\.|^seq$/;

export const ownFields = (attributes: Attributes): readonly (readonly [string, Attributes[string]])[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    KNOWN_ELSEWHERE.test(key) || value === undefined ? [] : [[key, value] as const],
  );

export const textOf = (value: AttributeValue): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A line as it is read: what it says, then its fields. */
export const textOfLine = ({ body, attributes }: Pick<LogRecord, "body" | "attributes">): string =>
  [textOf(body), ...ownFields(attributes).map(([key, value]) => `${key}=${textOf(value)}`)].join(" ");
