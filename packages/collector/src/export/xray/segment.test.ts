import { attributesToPlain, type KeyValue, type PlainAttributes, type PlainValue, type Span } from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scientific } from "../../../test/xray-documents.ts";
import { spansOfTrace } from "../../import/xray/trace.ts";
import { wireSpan } from "../../import/wire-span.ts";
import type { SpanId, TraceId } from "../../model/ids.ts";
import { madeAttributes } from "../../normalize/made-attributes.ts";
import { type SegmentSource, segmentDocument } from "./segment.ts";
import { framesOf } from "./stack.ts";

const TRACE = "6956b3000123456789abcdef01234567" as TraceId;
const SPAN = "1a2b3c4d5e6f7081" as SpanId;
const PARENT = "2b3c4d5e6f708192";
const START = 1_767_225_600_315_000_001n;
const [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER] = [1, 2, 3, 4, 5];

interface Spec extends Partial<Omit<Span, "attributes">> {
  readonly attributes?: PlainAttributes;
}

const span = ({ attributes = {}, ...fields }: Spec = {}): Span => ({
  ...wireSpan({
    traceId: TRACE,
    spanId: SPAN,
    name: "operation",
    startTimeUnixNano: START,
    endTimeUnixNano: START + 1_000_000n,
    attributes: madeAttributes(attributes),
  }),
  ...fields,
});

const textOf = (spec: Spec, source: Partial<SegmentSource> = {}): string => {
  const made = segmentDocument({
    span: span(spec),
    resource: { "service.name": "orders" },
    isLocalRoot: false,
    annotations: new Set(),
    ...source,
  });
  if (made === undefined) throw new Error("no document");
  return made.text;
};

const document = (spec: Spec, source: Partial<SegmentSource> = {}): Record<string, unknown> =>
  JSON.parse(textOf(spec, source)) as Record<string, unknown>;

test("a server, a root and whoever another service called are segments, named after their service", () => {
  const segment = { name: "orders", trace_id: "1-6956b300-0123456789abcdef01234567", id: SPAN };
  expect(document({ kind: SERVER, parentSpanId: PARENT })).toMatchObject({ ...segment, parent_id: PARENT });
  expect(document({ kind: INTERNAL })).toMatchObject(segment);
  const consumer = { kind: CONSUMER, parentSpanId: PARENT };
  expect(document(consumer, { isLocalRoot: true })).toMatchObject(segment);
  expect(document(consumer)).toMatchObject({ type: "subsegment", name: "operation", parent_id: PARENT });
  expect(document({ kind: SERVER })).not.toHaveProperty("type");
  expect(document({ kind: SERVER })).toMatchObject({ metadata: { default: { "otel.span.name": "operation" } } });
});

test("a call is named after what it calls, in characters that X-Ray takes", () => {
  const name = (attributes: PlainAttributes, kind = CLIENT): unknown => {
    const { name: called, namespace } = document({ kind, parentSpanId: PARENT, attributes, name: "POST ✓" });
    return [called, namespace];
  };
  expect(name({ "rpc.system": "aws-api", "rpc.service": "SQS" })).toEqual(["SQS", "aws"]);
  expect(name({ "peer.service": "billing", "server.address": "b.internal" })).toEqual(["billing", "remote"]);
  expect(name({ "server.address": "b.internal" })).toEqual(["b.internal", "remote"]);
  expect(name({ "db.namespace": "shop", "server.address": "db" })).toEqual(["shop@db", "remote"]);
  expect(name({})).toEqual(["POST ", "remote"]);
  expect(name({ "server.address": "x" }, PRODUCER)).toEqual(["x", undefined]);
  expect(name({ "peer.service": "✓" })).toEqual(["POST ", "remote"]);
  expect(document({ kind: INTERNAL, parentSpanId: PARENT, name: "✓" })).toMatchObject({ name: "span" });
  expect((document({ kind: INTERNAL, parentSpanId: PARENT, name: "n".repeat(300) })["name"] as string).length).toBe(
    200,
  );
});

