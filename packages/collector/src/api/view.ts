/**
 * Model → HTTP contract: spans and logs as people read them.
 *
 * Plain attributes are for reading and lose what JSON cannot say; `otlp-view.ts` gives everything back as it arrived.
 */
import type * as api from "@mayfly/api";
import { anyValueToPlain, attributesToPlain } from "@mayfly/otlp";
import type { LogRecord } from "../model/log-record.ts";
import type { SpanRecord } from "../model/span.ts";
import { durationNs } from "../model/time.ts";

export const spanView = (record: SpanRecord, requestId = record.requestId): api.Span => {
  const { wire, origin } = record;
  return {
    traceId: record.traceId,
    spanId: record.spanId,
    ...(record.parentSpanId !== undefined && { parentSpanId: record.parentSpanId }),
    name: wire.name,
    kind: SPAN_KINDS[wire.kind] ?? "unspecified",
    ...(origin.serviceName !== undefined && { serviceName: origin.serviceName }),
    ...(origin.functionName !== undefined && { functionName: origin.functionName }),
    ...(requestId !== undefined && { requestId }),
    startTimeUnixNano: String(record.start),
    durationNs: durationNs(record.start, wire.endTimeUnixNano),
    status: statusOf(record),
    attributes: attributesToPlain(wire.attributes),
    events: wire.events.map((event) => ({
      timeUnixNano: String(event.timeUnixNano),
      name: event.name,
      attributes: attributesToPlain(event.attributes),
    })),
    links: wire.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      attributes: attributesToPlain(link.attributes),
    })),
  };
};

const SPAN_KINDS: readonly api.SpanKind[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUS_CODES = ["unset", "ok", "error"] as const;

export const statusOf = ({ wire, isUnfinished }: SpanRecord): api.Status => {
  const code = STATUS_CODES[wire.status?.code ?? 0] ?? "unset";
  if (isUnfinished && code !== "error") return { code: "error", message: "not finished when the timeout was near" };
  return { code, ...(wire.status?.message && { message: wire.status.message }) };
};

export const logView = (record: LogRecord): api.LogRecord => {
  const { wire, origin } = record;
  return {
    timeUnixNano: String(record.time),
    severityNumber: wire.severityNumber,
    ...(wire.severityText && { severityText: wire.severityText }),
    body: anyValueToPlain(wire.body),
    ...(record.traceId !== undefined && { traceId: record.traceId }),
    ...(record.spanId !== undefined && { spanId: record.spanId }),
    ...(record.requestId !== undefined && { requestId: record.requestId }),
    ...(origin.functionName !== undefined && { functionName: origin.functionName }),
    attributes: attributesToPlain(wire.attributes),
  };
};
