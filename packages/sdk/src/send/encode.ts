/**
 * Finished spans and log lines → OTLP-JSON text. Written for what OpenTelemetry's own SDK can hold, so that a span is
 * turned into JSON once, without an object model in between.
 *
 * Source  opentelemetry-proto 1.11, JSON mapping: ids are hex, 64-bit integers decimal strings, enums numbers.
 */
import type { Attributes, HrTime, Link, SpanContext } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type SdkConfig, VERSION } from "../config.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

const SCOPE = { name: "@mayfly/sdk", version: VERSION };

export const encodeTraces = (spans: readonly ReadableSpan[], config: SdkConfig): string => {
  const scopes = Map.groupBy(spans, (span) => span.instrumentationScope);
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributes(spans[0]?.resource.attributes ?? config.resource) },
        scopeSpans: [...scopes].map(([scope, group]) => ({
          scope: { name: scope.name, version: scope.version },
          spans: group.map(encodeSpan),
        })),
      },
    ],
  });
};

const encodeSpan = (span: ReadableSpan): Json => {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return {
    traceId,
    spanId,
    ...(traceState && { traceState: traceState.serialize() }),
    ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
    name: span.name,
    kind: span.kind + 1, // the API counts from internal = 0, the wire from unspecified = 0
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributes(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: event.name,
      attributes: attributes(event.attributes),
      ...(event.droppedAttributesCount && { droppedAttributesCount: event.droppedAttributesCount }),
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(encodeLink),
    droppedLinksCount: span.droppedLinksCount,
    status: { code: span.status.code, ...(span.status.message && { message: span.status.message }) },
    flags: flags(traceFlags, span.parentSpanContext),
  };
};

const encodeLink = ({ context, attributes: facts, droppedAttributesCount }: Link): Json => ({
  traceId: context.traceId,
  spanId: context.spanId,
  ...(context.traceState && { traceState: context.traceState.serialize() }),
  attributes: attributes(facts),
  ...(droppedAttributesCount && { droppedAttributesCount }),
  flags: flags(context.traceFlags, context),
});

/** Low 8 bits: W3C flags; 0x100: it is known whether the context is remote; 0x200: it is. */
const flags = (traceFlags: number, context: SpanContext | undefined): number =>
  traceFlags | 0x100 | (context?.isRemote ? 0x200 : 0);

const nanos = ([seconds, nanoseconds]: HrTime): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));

const attributes = (values: Attributes | undefined): Json =>
  Object.entries(values ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );

const anyValue = (value: unknown): Json => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return {};
};

const number = (value: number): Json => {
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
};

/** The lines as pino wrote them; what OTLP has a field for goes there, the rest into attributes. */
export const encodeLogs = (lines: readonly string[], config: SdkConfig): string =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attributes(config.resource) },
        scopeLogs: [{ scope: SCOPE, logRecords: lines.map((line) => encodeLine(JSON.parse(line) as LogLine)) }],
      },
    ],
  });

/** A child logger's bindings may have put anything anywhere, and one odd line must not cost the batch. */
type LogLine = Readonly<Record<string, unknown>>;

const SEVERITY: ReadonlyMap<unknown, number> = new Map([
  ["TRACE", 1],
  ["DEBUG", 5],
  ["INFO", 9],
  ["WARN", 13],
  ["ERROR", 17],
  ["FATAL", 21],
]);

const encodeLine = ({ timestamp, level, message, traceId, spanId, ...fields }: LogLine): Json => ({
  timeUnixNano: String(BigInt(Date.parse(String(timestamp)) || 0) * 1_000_000n),
  severityNumber: SEVERITY.get(level) ?? 0,
  severityText: String(level),
  body: jsonValue(message ?? ""),
  ...(typeof traceId === "string" && { traceId }),
  ...(typeof spanId === "string" && { spanId }),
  attributes: Object.entries(fields).map(([key, value]) => ({
    key: SEMCONV_OF.get(key) ?? key,
    value: jsonValue(value),
  })),
});

/** Where a line's field has a name in the semantic conventions, OTLP gets that name. */
const SEMCONV_OF: ReadonlyMap<string, string> = new Map(
  Object.entries({
    requestId: "faas.invocation_id",
    coldStart: "faas.coldstart",
    errorType: "exception.type",
    errorMessage: "exception.message",
    service: "service.name",
    function: "faas.name",
    version: "faas.version",
    region: "cloud.region",
    trigger: "mayfly.trigger",
  }),
);

const jsonValue = (value: unknown): Json => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonValue) } };
  if (typeof value !== "object" || value === null) return {};
  return { kvlistValue: { values: Object.entries(value).map(([key, inner]) => ({ key, value: jsonValue(inner) })) } };
};