test("times have all their digits; what has no end is in progress; an end before its start is the start", () => {
  expect(textOf({})).toContain('"start_time":1767225600.315000001,"end_time":1767225600.316000001');
  const running = document({ endTimeUnixNano: 0n });
  expect([running["in_progress"], running["end_time"]]).toEqual([true, undefined]);
  expect(textOf({ endTimeUnixNano: 5n })).toContain('"end_time":1767225600.315000001');
});

test("HTTP says whose fault it was, before the status does", () => {
  const flags = (code: number | undefined, status = 2): unknown => {
    const { error, throttle, fault } = document({
      status: { code: status, message: "" },
      attributes: code === undefined ? {} : { "http.response.status_code": code },
    });
    return [error, throttle, fault];
  };
  expect(flags(200, 1)).toEqual([undefined, undefined, undefined]);
  expect(flags(404)).toEqual([true, undefined, undefined]);
  expect(flags(429)).toEqual([true, true, undefined]);
  expect(flags(502)).toEqual([undefined, undefined, true]);
  expect(flags(undefined)).toEqual([undefined, undefined, true]);
});

test("exceptions are the cause, with frames; without one the status's message is", () => {
  const stack =
    "TypeError: boom\n    at handler (/var/task/h.mjs:3:7)\n    at node:internal/x:95:5\n    at <anonymous>";
  const attributes = madeAttributes({
    "exception.type": "TypeError",
    "exception.message": "boom",
    "exception.stacktrace": stack,
  });
  const events = [{ timeUnixNano: 1n, name: "exception", attributes, droppedAttributesCount: 0 }];
  const thrown = document({ kind: CLIENT, events, status: { code: 2, message: "boom" } })["cause"];
  expect(thrown).toEqual({
    exceptions: [
      {
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        type: "TypeError",
        message: "boom",
        remote: true,
        stack: [
          { path: "/var/task/h.mjs", line: 3, label: "handler" },
          { path: "node:internal/x", line: 95 },
        ],
      },
    ],
  });
  expect(document({ status: { code: 2, message: "no" }, attributes: { "error.type": "E" } })["cause"]).toMatchObject({
    exceptions: [{ type: "E", message: "no" }],
  });
  expect(framesOf("nothing\nof the kind")).toBeUndefined();
});

test("what is asked for is an annotation, what X-Ray has a field for is there, the rest is metadata", () => {
  const attributes = {
    "order.id": "o-1",
    n: 7,
    list: ["a"],
    "enduser.id": "u",
    "aws.request_id": "r",
    "rpc.method": "PutItem",
    "aws.dynamodb.table_names": ["orders"],
    "aws.xray.annotations": ["n", "list"],
    "aws.xray.metadata.mine": '{"a":1}',
  };
  expect(document({ kind: SERVER, attributes }, { annotations: new Set(["order.id"]) })).toMatchObject({
    user: "u",
    aws: { request_id: "r", operation: "PutItem", table_name: "orders" },
    annotations: { order_id: "o-1", n: 7 },
    metadata: {
      default: { list: ["a"], "otel.resource.service.name": "orders", "otel.span.name": "operation" },
      mine: { a: 1 },
    },
  });
});

test("a document that is too large loses its metadata, then its cause, and then is none", () => {
  const shortened = segmentDocument({
    span: span({ attributes: { big: "x".repeat(70_000), "order.id": "o" } }),
    resource: {},
    isLocalRoot: false,
    annotations: new Set(["order.id"]),
  });
  expect(shortened?.isShortened).toBe(true);
  expect(JSON.parse(shortened?.text ?? "")).toMatchObject({ annotations: { order_id: "o" } });
  const huge = { span: span({ attributes: { a: "é".repeat(40_000) } }), resource: {}, isLocalRoot: false };
  expect(segmentDocument({ ...huge, annotations: new Set(["a"]) })).toBeUndefined();
});

