import { attributesToPlain, decodeTracesJson, type Resource, type Span, tracesToJson } from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { GATEWAY_REQUEST, NOTIFY_REQUEST, orderDocuments, POST_REQUEST } from "../../../test/xray-documents.ts";
import type { TraceId } from "../../model/ids.ts";
import { spanOrigin } from "../../normalize/origin.ts";
import { normalizedSpan } from "../../normalize/spans.ts";
import { spansOfTrace } from "./trace.ts";

const XRAY_ID = "1-6437350a-775b7afb3067811a4c6daade";
const TRACE_ID = "6437350a775b7afb3067811a4c6daade" as TraceId;
const SECOND = 1_000_000_000n;
const BEGINNING = BigInt(0x6437350a) * SECOND;

interface Found {
  readonly span: Span;
  readonly resource: Resource | undefined;
}

const spansOf = (texts: readonly string[]): Map<string, Found> => {
  const { resourceSpans } = spansOfTrace(
    TRACE_ID,
    texts.map((text, n) => ({ id: String(n), text })),
  );
  return new Map(
    resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map((span) => [span.spanId, { span, resource }] as const)),
    ),
  );
};

const order = spansOf(orderDocuments(XRAY_ID));

const found = (id: string): Found => {
  const one = order.get(id);
  if (one === undefined) throw new Error(`no span ${id}`);
  return one;
};
const span = (id: string): Span => found(id).span;
const attributes = (id: string) => attributesToPlain(span(id).attributes);
const resource = (id: string) => attributesToPlain(found(id).resource?.attributes ?? []);
const read = (id: string) => {
  const origin = { ...found(id), resourceSchemaUrl: "", scopeSchemaUrl: "" };
  return normalizedSpan(span(id), spanOrigin(origin), 0n);
};

const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];

test("segments and subsegments are spans with X-Ray's ids, times to the last digit, and the parent that encloses them", () => {
  expect(span("65a5f5ef7aa9c3d2")).toMatchObject({ traceId: TRACE_ID, parentSpanId: "", kind: SERVER });
  expect(span("3a9497be6bb6f2a7")).toMatchObject({
    name: "Lambda",
    parentSpanId: "65a5f5ef7aa9c3d2",
    kind: CLIENT,
    startTimeUnixNano: BEGINNING + 192_000_000n,
    endTimeUnixNano: BEGINNING + 261_999_800n,
  });
  expect(span("e0f27d4a8041db12")).toMatchObject({ kind: INTERNAL, parentSpanId: "18476b3c270cc8d2" });
  expect(span("15fea92cde95161f").parentSpanId).toBe("e0f27d4a8041db12");
  expect(order.size).toBe(9);
});

test("every span says that it is X-Ray's word", () => {
  for (const id of order.keys()) expect(attributes(id)).toMatchObject({ "mayfly.evidence": "xray" });
});

test("Lambda's segment and the function's are one invocation, though only the first tells its id", () => {
  const [lambdas, functions] = ["24ddd1434624a637", "18476b3c270cc8d2"];
  for (const id of [lambdas, functions]) expect(read(id).requestId).toBe(POST_REQUEST);
  expect(resource(functions)).toEqual(resource(lambdas));
  expect(resource(functions)).toEqual({
    "cloud.provider": "aws",
    "service.name": "post-order",
    "faas.name": "post-order",
    "cloud.platform": "aws_lambda",
    "cloud.region": "eu-west-1",
    "cloud.account.id": "123456789012",
    "cloud.resource_id": "arn:aws:lambda:eu-west-1:123456789012:function:post-order",
  });
  expect(read(functions).parentIsRemote).toBe(false);
  expect(read(lambdas).parentIsRemote).toBe(true);
});

test("a subsegment that came alone is in the function whose code sent it", () => {
  expect(span("72196dbd1971fbad")).toMatchObject({ parentSpanId: "e0f27d4a8041db12", kind: CLIENT });
  expect(resource("72196dbd1971fbad")).toMatchObject({ "faas.name": "post-order" });
});

test("without its segment, a subsegment names no service", () => {
  const [alone = ""] = orderDocuments(XRAY_ID).filter((text) => text.includes('"type":"subsegment"'));
  const origin = spansOf([alone]).get("72196dbd1971fbad")?.resource;
  expect(attributesToPlain(origin?.attributes ?? [])).toEqual({ "cloud.provider": "aws" });
});

