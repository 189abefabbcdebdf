/** Two oracles: the collector's decoder, and OpenTelemetry's own encoder. */
import { createRequire } from "node:module";
import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, createTraceState, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { decodeLogs, decodeLogsJson, decodeTraces, decodeTracesJson } from "@mayfly/otlp";
import { assert, dictionary, jsonValue, property, string } from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { createRedact } from "../redact.ts";
import { createSpans } from "../trace/provider.ts";
import { createSampling } from "../trace/sampling.ts";
import { createCut } from "./cut.ts";
import { encodeLine, encodeSpan, logsRequest, tracesRequest } from "./encode.ts";
import { type Format, JSON_FORMAT } from "./format.ts";
import { createProtobufFormat } from "./protobuf.ts";

const CONFIG = readConfig({ OTEL_SERVICE_NAME: "checkout", AWS_REGION: "eu-west-1" });
const PROTOBUF = createProtobufFormat();
const cut = createCut(() => {});
const TEXTS = { cut: cut.text, redact: createRedact(CONFIG) };

const tracesAs = (format: Format, spans: readonly ReadableSpan[]) =>
  tracesRequest(
    spans.map((span) => encodeSpan(span, TEXTS, format)),
    CONFIG,
    format,
  );
const logsAs = (format: Format, lines: readonly object[]) =>
  logsRequest(
    lines.map((line) => encodeLine(JSON.stringify(line), cut.fields, format)),
    CONFIG,
    format,
  );

const bothTraces = (spans: readonly ReadableSpan[]) => ({
  protobuf: decodeTraces(tracesAs(PROTOBUF, spans) as Uint8Array),
  json: decodeTracesJson(tracesAs(JSON_FORMAT, spans)),
});

/** Every field that a span has, filled. */
const fullSpan = (attributes: Attributes = {}): ReadableSpan => {
  const ended: ReadableSpan[] = [];
  const { tracer } = createSpans({
    config: CONFIG,
    sampling: createSampling(CONFIG),
    place: () => undefined,
    onEnd: (span) => void ended.push(span),
  });
  const parent = {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState("rojo=1"),
  };
  const span = tracer.startSpan(
    "charge",
    {
      kind: SpanKind.CONSUMER,
      startTime: [1_800_000_000, 123_456_789],
      attributes,
      links: [{ context: parent, attributes: { "mayfly.link": "invocation" } }],
    },
    trace.setSpanContext(ROOT_CONTEXT, parent),
  );
  span.addEvent("first", { n: 1 }, [1_800_000_000, 200_000_000]);
  span.addEvent("second", {}, [1_800_000_000, 300_000_000]);
  span.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
  span.end([1_800_000_001, 1]);
  return ended[0] as ReadableSpan;
};

const ATTRIBUTES: Attributes = {
  text: 'quotes " and \u2028 and 🦋',
  empty: "",
  yes: true,
  no: false,
  zero: 0,
  one: 127,
  two: 128,
  negative: -7,
  largest: Number.MAX_SAFE_INTEGER,
  least: Number.MIN_SAFE_INTEGER,
  beyond: 2 ** 60,
  fraction: 0.1,
  infinite: Number.POSITIVE_INFINITY,
  nan: Number.NaN,
  texts: ["a", "", "c"],
  numbers: [1, 2.5],
  none: [],
  long: "x".repeat(30_000),
};

test("a span says the same in protobuf as in JSON, and in order", () => {
  const spans = [fullSpan(ATTRIBUTES), fullSpan(), fullSpan({ n: 1 })];
  const { protobuf, json } = bothTraces(spans);
  expect(protobuf).toEqual(json);
  expect(protobuf.resourceSpans[0]?.scopeSpans).toHaveLength(3);
});

test("log lines say the same in protobuf as in JSON", () => {
  const lines = [
    { level: "WARN", timestamp: "2027-01-15T08:00:00.250Z", message: "low", traceId: "a".repeat(32), seq: 3 },
    { level: 5, message: { text: "hi" }, order: { lines: [{ sku: "lamp", price: 1.5 }, null, true], none: {} } },
    { timestamp: "1901-01-01T00:00:00Z", message: "" },
  ];
  expect(decodeLogs(logsAs(PROTOBUF, lines.slice(0, 2)) as Uint8Array)).toEqual(
    decodeLogsJson(logsAs(JSON_FORMAT, lines.slice(0, 2)) as string),
  );
  expect(() => logsAs(PROTOBUF, lines)).not.toThrow();
});

test("whatever a line holds, it says the same in both", () => {
  assert(
    property(dictionary(string(), jsonValue({ maxDepth: 4 })), (fields) => {
      const line = {
        ...fields,
        message: "m",
        level: "INFO",
        timestamp: "2027-01-15T08:00:00Z",
        traceId: "",
        spanId: "",
      };
      expect(decodeLogs(logsAs(PROTOBUF, [line]) as Uint8Array)).toEqual(
        decodeLogsJson(logsAs(JSON_FORMAT, [line]) as string),
      );
    }),
    { numRuns: 300 },
  );
});

interface Serializer {
  readonly ProtobufTraceSerializer: { serializeRequest(spans: readonly ReadableSpan[]): Uint8Array };
}

test("OpenTelemetry's own encoder says the same", () => {
  const theirs = createRequire(new URL("../../../otlp/package.json", import.meta.url))(
    "@opentelemetry/otlp-transformer",
  ) as Serializer;
  // A double that is whole is an integer for one and beyond its range a double for the other.
  const { beyond: _, ...attributes } = ATTRIBUTES;
  const spans = [fullSpan(attributes), fullSpan()];
  const sent = decodeTraces(theirs.ProtobufTraceSerializer.serializeRequest(spans));
  const spansOf = ({ resourceSpans }: typeof sent) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  expect(spansOf(bothTraces(spans).protobuf)).toEqual(spansOf(sent));
});

test("what is kept of a span is its own bytes, no more", () => {
  const { body } = encodeSpan(fullSpan(), TEXTS, PROTOBUF);
  expect((body as Uint8Array).buffer.byteLength).toBe((body as Uint8Array).byteLength);
});
