import type { KeyValue, Span, SpanLink } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { spanOrigin } from "./origin.ts";
import { normalizedSpan } from "./spans.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

type Attributes = Readonly<Record<string, string | boolean | number | readonly string[]>>;

const keyValues = (attributes: Attributes): KeyValue[] =>
  Object.entries(attributes).map(([key, value]) => {
    if (typeof value === "string") return { key, value: { stringValue: value } };
    if (typeof value === "boolean") return { key, value: { boolValue: value } };
    if (typeof value === "number") return { key, value: { intValue: BigInt(value) } };
    return { key, value: { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } } };
  });

const wire = (fields: Partial<Span> = {}, attributes: Attributes = {}): Span => ({
  traceId: TRACE,
  spanId: SPAN,
  traceState: "",
  parentSpanId: "",
  name: "s",
  kind: 1,
  startTimeUnixNano: 1n,
  endTimeUnixNano: 2n,
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  flags: 0,
  ...fields,
  attributes: keyValues(attributes),
});

const link = (attributes: Attributes, traceId = TRACE): SpanLink => ({
  traceId,
  spanId: SPAN,
  traceState: "",
  attributes: keyValues(attributes),
  droppedAttributesCount: 0,
  flags: 0,
});

const RECEIVED_AT = 99n;

const originWith = (resource: Attributes = {}) =>
  spanOrigin({
    resource: { attributes: keyValues(resource), droppedAttributesCount: 0, entityRefs: [] },
    resourceSchemaUrl: "",
    scopeSchemaUrl: "",
  });

const record = (span: Span, resource: Attributes = {}) => normalizedSpan(span, originWith(resource), RECEIVED_AT);

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5] as const;

test("a span that set no start begins where it ended, else when it arrived, and the wire keeps what it said", () => {
  expect(record(wire({ startTimeUnixNano: 1n, endTimeUnixNano: 2n })).start).toBe(1n);
  expect(record(wire({ startTimeUnixNano: 0n, endTimeUnixNano: 2n })).start).toBe(2n);
  const timeless = record(wire({ startTimeUnixNano: 0n, endTimeUnixNano: 0n }));
  expect([timeless.start, timeless.wire.startTimeUnixNano]).toEqual([RECEIVED_AT, 0n]);
});

test("a parent or link that names no span is no parent and no link, and the wire keeps it", () => {
  const span = record(wire({ parentSpanId: "0".repeat(16), links: [link({}, "ff")] }));
  expect(span.parentSpanId).toBeUndefined();
  expect(span.links).toEqual([]);
  expect(span.wire.links).toHaveLength(1);
});

test("a parent is remote only when the sender says that it knows", () => {
  const flags = [0x001, 0x101, 0x201, 0x301];
  expect(flags.map((bits) => record(wire({ flags: bits })).parentIsRemote)).toEqual([false, false, false, true]);
});

test("the function is faas.name, else the service", () => {
  const origin = originWith;
  expect(origin({ "service.name": "shop", "faas.name": "pay" })).toMatchObject({
    serviceName: "shop",
    functionName: "pay",
  });
  expect(origin({ "service.name": "shop" })).toMatchObject({ functionName: "shop" });
  expect(origin({})).not.toHaveProperty("functionName");
});

test("spans of one environment have one resource id, of another a different one", () => {
  const id = (resource: Attributes) => originWith(resource).resourceId;
  expect(id({ "faas.instance": "1" })).toBe(id({ "faas.instance": "1" }));
  expect(id({ "faas.instance": "1" })).not.toBe(id({ "faas.instance": "2" }));
});

test("errors and cold starts are read off", () => {
  expect(record(wire({ status: { code: 2, message: "" } }, { "faas.coldstart": true }))).toMatchObject({
    isError: true,
    isColdStart: true,
  });
  expect(record(wire({ status: { code: 1, message: "" } }, { "faas.coldstart": "true" }))).toMatchObject({
    isError: false,
    isColdStart: false,
  });
});

test("the span of an init is no second cold start", () => {
  const isColdStart = (fields: Partial<Span>) => record(wire(fields, { "faas.coldstart": true })).isColdStart;
  expect(isColdStart({ name: "init", kind: 1 })).toBe(false);
  expect(isColdStart({ name: "init", kind: SERVER }), "a function of that name").toBe(true);
});

test("a span without attributes, or with none that tell anything, fails by its status and has no ids", () => {
  for (const attributes of [{}, { "db.system.name": "dynamodb" }] as Attributes[]) {
    const failed = record(wire({ status: { code: 2, message: "" } }, attributes));
    expect(failed).toMatchObject({
      isError: true,
      isColdStart: false,
      batchCount: 0,
      produced: [],
      consumed: [],
      links: [],
    });
    expect([record(wire({}, attributes)).isError, failed.requestId, failed.evidence]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  }
});

test("a span that did not finish is an error, whatever its status says", () => {
  expect(record(wire({}, { "mayfly.unfinished": true }))).toMatchObject({ isUnfinished: true, isError: true });
  expect(record(wire({}, { "mayfly.in_progress": true }))).toMatchObject({ isUnfinished: true, isError: false });
  expect(record(wire())).toMatchObject({ isUnfinished: false, isError: false });
});

test("keys that the span names itself are all there are", () => {
  const span = record(
    wire(
      { kind: CONSUMER },
      {
        "mayfly.keys.consumed": [
          "sqs-message|arn:aws:sqs:q|m-1",
          "sqs-message|arn:aws:sqs:q|m-2",
          "sqs-message||m-1",
          "nonsense",
        ],
        "mayfly.keys.produced": ["eventbridge-event|bus|e%7C1"],
        "faas.invocation_id": "r-1",
      },
    ),
  );
  expect(span.requestId).toBe("r-1");
  expect(span.produced).toEqual([{ kind: "eventbridge-event", scope: "bus", id: "e|1" }]);
  expect(span.consumed.map((key) => key.id)).toEqual(["m-1", "m-2"]);
  expect(span.batchCount).toBe(2);
});

test("a caller's request id is the called function's, not its own", () => {
  const called = { "faas.invoked_name": "f", "faas.execution": "r" };
  expect(record(wire({ kind: CLIENT }, called)).requestId).toBeUndefined();
});

test("a batch counts what the span says, else the messages of its commonest kind", () => {
  const said = { "messaging.batch.message_count": 7 };
  expect(record(wire({ kind: CONSUMER }, said)).batchCount).toBe(7);
  expect(record(wire({ kind: PRODUCER }, said)).batchCount).toBe(0);
  const wrapped = { "mayfly.keys.consumed": ["sqs-message||m", "sns-message||n", "lambda-request||r"] };
  expect(record(wire({ kind: CONSUMER }, wrapped)).batchCount).toBe(1);
});

test("a link to the invocation that a record ran in is told from the others", () => {
  const links = [link({ "mayfly.link": "invocation" }), link({})];
  expect(record(wire({ links })).links.map((one) => one.toInvocation)).toEqual([true, false]);
});