test("calls produce the ids that the other side sees, each once", () => {
  expect(read("72196dbd1971fbad").produced).toEqual([{ kind: "lambda-request", id: NOTIFY_REQUEST }]);
  expect(read("65a5f5ef7aa9c3d2").produced).toEqual([{ kind: "http-request", scope: "abc", id: GATEWAY_REQUEST }]);
  expect(read("15df351900263050").produced, "an inferred segment").toEqual([]);
  const send = { operation: "SendMessage", queue_url: "https://sqs/1/q", message_id: "m-1" };
  const s3 = { operation: "PutObject", bucket_name: "b", request_id: "R1" };
  const keys = [send, s3].map((aws) => {
    const document = {
      id: "0000000000000001",
      type: "subsegment",
      name: "x",
      start_time: 1,
      end_time: 2,
      namespace: "aws",
      aws,
    };
    const one = spansOf([JSON.stringify(document)]).get("0000000000000001");
    return attributesToPlain(one?.span.attributes ?? [])["mayfly.keys.produced"];
  });
  expect(keys).toEqual([["sqs-message|https://sqs/1/q|m-1"], ["s3-request|b|R1"]]);
});

test("what a segment says has its attribute", () => {
  expect(attributes("65a5f5ef7aa9c3d2")).toMatchObject({
    "http.request.method": "POST",
    "url.full": "https://abc.execute-api.eu-west-1.amazonaws.com/prod/orders",
    "user_agent.original": "curl/8",
    "client.address": "192.0.2.7",
    "aws.xray.x_forwarded_for": true,
    "http.response.status_code": 201,
    "http.response.body.size": 0,
    "aws:api_id": "abc",
    "aws.xray.annotations": ["aws:api_id"],
    "aws.xray.metadata.default": '{"extended_request_id":"DSU5oGx3IAMFhxw="}',
    "aws.xray.origin": "AWS::ApiGateway::Stage",
    "aws.xray.resource_arn": "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/prod",
    "aws.xray.aws.api_gateway": expect.stringContaining('"stage":"prod"'),
  });
  expect(attributes("15fea92cde95161f")).toMatchObject({
    "aws.service": "DynamoDB",
    "rpc.system": "aws-api",
    "rpc.method": "PutItem",
    "aws.request_id": "MHEA573",
    "aws.dynamodb.table_names": ["orders"],
    "aws.xray.retries": 1,
    "aws.xray.error": true,
    "aws.xray.cause.working_directory": "/var/task",
  });
  expect(attributes("15df351900263050")).toMatchObject({ "aws.xray.inferred": true });
});

test("a function's segment that waited for its init is a cold start; one whose init was long before is not", () => {
  const cold = (initEnd: number): unknown => {
    const segment = {
      id: "000000000000000a",
      name: "f",
      origin: "AWS::Lambda::Function",
      start_time: 1000.25,
      end_time: 1001,
      subsegments: [{ id: "000000000000000b", name: "Initialization", start_time: 900, end_time: initEnd }],
    };
    const one = spansOf([JSON.stringify(segment)]).get("000000000000000a");
    const { "faas.coldstart": isCold, "mayfly.init_duration_ms": ms } = attributesToPlain(one?.span.attributes ?? []);
    return [isCold, ms];
  };
  expect(cold(1000.125)).toEqual([true, 100_125]);
  expect(cold(990)).toEqual([undefined, undefined]);
});

test("an exception is an event, its stack as Node.js writes one, and its message the status", () => {
  const { events, status } = span("15fea92cde95161f");
  expect(status).toEqual({ code: 2, message: "The conditional request failed" });
  expect(events.map((event) => [event.name, event.timeUnixNano, attributesToPlain(event.attributes)])).toEqual([
    [
      "exception",
      BEGINNING + 220_000_000n,
      {
        "exception.type": "ConditionalCheckFailedException",
        "exception.message": "The conditional request failed",
        "exception.stacktrace":
          "ConditionalCheckFailedException: The conditional request failed\n" +
          "    at handler (/var/task/index.mjs:17)\n    at node:internal/process/task_queues:95",
        "aws.xray.exception.id": "00f0e1d2c3b4a596",
        "aws.xray.exception.remote": true,
      },
    ],
  ]);
});

test("what is in progress has no end and is unfinished; links stay links", () => {
  const running = span("3a049070bf15849c");
  expect(running.endTimeUnixNano).toBe(0n);
  expect(read("3a049070bf15849c")).toMatchObject({ isUnfinished: true, isError: false });
  expect(running.links).toMatchObject([{ traceId: "6956b3000123456789abcdef01234567", spanId: "1a2b3c4d5e6f7081" }]);
});

test("an annotation never takes the place of what X-Ray or Mayfly says", () => {
  const hostile = { "mayfly.evidence": "none", "mayfly.keys.produced": "x", "aws.xray.origin": "me", ok: 1.5 };
  const document = { id: "0000000000000001", name: "x", start_time: 1, end_time: 2, origin: "o", annotations: hostile };
  const one = spansOf([JSON.stringify(document)]).get("0000000000000001");
  expect(one?.span.attributes.filter(({ key }) => key === "mayfly.evidence")).toHaveLength(1);
  expect(attributesToPlain(one?.span.attributes ?? [])).toMatchObject({
    "mayfly.evidence": "xray",
    "aws.xray.origin": "o",
    ok: 1.5,
  });
});

