import { type Attributes, ROOT_CONTEXT, SpanKind, SpanStatusCode, createTraceState, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { attributesToPlain, decodeLogsJson, decodeTracesJson } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { logsIn, spansIn } from "../../test/collector.ts";
import { readConfig } from "../config.ts";
import { createRedact } from "../redact.ts";
import { createSpans } from "../trace/provider.ts";
import { createSampling } from "../trace/sampling.ts";
import { createCut } from "./cut.ts";
import { encodeLine, encodeSpan, logsRequest, tracesRequest } from "./encode.ts";
import { JSON_FORMAT } from "./format.ts";

const CONFIG = readConfig({ OTEL_SERVICE_NAME: "checkout", AWS_REGION: "eu-west-1" });
const REMOTE = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true };

const cut = createCut(() => {});
const TEXTS = { cut: cut.text, redact: createRedact(CONFIG) };
const tracesOf = (spans: readonly ReadableSpan[]): string =>
  tracesRequest(
    spans.map((span) => encodeSpan(span, TEXTS, JSON_FORMAT)),
    CONFIG,
    JSON_FORMAT,
  ) as string;
const logsOf = (lines: readonly string[]): string =>
  logsRequest(
    lines.map((one) => encodeLine(one, cut.fields, JSON_FORMAT)),
    CONFIG,
    JSON_FORMAT,
  ) as string;

/** Spans as OpenTelemetry's own SDK makes them. */
const spanFactory = () => {
  const ended: ReadableSpan[] = [];
  const { tracer } = createSpans({
    config: CONFIG,
    sampling: createSampling(CONFIG),
    place: () => undefined,
    onEnd: (span) => void ended.push(span),
  });
  return { ended, tracer, encoded: () => spansIn(tracesOf(ended)) };
};

const attributesSent = (attributes: Attributes) => {
  const { tracer, ended } = spanFactory();
  tracer.startSpan("s", { attributes }).end();
  const [resource] = decodeTracesJson(tracesOf(ended)).resourceSpans;
  return Object.fromEntries(
    (resource?.scopeSpans[0]?.spans[0]?.attributes ?? []).map(({ key, value }) => [key, value]),
  );
};

test("each type of attribute is what it was", () => {
  const sent = attributesSent({
    text: 'quotes " and \\ and \u2028 and 🦋',
    empty: "",
    yes: true,
    no: false,
    integer: 42,
    negative: -7,
    zero: 0,
    largest: Number.MAX_SAFE_INTEGER,
    beyond: 2 ** 60,
    fraction: 0.1,
    tiny: 5e-324,
    infinite: Number.POSITIVE_INFINITY,
    nan: Number.NaN,
    texts: ["a", "", "c"],
    numbers: [1, 2.5],
    booleans: [true, false],
    holes: ["a", null, undefined],
    none: [],
    absent: undefined,
  });
  expect(sent).toEqual({
    text: { stringValue: 'quotes " and \\ and \u2028 and 🦋' },
    empty: { stringValue: "" },
    yes: { boolValue: true },
    no: { boolValue: false },
    integer: { intValue: 42n },
    negative: { intValue: -7n },
    zero: { intValue: 0n },
    largest: { intValue: BigInt(Number.MAX_SAFE_INTEGER) },
    beyond: { doubleValue: 2 ** 60 },
    fraction: { doubleValue: 0.1 },
    tiny: { doubleValue: 5e-324 },
    infinite: { doubleValue: Number.POSITIVE_INFINITY },
    nan: { doubleValue: Number.NaN },
    texts: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "" }, { stringValue: "c" }] } },
    numbers: { arrayValue: { values: [{ intValue: 1n }, { doubleValue: 2.5 }] } },
    booleans: { arrayValue: { values: [{ boolValue: true }, { boolValue: false }] } },
    holes: { arrayValue: { values: [{ stringValue: "a" }, {}, {}] } },
    none: { arrayValue: { values: [] } },
  });
});

