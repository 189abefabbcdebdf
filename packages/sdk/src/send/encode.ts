/**
 * Finished spans and log lines → OTLP. Each is encoded once, as it ends: what waits is text, or bytes, of known size, and a
 * request is put together from it.
 *
 * Source  opentelemetry-proto 1.11, JSON mapping: ids are hex, 64-bit integers decimal strings, enums numbers.
 */
import type { Attributes, HrTime, Link, SpanContext } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type SdkConfig, VERSION } from "../config.ts";
import { MAX_LOG_LINE_LENGTH } from "../limits.ts";
import type { Redact } from "../redact.ts";
import type { Cut } from "./cut.ts";
import type { Body, Format, Json, JsonObject } from "./format.ts";

const SCOPE = { name: "@mayfly/sdk", version: VERSION };

/** One item as it is sent, and kept until then: its bytes are known, and nothing else of it is held. */
export interface Encoded {
  readonly body: Body;
  readonly bytes: number;
}

export interface EncodedSpan extends Encoded {
  readonly scope: InstrumentationScope;
}

const encoded = (body: Body): Encoded => ({ body, bytes: Buffer.byteLength(body) });

export const tracesRequest = (spans: readonly EncodedSpan[], config: SdkConfig, format: Format): Body => {
  const scopeSpans = [...Map.groupBy(spans, ({ scope }) => scope)].map(([{ name, version }, group]) =>
    format.group({ scope: { name, version } }, "spans", group.map(bodyOf)),
  );
  return format.request("resourceSpans", format.group(resourceOf(config), "scopeSpans", scopeSpans));
};

export const logsRequest = (lines: readonly Encoded[], config: SdkConfig, format: Format): Body => {
  const scopeLogs = format.group({ scope: SCOPE }, "logRecords", lines.map(bodyOf));
  return format.request("resourceLogs", format.group(resourceOf(config), "scopeLogs", [scopeLogs]));
};

const bodyOf = ({ body }: Encoded): Body => body;

const resourceOf = (config: SdkConfig): JsonObject => ({
  resource: { attributes: attributes(config.resource, AS_IT_IS) },
});

/** What becomes of a span's texts before they are kept. */
export interface SpanTexts {
  readonly redact: Pick<Redact, "text" | "attribute">;
  readonly cut: Cut["text"];
}

const AS_IT_IS: SpanTexts = {
  redact: { text: (text) => text, attribute: (_key, value) => value },
  cut: (text) => text,
};

export const encodeSpan = (span: ReadableSpan, texts: SpanTexts, format: Format): EncodedSpan => ({
  ...encoded(format.record("span", spanJson(span, texts))),
  scope: span.instrumentationScope,
});

const spanJson = (span: ReadableSpan, texts: SpanTexts): JsonObject => {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  return {
    traceId,
    spanId,
    ...(traceState && { traceState: traceState.serialize() }),
    ...(span.parentSpanContext && { parentSpanId: span.parentSpanContext.spanId }),
    name: text(span.name, texts),
    kind: span.kind + 1, // the API counts from internal = 0, the wire from unspecified = 0
    startTimeUnixNano: nanos(span.startTime),
    endTimeUnixNano: nanos(span.endTime),
    attributes: attributes(span.attributes, texts),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map((event) => ({
      timeUnixNano: nanos(event.time),
      name: event.name,
      attributes: attributes(event.attributes, texts),
      ...(event.droppedAttributesCount && { droppedAttributesCount: event.droppedAttributesCount }),
    })),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map((link) => linkJson(link, texts)),
    droppedLinksCount: span.droppedLinksCount,
    status: { code: span.status.code, ...(span.status.message && { message: text(span.status.message, texts) }) },
    flags: flags(traceFlags, span.parentSpanContext),
  };
};

const text = (value: string, { redact, cut }: SpanTexts): string => cut(redact.text(value));

const linkJson = ({ context, attributes: facts, droppedAttributesCount }: Link, texts: SpanTexts): Json => ({
  traceId: context.traceId,
  spanId: context.spanId,
  ...(context.traceState && { traceState: context.traceState.serialize() }),
  attributes: attributes(facts, texts),
  ...(droppedAttributesCount && { droppedAttributesCount }),
  flags: flags(context.traceFlags, context),
});

/** Low 8 bits: W3C flags; 0x100: it is known whether the context is remote; 0x200: it is. */
const flags = (traceFlags: number, context: SpanContext | undefined): number =>
  traceFlags | 0x100 | (context?.isRemote ? 0x200 : 0);

const nanos = ([seconds, nanoseconds]: HrTime): string =>
  String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));

const attributes = (values: Attributes | undefined, texts: SpanTexts): Json =>
  Object.entries(values ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(texts.redact.attribute(key, value), texts.cut) }],
  );

const anyValue = (value: unknown, cut: Cut["text"]): Json => {
  if (typeof value === "string") return { stringValue: cut(value) };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return { arrayValue: { values: value.map((one) => anyValue(one, cut)) } };
  return {};
};

const number = (value: number): Json => {
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
};

/** A line as pino wrote it; what OTLP has a field for goes there, the rest into attributes. */
export const encodeLine = (line: string, cutFields: Cut["fields"], format: Format): Encoded => {
  const fields = withStackText(JSON.parse(line) as LogLine);
  return encoded(format.record("logRecord", lineJson(line.length > MAX_LOG_LINE_LENGTH ? cutFields(fields) : fields)));
};

/** A child logger's bindings may have put anything anywhere, and one odd line must not cost the batch. */
type LogLine = Readonly<Record<string, unknown>>;

/** Lambda's format has a list of lines, the conventions one text. */
const withStackText = ({ stackTrace, ...fields }: LogLine): LogLine => ({
  ...fields,
  ...(stackTrace !== undefined && { stackTrace: Array.isArray(stackTrace) ? stackTrace.join("\n") : stackTrace }),
});

const SEVERITY: ReadonlyMap<unknown, number> = new Map([
  ["TRACE", 1],
  ["DEBUG", 5],
  ["INFO", 9],
  ["WARN", 13],
  ["ERROR", 17],
  ["FATAL", 21],
]);

const lineJson = ({ timestamp, level, message, traceId, spanId, ...fields }: LogLine): JsonObject => ({
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
    stackTrace: "exception.stacktrace",
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