test("a bad document or subsegment is named, and what is good around it stays", () => {
  const deep = `${'{"a":'.repeat(60_000)}1${"}".repeat(60_000)}`;
  const texts = [
    "nonsense",
    "[]",
    '{"id":"xyz","start_time":1,"end_time":2}',
    '{"id":"000000000000000a","name":"late"}',
    `{"id":"000000000000000b","start_time":1,"end_time":2,"metadata":{"m":${deep}}}`,
    '{"id":"000000000000000c","start_time":1,"end_time":2,"subsegments":[7,{"id":"no"},{"id":"000000000000000d","start_time":1.5,"end_time":2}]}',
  ];
  const { problems, resourceSpans, spanCount } = spansOfTrace(
    TRACE_ID,
    texts.map((text, n) => ({ id: `d${n}`, text })),
  );
  expect(resourceSpans.flatMap((group) => group.scopeSpans[0]?.spans.map((one) => one.spanId))).toEqual(
    expect.arrayContaining(["000000000000000c", "000000000000000d"]),
  );
  expect(spanCount).toBe(2);
  expect(problems).toEqual([
    "document d0: is no JSON object, or is nested too deep to be read",
    "document d1: is no JSON object, or is nested too deep to be read",
    'document d2: has an id that is not 16 hex digits: "xyz"',
    "document d3: segment 000000000000000a has no start_time: absent",
    "document d4: is no JSON object, or is nested too deep to be read",
    "document d5: subsegment of 000000000000000c is no object",
    'document d5: has an id that is not 16 hex digits: "no"',
  ]);
});

test("parents that go round end", () => {
  const document = (id: string, parentId: string): string =>
    JSON.stringify({ id, parent_id: parentId, type: "subsegment", name: id, start_time: 1, end_time: 2 });
  const [a, b] = ["000000000000000a", "000000000000000b"];
  expect([...spansOf([document(a, b), document(b, a)]).keys()].toSorted()).toEqual([a, b]);
});

test("no document, however wrong, breaks the import, and what comes of it is OTLP", () => {
  const id = fc.constantFrom("000000000000000a", "000000000000000b", "", "0000000000000000", 7);
  const anything = fc.anything({ maxDepth: 3, withBigInt: false });
  const time = fc.oneof(fc.double(), fc.constantFrom(1, 1.5, "1.5", -1, 1e300), anything);
  const { segment } = fc.letrec<{ segment: unknown }>((tie) => ({
    segment: fc.record(
      {
        id,
        parent_id: id,
        trace_id: fc.oneof(fc.constant(XRAY_ID), anything),
        name: fc.oneof(fc.string(), anything),
        type: fc.constantFrom("subsegment", "", 1),
        start_time: time,
        end_time: time,
        in_progress: fc.oneof(fc.boolean(), anything),
        namespace: fc.constantFrom("aws", "remote", 3),
        origin: fc.constantFrom("AWS::Lambda", "AWS::Lambda::Function", "AWS::EC2::Instance", 9),
        aws: fc.oneof(
          anything,
          fc.record({ operation: fc.constantFrom("Invoke", "SendMessage", 1), request_id: anything, ec2: anything }),
        ),
        http: fc.oneof(anything, fc.record({ request: anything, response: anything })),
        cause: fc.oneof(anything, fc.record({ exceptions: fc.array(anything) })),
        annotations: fc.oneof(anything, fc.dictionary(fc.string(), anything)),
        metadata: fc.oneof(anything, fc.dictionary(fc.string(), anything)),
        sql: anything,
        links: fc.oneof(anything, fc.array(anything)),
        subsegments: fc.oneof(
          { weight: 3, arbitrary: fc.constant([]) },
          fc.array(tie("segment"), { maxLength: 3 }),
          anything,
        ),
      },
      { requiredKeys: ["id", "start_time"] },
    ),
  }));
  const text = fc.oneof(
    segment.map((value) => JSON.stringify(value) ?? ""),
    fc.string(),
    fc.json(),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      const { resourceSpans, spanCount } = spansOfTrace(
        TRACE_ID,
        texts.map((one) => ({ id: "d", text: one })),
      );
      const again = decodeTracesJson(JSON.stringify(tracesToJson({ resourceSpans })), {
        onBadRecord: () => expect.fail(),
      });
      expect(again.resourceSpans.flatMap((group) => group.scopeSpans.flatMap(({ spans }) => spans))).toHaveLength(
        spanCount,
      );
    }),
    { numRuns: 500 },
  );
});
