/**
 * Model → HTTP contract: spans and logs as people read them.
 *
 * Plain attributes are for reading and lose what JSON cannot say; `otlp-view.ts` gives everything back as it arrived.
 *
 * Cost    a page has thousands of spans: an object per span, made at once. To leave a key out would be to copy it.
 */
import type * as api from "@mayfly/api";
import { anyValueToPlain, attributesToPlain } from "@mayfly/otlp";
import type { LogRecord } from "../model/log-record.ts";
import { isOutOfMemory } from "../model/platform-facts.ts";
import type { SpanRecord } from "../model/span.ts";
import { durationNs } from "../model/time.ts";
import type { Sight } from "../stitch/invocations.ts";
import type { Unit } from "../stitch/units.ts";

/** As JSON tells a T, where undefined is absent. */
export type Told<T> = { readonly [K in keyof T]: {} extends Pick<T, K> ? T[K] | undefined : T[K] };

/** What only a stitched trace tells of its spans. */
export type Timing = Pick<Told<api.Span>, "selfTimeNs" | "clockOffsetNs">;

/** `unit`: the one it is of. */
export const spanView = (record: SpanRecord, unit?: Unit, timing?: Timing): Told<api.Span> => {
  const { wire, origin } = record;
  const sight = unit?.root === record ? unit.platform : undefined;
  return {
    traceId: record.traceId,
    spanId: record.spanId,
    parentSpanId: record.parentSpanId,
    name: wire.name,
    kind: SPAN_KINDS[wire.kind] ?? "unspecified",
    serviceName: origin.serviceName,
    functionName: origin.functionName,
    requestId: record.requestId ?? unit?.requestId,
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
    selfTimeNs: timing?.selfTimeNs,
    clockOffsetNs: timing?.clockOffsetNs,
    platform: sightView(sight),
    evidence: record.evidence,
  };
};

export const sightView = (sight: Sight | undefined): api.PlatformReport | undefined => {
  if (sight === undefined || Object.keys(sight.facts).length === 0) return undefined;
  const { version: _, ...facts } = sight.facts;
  return { ...facts, ...(isOutOfMemory(facts) && { outOfMemory: true }), startTimeUnixNano: String(sight.start) };
};

const SPAN_KINDS: readonly api.SpanKind[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const STATUS_CODES = ["unset", "ok", "error"] as const;

export const statusOf = ({ wire, isUnfinished, isError }: SpanRecord): api.Status => {
  const code = STATUS_CODES[wire.status?.code ?? 0] ?? "unset";
  if (isUnfinished && isError && code !== "error")
    return { code: "error", message: "not finished when the timeout was near" };
  return wire.status?.message ? { code, message: wire.status.message } : { code };
};

export const logView = (record: LogRecord): api.LogRecord => {
  const { wire, origin } = record;
  return {
    timeUnixNano: String(record.time),
    severityNumber: wire.severityNumber,
    ...(wire.severityText && { severityText: wire.severityText }),
    body: anyValueToPlain(wire.body),
    ...(wire.eventName && { eventName: wire.eventName }),
    ...(record.traceId !== undefined && { traceId: record.traceId }),
    ...(record.spanId !== undefined && { spanId: record.spanId }),
    ...(record.requestId !== undefined && { requestId: record.requestId }),
    ...(origin.functionName !== undefined && { functionName: origin.functionName }),
    attributes: attributesToPlain(wire.attributes),
  };
};