test("ids, times, kind and status arrive as they are", () => {
  const { tracer, ended, encoded } = spanFactory();
  const span = tracer.startSpan("charge", { kind: SpanKind.PRODUCER, startTime: [1_800_000_000, 123_456_789] });
  span.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
  span.end([1_800_000_001, 1]);
  const { traceId, spanId } = span.spanContext();
  expect(ended).toHaveLength(1);
  expect(encoded()).toMatchObject([
    {
      traceId,
      spanId,
      parentSpanId: "",
      name: "charge",
      kind: 4,
      startTimeUnixNano: 1_800_000_000_123_456_789n,
      endTimeUnixNano: 1_800_000_001_000_000_001n,
      status: { code: 2, message: "declined" },
    },
  ]);
});

test.each([
  [SpanKind.INTERNAL, 1],
  [SpanKind.SERVER, 2],
  [SpanKind.CLIENT, 3],
  [SpanKind.PRODUCER, 4],
  [SpanKind.CONSUMER, 5],
])("the API's kind %i is the wire's %i", (kind, onTheWire) => {
  const { tracer, encoded } = spanFactory();
  tracer.startSpan("s", { kind }).end();
  expect(encoded()[0]?.kind).toBe(onTheWire);
});

test("a remote parent is told from one in the same process, and its flag and state are handed on", () => {
  const { tracer, encoded } = spanFactory();
  const carried = { ...REMOTE, traceFlags: 0, traceState: createTraceState("rojo=1,congo=2") };
  const outer = tracer.startSpan("outer", {}, trace.setSpanContext(ROOT_CONTEXT, carried));
  const inner = tracer.startSpan("inner", {}, trace.setSpan(ROOT_CONTEXT, outer));
  inner.end();
  outer.end();
  expect(encoded()).toMatchObject([
    { name: "inner", parentSpanId: outer.spanContext().spanId, flags: 0x100, traceState: "rojo=1,congo=2" },
    { name: "outer", parentSpanId: REMOTE.spanId, flags: 0x300, traceState: "rojo=1,congo=2" },
  ]);
});

test("a link has its context's state, its flags and its attributes", () => {
  const { tracer, encoded } = spanFactory();
  const context = { ...REMOTE, traceState: createTraceState("rojo=1") };
  tracer.startSpan("s", { links: [{ context, attributes: { "mayfly.link": "invocation" } }] }).end();
  const [link] = encoded()[0]?.links ?? [];
  expect(link).toMatchObject({ traceId: REMOTE.traceId, spanId: REMOTE.spanId, traceState: "rojo=1", flags: 0x301 });
  expect(attributesToPlain(link?.attributes ?? [])).toEqual({ "mayfly.link": "invocation" });
});

test("events are in order, with their attributes", () => {
  const { tracer, encoded } = spanFactory();
  const span = tracer.startSpan("s");
  span.addEvent("first", { n: 1 }, [1_800_000_000, 1]);
  span.addEvent("second", {}, [1_800_000_000, 2]);
  span.end();
  expect(encoded()[0]?.events).toMatchObject([
    { name: "first", timeUnixNano: 1_800_000_000_000_000_001n, attributes: [{ key: "n", value: { intValue: 1n } }] },
    { name: "second", timeUnixNano: 1_800_000_000_000_000_002n, attributes: [] },
  ]);
});

test("what OpenTelemetry's limits cut off a span is counted on it", () => {
  const { tracer, encoded } = spanFactory();
  const span = tracer.startSpan("s");
  for (let n = 0; n < 130; n += 1) span.setAttribute(`key ${n}`, n);
  for (let n = 0; n < 131; n += 1) span.addEvent(`event ${n}`);
  span.end();
  expect(encoded()[0]).toMatchObject({ droppedAttributesCount: 2, droppedEventsCount: 3, droppedLinksCount: 0 });
});

