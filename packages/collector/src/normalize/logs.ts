/**
 * An OTLP log record → a log record. None is refused: ids are optional on a log record, and bad ones only lose the span
 * that they would have pointed at.
 */
import type { LogRecord as WireLogRecord } from "@mayfly/otlp";
import { isSpanId, isTraceId } from "../model/ids.ts";
import type { LogRecord } from "../model/log-record.ts";
import type { SpanOrigin } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { type IdReader, attributeReader } from "./attributes.ts";
import { FAAS_INVOCATION_ID, LOG_RECORD_UID, LOG_REQUEST_ID, LOG_SEQ } from "./semconv.ts";

export const normalizedLog = (wire: WireLogRecord, origin: SpanOrigin, receivedAt: UnixNano): LogRecord => {
  const attributes = attributeReader(wire.attributes);
  const seq = attributes.count(LOG_SEQ);
  const uid = attributes.text(LOG_RECORD_UID);
  return {
    time: wire.timeUnixNano || wire.observedTimeUnixNano || receivedAt,
    origin,
    wire,
    ...logIdsOf(wire, attributes),
    ...(isSpanId(wire.spanId) && { spanId: wire.spanId }),
    ...(seq !== undefined && { seq }),
    ...(uid !== undefined && { uid }),
  };
};

/** What a log record can be found by. Reads the trace id and LOG_ID_ATTRIBUTES, and nothing else. */
export const logIdsOf = (
  wire: Pick<WireLogRecord, "traceId">,
  attributes: IdReader,
): Pick<LogRecord, "traceId" | "requestId"> => {
  const requestId = attributes.text(...FAAS_INVOCATION_ID, LOG_REQUEST_ID);
  return {
    ...(isTraceId(wire.traceId) && { traceId: wire.traceId }),
    ...(requestId !== undefined && { requestId }),
  };
};