test("what the mapping keeps comes back from X-Ray as it went", () => {
  const text = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" });
  const hex = (length: number) =>
    fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((id) => !/^0+$/.test(id));
  const specs = fc.record({
    spanId: hex(16),
    parentSpanId: fc.oneof(fc.constant(""), hex(16)),
    traceId: hex(32),
    name: fc.stringMatching(/^[\w ./:-]{1,40}$/),
    kind: fc.constantFrom(INTERNAL, SERVER, CLIENT),
    startTimeUnixNano: fc.bigInt({ min: 1_000_000_000n, max: 2n ** 63n }),
    lasting: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    isError: fc.boolean(),
    method: fc.constantFrom("GET", "POST"),
    url: text,
    code: fc.constantFrom(200, 404, 429, 500),
    user: text,
    requestId: text,
    annotation: fc.oneof(text, fc.integer(), fc.boolean()),
    exception: fc.option(fc.record({ type: text, message: text })),
    link: fc.option(fc.record({ traceId: hex(32), spanId: hex(16) })),
  });
  fc.assert(
    fc.property(specs, (spec) => {
      const { method, url, code, user, requestId, annotation, exception, link, lasting, isError, ...fields } = spec;
      const attributes: Record<string, PlainValue> = {
        "http.request.method": method,
        "url.full": url,
        "http.response.status_code": code,
        "enduser.id": user,
        "aws.request_id": requestId,
        chosen: annotation,
      };
      const thrown = exception && { "exception.type": exception.type, "exception.message": exception.message };
      const sent = span({
        ...fields,
        parentSpanId: fields.parentSpanId === fields.spanId ? "" : fields.parentSpanId,
        endTimeUnixNano: fields.startTimeUnixNano + lasting,
        attributes,
        ...((isError || code >= 400) && { status: { code: 2, message: "" } }),
        events: thrown
          ? [{ timeUnixNano: 0n, name: "exception", attributes: madeAttributes(thrown), droppedAttributesCount: 0 }]
          : [],
        links: link ? [{ ...link, traceState: "", attributes: [], droppedAttributesCount: 0, flags: 0 }] : [],
      });
      const made = segmentDocument({
        span: sent,
        resource: {},
        isLocalRoot: false,
        annotations: new Set(["chosen"]),
      });
      const { resourceSpans, problems } = spansOfTrace(TRACE, [{ id: "d", text: made?.text ?? "" }]);
      expect(problems).toEqual([]);
      const [back] = resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
      expect(back).toMatchObject({
        traceId: sent.traceId,
        spanId: sent.spanId,
        parentSpanId: sent.parentSpanId,
        startTimeUnixNano: sent.startTimeUnixNano,
        endTimeUnixNano: sent.endTimeUnixNano,
        // A root is a segment, and X-Ray's segments are servers.
        kind: sent.parentSpanId === "" ? SERVER : sent.kind,
        links: sent.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
      });
      expect(back?.status?.code).toBe(sent.status?.code);
      expect(plain(back?.attributes)).toMatchObject(attributes);
      expect(back?.events.map((event) => plain(event.attributes))).toMatchObject(thrown ? [thrown] : []);
    }),
  );
});

const plain = (attributes: readonly KeyValue[] = []): PlainAttributes => attributesToPlain(attributes);

test("a time comes back to the nanosecond, also when X-Ray writes it its own way", () => {
  const theirs = textOf({}).replace(/"(start|end)_time":([\d.]+)/g, (_, which: string, seconds: string) => {
    return `"${which}_time":${scientific(seconds)}`;
  });
  const [back] = spansOfTrace(TRACE, [{ id: "d", text: theirs }]).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  expect([back?.startTimeUnixNano, back?.endTimeUnixNano]).toEqual([START, START + 1_000_000n]);
});
