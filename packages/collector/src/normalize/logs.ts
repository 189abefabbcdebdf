/**
 * OTLP log records → log records. None is refused: ids are optional on a log record, and bad ones only lose the span
 * that they would have pointed at.
 */
import type { LogRecord as WireLogRecord, LogsData } from "@mayfly/otlp";
import { isSpanId, isTraceId } from "../model/ids.ts";
import type { LogRecord } from "../model/log-record.ts";
import type { SpanOrigin } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { attributeReader } from "./attributes.ts";
import { spanOrigin } from "./origin.ts";
import { FAAS_INVOCATION_ID, LOG_REQUEST_ID, LOG_SEQ } from "./semconv.ts";

export const normalizeLogs = (data: LogsData, receivedAt: UnixNano): readonly LogRecord[] =>
  data.resourceLogs.flatMap(({ resource, schemaUrl: resourceSchemaUrl, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, schemaUrl: scopeSchemaUrl, logRecords }) => {
      const origin = spanOrigin({ resource, resourceSchemaUrl, scope, scopeSchemaUrl });
      return logRecords.map((wire) => logRecord(wire, origin, receivedAt));
    }),
  );

const logRecord = (wire: WireLogRecord, origin: SpanOrigin, receivedAt: UnixNano): LogRecord => {
  const attributes = attributeReader(wire.attributes);
  const requestId = attributes.text(...FAAS_INVOCATION_ID, LOG_REQUEST_ID);
  const seq = attributes.count(LOG_SEQ);
  return {
    time: wire.timeUnixNano || wire.observedTimeUnixNano || receivedAt,
    origin,
    wire,
    ...(isTraceId(wire.traceId) && { traceId: wire.traceId }),
    ...(isSpanId(wire.spanId) && { spanId: wire.spanId }),
    ...(requestId !== undefined && { requestId }),
    ...(seq !== undefined && { seq }),
  };
};