test("spans keep the name of the tracer that made them", () => {
  const ended: ReadableSpan[] = [];
  const { tracer } = createSpans({
    config: CONFIG,
    sampling: createSampling(CONFIG),
    place: () => undefined,
    onEnd: (span) => void ended.push(span),
  });
  tracer.startSpan("ours").end();
  const [ours] = ended;
  if (!ours) throw new Error("no span ended");
  const theirs = { ...ours, spanContext: () => ours.spanContext(), instrumentationScope: { name: "their-lib" } };
  const { resourceSpans } = decodeTracesJson(tracesOf([ours, theirs, ours]));
  expect(resourceSpans).toHaveLength(1);
  expect(resourceSpans[0]?.scopeSpans.map(({ scope, spans }) => [scope?.name, spans.length])).toEqual([
    ["@mayfly/sdk", 2],
    ["their-lib", 1],
  ]);
  expect(attributesToPlain(resourceSpans[0]?.resource?.attributes ?? [])).toMatchObject({
    "service.name": "checkout",
    "cloud.region": "eu-west-1",
  });
});

const LINE = { level: "WARN", timestamp: "2027-01-15T08:00:00.250Z", message: "stock is low" };
const line = (fields: object = {}): string => JSON.stringify({ ...LINE, ...fields });
const sentLine = (fields?: object) => logsIn(logsOf([line(fields)]))[0];

test("a log line's time, level, message and ids stand in OTLP's own fields", () => {
  const record = sentLine({ traceId: REMOTE.traceId, spanId: REMOTE.spanId });
  expect(record).toMatchObject({
    timeUnixNano: BigInt(Date.parse(LINE.timestamp)) * 1_000_000n,
    severityNumber: 13,
    severityText: "WARN",
    body: { stringValue: "stock is low" },
    traceId: REMOTE.traceId,
    spanId: REMOTE.spanId,
    attributes: {},
  });
});

test.each([
  ["TRACE", 1],
  ["DEBUG", 5],
  ["INFO", 9],
  ["WARN", 13],
  ["ERROR", 17],
  ["FATAL", 21],
])("level %s is severity %i", (level, severity) => {
  expect(sentLine({ level })?.severityNumber).toBe(severity);
});

test("fields that the conventions name get those names, others keep their own", () => {
  const record = sentLine({ requestId: "r-1", coldStart: true, errorType: "TypeError", seq: 3, orderId: "o-1" });
  expect(record?.attributes).toEqual({
    "faas.invocation_id": "r-1",
    "faas.coldstart": true,
    "exception.type": "TypeError",
    seq: 3,
    orderId: "o-1",
  });
});

test("a stack trace, lines in Lambda's format, is one text", () => {
  const stackTrace = ["TypeError: boom", "    at f (index.js:1:2)"];
  expect(sentLine({ stackTrace })?.attributes).toEqual({ "exception.stacktrace": stackTrace.join("\n") });
});

test("nested fields keep their shape", () => {
  const order = { id: "o-1", lines: [{ sku: "lamp", price: 1.5 }, null, true] };
  expect(sentLine({ order })?.attributes).toEqual({ order });
});

test("a field named like a method of every object is a field like any other", () => {
  expect(sentLine({ constructor: "a", toString: "b" })?.attributes).toEqual({ constructor: "a", toString: "b" });
});

test("a line whose own fields make no sense is sent, and does not cost the batch", () => {
  const odd = line({ timestamp: "yesterday", level: 5, message: { text: "hi" }, traceId: 7, spanId: null });
  const records = logsIn(logsOf([line(), odd, line()]));
  expect(records.map(({ timeUnixNano }) => timeUnixNano === 0n)).toEqual([false, true, false]);
  expect(records[1]).toMatchObject({ severityNumber: 0, severityText: "5", traceId: "", spanId: "" });
  expect(records[1]?.body).toEqual({ kvlistValue: { values: [{ key: "text", value: { stringValue: "hi" } }] } });
});

test("all lines share the resource and stand in order", () => {
  const { resourceLogs } = decodeLogsJson(logsOf([line({ seq: 0 }), line({ seq: 1 })]));
  expect(resourceLogs).toHaveLength(1);
  expect(attributesToPlain(resourceLogs[0]?.resource?.attributes ?? [])["service.name"]).toBe("checkout");
  const records = resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
  expect(records.map(({ attributes }) => attributesToPlain(attributes)["seq"])).toEqual([0, 1]);
});
