import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CarriedContext } from "../propagate/w3c.ts";
import { detectTrigger, stateOf } from "./detect.ts";
import { httpRequestOf } from "./http.ts";
import type { Trigger, TriggerRecord } from "./trigger.ts";

type Json = Readonly<Record<string, unknown>>;

/** A W3C context for each digit, so that a test can tell whose it is. */
const traceparent = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
const w3c = (digit: string): CarriedContext => ({
  format: "w3c",
  traceId: digit.repeat(32),
  spanId: digit.repeat(16),
  sampled: true,
});
const xrayHeader = (digit: string): string =>
  `Root=1-${digit.repeat(8)}-${digit.repeat(24)};Parent=${digit.repeat(16)};Sampled=0;Lineage=1:456f6a97:0`;
const xray = (digit: string): CarriedContext => ({ ...w3c(digit), format: "xray", sampled: false });

const onlyRecord = (trigger: Trigger): TriggerRecord => {
  const [record, ...others] = trigger.records;
  if (record === undefined || others.length > 0) throw new Error(`${trigger.records.length} records, not one`);
  return record;
};
const contextsOf = (event: unknown): readonly CarriedContext[] => onlyRecord(detectTrigger(event)).contexts;

// Payloads after AWS's shapes: what detection reads, and something beside it.

const restRequest = (more: Json = {}, context: Json = {}): Json => ({
  resource: "/orders/{id}",
  path: "/orders/7",
  httpMethod: "GET",
  headers: { Accept: "*/*" },
  multiValueHeaders: { Accept: ["*/*"] },
  queryStringParameters: null,
  body: null,
  ...more,
  requestContext: {
    resourcePath: "/orders/{id}",
    httpMethod: "GET",
    requestId: "rest-1",
    apiId: "api1",
    domainName: "api1.execute-api.eu-west-1.amazonaws.com",
    ...context,
  },
});

const httpRequest = (more: Json = {}, context: Json = {}): Json => ({
  version: "2.0",
  routeKey: "GET /orders/{id}",
  rawPath: "/orders/7",
  headers: { accept: "*/*" },
  ...more,
  requestContext: {
    http: { method: "GET", path: "/orders/7", sourceIp: "192.0.2.1" },
    routeKey: "GET /orders/{id}",
    requestId: "http-1",
    apiId: "api2",
    domainName: "api2.execute-api.eu-west-1.amazonaws.com",
    ...context,
  },
});

const functionUrlRequest = (more: Json = {}): Json =>
  httpRequest(
    { routeKey: "$default", ...more },
    { routeKey: "$default", domainName: "u1.lambda-url.eu-west-1.on.aws" },
  );

const albRequest = (more: Json = {}): Json => ({
  requestContext: { elb: { targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/t/1" } },
  httpMethod: "GET",
  path: "/orders/7",
  body: "",
  ...more,
});

const webSocketMessage = (more: Json = {}): Json => ({
  requestContext: { routeKey: "send", eventType: "MESSAGE", connectionId: "c1", requestId: "ws-1", apiId: "api3" },
  body: "hello",
  ...more,
});

const QUEUE_ARN = "arn:aws:sqs:eu-west-1:111122223333:orders";
const TOPIC_ARN = "arn:aws:sns:eu-west-1:111122223333:news";

const sqsRecord = (id: string, more: Json = {}): Json => ({
  messageId: id,
  receiptHandle: "handle",
  body: "hello",
  attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1767225600000" },
  messageAttributes: {},
  eventSource: "aws:sqs",
  eventSourceARN: QUEUE_ARN,
  awsRegion: "eu-west-1",
  ...more,
});

const text = (stringValue: string): Json => ({ stringValue, stringListValues: [], dataType: "String" });

/** As SNS hands it to Lambda under `Sns`, and as a text to SQS. */
const notification = (id: string, more: Json = {}): Json => ({
  Type: "Notification",
  MessageId: id,
  TopicArn: TOPIC_ARN,
  Subject: null,
  Message: "hello",
  Timestamp: "2026-01-01T00:00:00.000Z",
  ...more,
});

const carrying = (digit: string): Json => ({
  MessageAttributes: { traceparent: { Type: "String", Value: traceparent(digit) } },
});

const snsRecord = (id: string, more: Json = {}): Json => ({
  EventSource: "aws:sns",
  EventVersion: "1.0",
  EventSubscriptionArn: `${TOPIC_ARN}:s1`,
  Sns: notification(id, more),
});

const busEvent = (id: string, detail: unknown = { order: 7 }): Json => ({
  version: "0",
  id,
  "detail-type": "OrderPlaced",
  source: "shop",
  account: "111122223333",
  time: "2026-01-01T00:00:00Z",
  region: "eu-west-1",
  resources: [],
  detail,
});

const EXECUTION_ARN = "arn:aws:states:eu-west-1:111122223333:execution:checkout:run-1";
const contextObject = (state: Json = {}): Json => ({
  Execution: { Id: EXECUTION_ARN, Name: "run-1" },
  State: { Name: "Charge", EnteredTime: "2026-01-01T00:00:00.000Z", RetryCount: 0, ...state },
  StateMachine: { Id: "arn:aws:states:eu-west-1:111122223333:stateMachine:checkout", Name: "checkout" },
});

const durableExecution: Json = {
  DurableExecutionArn: "arn:aws:lambda:eu-west-1:111122223333:function:f:1/durable-execution/run/1",
  CheckpointToken: "token",
  InitialExecutionState: { Operations: [], NextMarker: "" },
};

describe("an HTTP request", () => {
  test.each([
    ["api-gateway-rest", restRequest()],
    ["api-gateway-http", httpRequest()],
    ["api-gateway-http", restRequest({ version: "1.0" })],
    ["function-url", functionUrlRequest()],
    ["alb", albRequest({ headers: {} })],
    ["api-gateway-websocket", webSocketMessage()],
    ["api-gateway-websocket", restRequest({}, { connectionId: "c1", eventType: "CONNECT" })],
    ["api-gateway-authorizer", restRequest({ type: "REQUEST", methodArn: "arn:aws:execute-api:…/GET/orders" })],
    ["api-gateway-authorizer", httpRequest({ type: "REQUEST", routeArn: "arn:aws:execute-api:…/GET/orders" })],
    ["api-gateway-authorizer", { type: "TOKEN", methodArn: "arn:aws:execute-api:…", authorizationToken: "t" }],
  ])("tells who passed it on: %s", (source, event) => {
    const trigger = detectTrigger(event);
    expect(trigger).toMatchObject({ type: "http", source });
    expect(trigger.records).toHaveLength(1);
  });

  test.each([
    ["REST", restRequest(), "rest-1", "api1"],
    ["HTTP", httpRequest(), "http-1", "api2"],
    ["WebSocket", webSocketMessage(), "ws-1", "api3"],
  ])("has the id that API Gateway answers with, in the scope of its API: %s", (_what, event, id, scope) => {
    expect(detectTrigger(event).records).toEqual([{ id, contexts: [], keys: [{ kind: "http-request", id, scope }] }]);
  });

  test("from a load balancer has no id", () => {
    expect(detectTrigger(albRequest({ headers: {} })).records).toEqual([{ contexts: [], keys: [] }]);
  });

  test.each([
    ["the resource, for REST", restRequest(), "/orders/{id}"],
    ["the route key's path, for HTTP", httpRequest(), "/orders/{id}"],
    ["nothing, for a function URL", functionUrlRequest(), undefined],
    ["nothing, for a load balancer", albRequest(), undefined],
  ])("has as its destination %s", (_what, event, destination) => {
    expect(detectTrigger(event).destination).toBe(destination);
  });

  test("carries W3C and X-Ray contexts, W3C first, in headers of any case", () => {
    const headers = { "X-Amzn-Trace-Id": xrayHeader("b"), TraceParent: traceparent("a"), TraceState: "v=1" };
    const expected = [{ ...w3c("a"), traceState: "v=1" }, xray("b")];
    for (const event of [restRequest({ headers }), httpRequest({ headers }), albRequest({ headers })])
      expect(contextsOf(event)).toEqual(expected);
  });

  test("carries them in headers of many values too, whose tracestates are one list", () => {
    const multiValueHeaders = {
      traceparent: [traceparent("a")],
      tracestate: ["v=1", "w=2"],
      "x-amzn-trace-id": [xrayHeader("b")],
    };
    expect(contextsOf(albRequest({ multiValueHeaders }))).toEqual([{ ...w3c("a"), traceState: "v=1,w=2" }, xray("b")]);
  });

  test("with two traceparents that contradict each other carries none", () => {
    const multiValueHeaders = { traceparent: [traceparent("a"), traceparent("b")] };
    expect(contextsOf(albRequest({ multiValueHeaders }))).toEqual([]);
  });

  test("whose traceparent is invalid keeps its X-Ray context", () => {
    const headers = { traceparent: "42", "x-amzn-trace-id": xrayHeader("b") };
    expect(contextsOf(httpRequest({ headers }))).toEqual([xray("b")]);
  });

  test.each([[null], [7], ["text"], [[]], [{ traceparent: 7, "x-amzn-trace-id": {} }]])(
    "with %j for headers carries nothing",
    (headers) => {
      expect(contextsOf(restRequest({ headers, multiValueHeaders: headers }))).toEqual([]);
    },
  );

  test("without an id and an API has no key", () => {
    expect(detectTrigger(restRequest({}, { requestId: 7, apiId: null })).records).toEqual([{ contexts: [], keys: [] }]);
  });

  test("says its method, path and host", () => {
    expect(httpRequestOf(restRequest())).toMatchObject({ method: "GET", path: "/orders/7" });
    expect(httpRequestOf(httpRequest())).toEqual({
      method: "GET",
      path: "/orders/7",
      host: "api2.execute-api.eu-west-1.amazonaws.com",
    });
    expect(httpRequestOf(null)).toEqual({});
  });
});

describe("an SQS batch", () => {
  test("yields each record's own id, context and key, in order", () => {
    const trigger = detectTrigger({
      Records: [
        sqsRecord("m-1", { messageAttributes: { traceparent: text(traceparent("a")) } }),
        sqsRecord("m-2"),
        sqsRecord("m-3", { attributes: { AWSTraceHeader: xrayHeader("c") } }),
      ],
    });
    const key = (id: string) => ({ kind: "sqs-message", id, scope: QUEUE_ARN });
    expect(trigger).toEqual({
      type: "sqs",
      destination: "orders",
      records: [
        { id: "m-1", contexts: [w3c("a")], keys: [key("m-1")] },
        { id: "m-2", contexts: [], keys: [key("m-2")] },
        { id: "m-3", contexts: [xray("c")], keys: [key("m-3")] },
      ],
    });
  });

  test("from several queues has no one destination", () => {
    const other = sqsRecord("m-2", { eventSourceARN: "arn:aws:sqs:eu-west-1:111122223333:returns" });
    expect(detectTrigger({ Records: [sqsRecord("m-1"), other] }).destination).toBe("multiple_sources");
  });
});

describe("an SQS record", () => {
  const contextsWith = (messageAttributes: unknown): readonly CarriedContext[] =>
    contextsOf({ Records: [sqsRecord("m-1", { messageAttributes })] });

  test("carries its tracestate beside its traceparent", () => {
    const attributes = { traceparent: text(traceparent("a")), tracestate: text("v=1") };
    expect(contextsWith(attributes)).toEqual([{ ...w3c("a"), traceState: "v=1" }]);
  });

  test("may spell them in any case", () => {
    const attributes = { Traceparent: { StringValue: traceparent("a") }, TRACESTATE: text("v=1") };
    expect(contextsWith(attributes)).toEqual([{ ...w3c("a"), traceState: "v=1" }]);
  });

  test("with several spellings of one name carries the first that is valid, the exact one before others", () => {
    const number = { stringValue: "42", dataType: "Number" };
    expect(contextsWith({ TraceParent: number, Traceparent: text(traceparent("a")) })).toEqual([w3c("a")]);
    expect(contextsWith({ Traceparent: text(traceparent("a")), traceparent: text(traceparent("b")) })).toEqual([
      w3c("b"),
    ]);
  });

  test("carries a binary attribute, as raw delivery from SNS makes it", () => {
    const binaryValue = Buffer.from(traceparent("a")).toString("base64");
    expect(contextsWith({ traceparent: { binaryValue, dataType: "Binary" } })).toEqual([w3c("a")]);
  });

  test.each([[null], [7], [[]], [{ traceparent: traceparent("a") }], [{ traceparent: { stringValue: 7 } }]])(
    "with %j for attributes carries nothing",
    (attributes) => {
      expect(contextsWith(attributes)).toEqual([]);
    },
  );

  test("carries W3C before the platform's header", () => {
    const record = sqsRecord("m-1", {
      messageAttributes: { traceparent: text(traceparent("a")) },
      attributes: { AWSTraceHeader: xrayHeader("c") },
    });
    expect(contextsOf({ Records: [record] })).toEqual([w3c("a"), xray("c")]);
  });

  test("with nothing but its source is still one", () => {
    expect(detectTrigger({ Records: [{ eventSource: "aws:sqs" }] })).toEqual({
      type: "sqs",
      records: [{ contexts: [], keys: [] }],
    });
  });

  test("whose parts have wrong types has neither id nor key", () => {
    const record = sqsRecord("m-1", { messageId: 7, eventSourceARN: {}, body: 7, attributes: "a" });
    expect(detectTrigger({ Records: [record] })).toEqual({ type: "sqs", records: [{ contexts: [], keys: [] }] });
  });
});

describe("an SNS event", () => {
  test("yields each message's id, context and key", () => {
    const trigger = detectTrigger({ Records: [snsRecord("n-1", carrying("a"))] });
    expect(trigger).toEqual({
      type: "sns",
      destination: "news",
      records: [{ id: "n-1", contexts: [w3c("a")], keys: [{ kind: "sns-message", id: "n-1", scope: "news" }] }],
    });
  });

  test("that wraps an event of a bus has both keys, and the publisher's context first", () => {
    const Message = JSON.stringify(busEvent("e-1", { _mayfly: { traceparent: traceparent("b") } }));
    const record = onlyRecord(detectTrigger({ Records: [snsRecord("n-1", { Message, ...carrying("a") })] }));
    expect(record.contexts).toEqual([w3c("a"), w3c("b")]);
    expect(record.keys.map(({ kind, id }) => [kind, id])).toEqual([
      ["sns-message", "n-1"],
      ["eventbridge-event", "e-1"],
    ]);
  });

  test("keeps the place of a record that has no message", () => {
    const { records } = detectTrigger({ Records: [{ EventSource: "aws:sns" }, snsRecord("n-2")] });
    expect(records.map(({ id }) => id)).toEqual([undefined, "n-2"]);
  });
});

describe("an event of an EventBridge bus", () => {
  test("yields its id and key, and names its kind of event", () => {
    expect(detectTrigger(busEvent("e-1"))).toEqual({
      type: "eventbridge",
      destination: "OrderPlaced",
      records: [{ id: "e-1", contexts: [], keys: [{ kind: "eventbridge-event", id: "e-1" }] }],
    });
  });

  test.each(["_mayfly", "_datadog"])("carries what a tracer put under %s in its detail", (name) => {
    const detail = { order: 7, [name]: { traceparent: traceparent("a"), tracestate: "v=1" } };
    expect(contextsOf(busEvent("e-1", detail))).toEqual([{ ...w3c("a"), traceState: "v=1" }]);
  });

  test("carries our own context before another tracer's", () => {
    const detail = { _datadog: { traceparent: traceparent("a") }, _mayfly: { traceparent: traceparent("b") } };
    expect(contextsOf(busEvent("e-1", detail))).toEqual([w3c("b")]);
  });

  test.each([[null], ["text"], [[{}]], [{ _mayfly: 7 }], [{ _mayfly: { traceparent: {} } }]])(
    "with %j for detail carries nothing",
    (detail) => {
      expect(contextsOf(busEvent("e-1", detail))).toEqual([]);
    },
  );

  test("by a schedule is a schedule, which nothing caused", () => {
    const scheduled = { ...busEvent("e-1", {}), source: "aws.events", "detail-type": "Scheduled Event" };
    expect(detectTrigger(scheduled)).toEqual({ type: "schedule", records: [] });
  });

  test.each(["id", "source", "detail-type"])("without its %s is none", (name) => {
    expect(detectTrigger({ ...busEvent("e-1"), [name]: undefined }).type).toBe("unknown");
    expect(detectTrigger({ ...busEvent("e-1"), [name]: 7 }).type).toBe("unknown");
  });
});

describe("a message within a message", () => {
  const wrapped = (message: Json): string => JSON.stringify(message);
  const bodyOf = (body: unknown) => onlyRecord(detectTrigger({ Records: [sqsRecord("m-1", { body })] }));
  const idsOf = (body: unknown): string[] => bodyOf(body).keys.map(({ kind, id }) => `${kind} ${id}`);

  test("SNS in SQS yields both ids, and the context of the message attributes within", () => {
    const body = wrapped(notification("n-1", carrying("a")));
    expect(idsOf(body)).toEqual(["sqs-message m-1", "sns-message n-1"]);
    expect(bodyOf(body).contexts).toEqual([w3c("a")]);
    expect(bodyOf(body).id).toBe("m-1");
  });

  test("EventBridge in SQS yields both ids, and the context of the detail before the platform's header", () => {
    const body = wrapped(busEvent("e-1", { _mayfly: { traceparent: traceparent("a") } }));
    expect(idsOf(body)).toEqual(["sqs-message m-1", "eventbridge-event e-1"]);
    const record = sqsRecord("m-1", { body, attributes: { AWSTraceHeader: xrayHeader("c") } });
    expect(contextsOf({ Records: [record] })).toEqual([w3c("a"), xray("c")]);
  });

  test("EventBridge in SNS in SQS yields three ids, and every context from the outside in", () => {
    const event = busEvent("e-1", { _mayfly: { traceparent: traceparent("c") } });
    const body = wrapped(notification("n-1", { Message: wrapped(event), ...carrying("b") }));
    const messageAttributes = { traceparent: text(traceparent("a")) };
    const record = onlyRecord(detectTrigger({ Records: [sqsRecord("m-1", { body, messageAttributes })] }));
    expect(record.keys.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      "sqs-message m-1",
      "sns-message n-1",
      "eventbridge-event e-1",
    ]);
    expect(record.contexts).toEqual([w3c("a"), w3c("b"), w3c("c")]);
  });

  test("is opened three deep in a record, and no deeper", () => {
    const nested = ["n-1", "n-2", "n-3", "n-4"].reduceRight(
      (Message, id) => wrapped(notification(id, { Message })),
      "hello",
    );
    expect(idsOf(nested)).toEqual(["sqs-message m-1", "sns-message n-1", "sns-message n-2", "sns-message n-3"]);
  });

  test("may have white space around it, and may be no text but the object itself", () => {
    expect(idsOf(`\n ${JSON.stringify(notification("n-1"), undefined, 2)}\n`)).toContain("sns-message n-1");
    expect(idsOf(notification("n-1"))).toContain("sns-message n-1");
  });

  test("that is larger than SQS allows is not opened", () => {
    const body = wrapped(notification("n-1", { Message: "x".repeat(1_048_576) }));
    expect(idsOf(body)).toEqual(["sqs-message m-1"]);
  });

  test.each([
    ["text", "hello"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", wrapped([notification("n-1")] as never)],
    ["JSON cut off", wrapped(notification("n-1")).slice(0, -1)],
    ["the application's own JSON", wrapped({ id: "n-1", MessageId: "n-1" })],
    ["a notification of no topic", wrapped(notification("n-1", { TopicArn: undefined }))],
    ["another message of SNS", wrapped(notification("n-1", { Type: "SubscriptionConfirmation" }))],
  ])("is not seen in %s", (_what, body) => {
    expect(idsOf(body)).toEqual(["sqs-message m-1"]);
  });
});

describe("a task of Step Functions", () => {
  const record = { id: EXECUTION_ARN, contexts: [], keys: [{ kind: "sfn-execution", id: EXECUTION_ARN }] };

  test.each([
    ["at the top", contextObject()],
    ["beside the task's own input", { order: 7, ...contextObject() }],
    ["under _mayfly", { order: 7, _mayfly: contextObject() }],
    ["under _datadog", { order: 7, _datadog: contextObject() }],
  ])("is told by the execution that its payload carries: %s", (_where, event) => {
    expect(detectTrigger(event)).toEqual({ type: "step-functions", destination: "checkout", records: [record] });
  });

  test("takes its state machine's name from the ARN where the payload has no other", () => {
    expect(detectTrigger({ Execution: { Id: EXECUTION_ARN } }).destination).toBe("checkout");
  });

  test("keeps its execution although its input is an event of another service", () => {
    expect(detectTrigger({ ...busEvent("e-1"), ...contextObject() }).type).toBe("step-functions");
  });

  test.each([[{}], [{ Execution: {} }], [{ Execution: { Id: 7 } }], [{ Execution: { Id: "" } }], [{ _mayfly: [] }]])(
    "is not seen in %j",
    (event) => {
      expect(detectTrigger(event).type).toBe("unknown");
    },
  );

  test("says its state, and how often it was tried before", () => {
    for (const event of [contextObject({ RetryCount: 2 }), { _datadog: contextObject({ RetryCount: 2 }) }])
      expect(stateOf(event)).toEqual({ name: "Charge", retryCount: 2 });
    expect(stateOf({ State: { Name: 7, RetryCount: "2" } })).toEqual({});
    expect(stateOf("text")).toEqual({});
  });
});

describe("a direct invoke", () => {
  test.each(["custom", "Custom"])("is told by its client context, and carries what stands under %s", (name) => {
    const clientContext = { [name]: { traceparent: traceparent("a"), tracestate: "v=1" } };
    expect(detectTrigger({ order: 7 }, { clientContext })).toEqual({
      type: "lambda",
      records: [{ contexts: [{ ...w3c("a"), traceState: "v=1" }], keys: [] }],
    });
  });

  test.each([[{}], [{ custom: null }], [{ custom: { traceparent: 7 } }]])(
    "with %j for client context carries nothing",
    (clientContext) => {
      expect(detectTrigger(7, { clientContext })).toEqual({ type: "lambda", records: [{ contexts: [], keys: [] }] });
    },
  );

  test("is known by its client context although its event cannot be read", () => {
    const event = Object.defineProperty({}, "Records", { get: () => thrown() });
    expect(detectTrigger(event, { clientContext: {} }).type).toBe("lambda");
  });

  test("of a durable execution is one without a client context", () => {
    expect(detectTrigger(durableExecution)).toEqual({ type: "lambda", records: [{ contexts: [], keys: [] }] });
  });

  test.each([
    [undefined],
    [null],
    [{}],
    [{ clientContext: null }],
    [{ clientContext: "text" }],
    [{ clientContext: [] }],
  ])("is not seen in a context of %j", (context) => {
    expect(detectTrigger({ order: 7 }, context).type).toBe("unknown");
  });
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["a number", 7],
  ["a text", "hello"],
  ["a list", [sqsRecord("m-1")]],
  ["nothing", {}],
  ["an application's own JSON", { id: "o-1", source: "web", detail: {}, headers: {}, path: "/", httpMethod: "GET" }],
  ["no records", { Records: [] }],
  ["records that are none", { Records: [null, 7, sqsRecord("m-1")] }],
  ["records with a hole", { Records: Object.assign([], { 1: sqsRecord("m-1") }) }],
  ["records of a later version", { Records: [{ eventSource: "aws:kinesis", kinesis: {} }] }],
  ["records for an object", { Records: { 0: sqsRecord("m-1") } }],
  ["a destination's record", { requestContext: { requestId: "r-1", functionArn: "a" }, responsePayload: {} }],
  ["a request context of nothing", { requestContext: {}, headers: { traceparent: traceparent("a") } }],
  ["an application's own connection", { requestContext: { connectionId: "c1", requestId: "r-1" } }],
  ["half a durable execution", { DurableExecutionArn: "arn" }],
])("%s is unknown, and has no records", (_what, event) => {
  expect(detectTrigger(event)).toEqual({ type: "unknown", records: [] });
});

const EVENTS: readonly Json[] = [
  restRequest({ headers: { traceparent: traceparent("a"), "X-Amzn-Trace-Id": xrayHeader("b") } }),
  httpRequest({ headers: { traceparent: traceparent("a") } }),
  functionUrlRequest(),
  albRequest({ multiValueHeaders: { traceparent: [traceparent("a")], tracestate: ["v=1", "w=2"] } }),
  webSocketMessage(),
  {
    Records: [
      sqsRecord("m-1", {
        messageAttributes: { traceparent: text(traceparent("a")) },
        attributes: { AWSTraceHeader: xrayHeader("c") },
      }),
      sqsRecord("m-2", { body: notification("n-1", { Message: busEvent("e-1"), ...carrying("b") }) }),
      sqsRecord("m-3", { body: JSON.stringify(notification("n-1", { Message: JSON.stringify(busEvent("e-1")) })) }),
    ],
  },
  { Records: [snsRecord("n-1", { Message: JSON.stringify(busEvent("e-1")), ...carrying("a") })] },
  busEvent("e-1", { _mayfly: { traceparent: traceparent("a") } }),
  contextObject(),
  { _datadog: contextObject() },
  durableExecution,
];

describe("whatever the event is, the answer is well-formed", () => {
  test("for any JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (event, clientContext) => {
        expect(faultsOf(detectTrigger(event, { clientContext }))).toEqual([]);
      }),
    );
  });

  test("for any JSON in the words of AWS", () => {
    fc.assert(
      fc.property(jsonOf(wordsOf(EVENTS)), (event) => {
        expect(faultsOf(detectTrigger(event, event))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("for any event with damaged parts", () => {
    const places = EVENTS.flatMap((event) => pathsOf(event).map((path) => ({ event, path })));
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.array(fc.tuple(fc.nat(), damage), { maxLength: 3 }),
        damage,
        ({ event, path }, others, first) => {
          const damaged = structuredClone(event) as Record<string, unknown>;
          const paths = pathsOf(event);
          inflict(first, damaged, path);
          for (const [n, other] of others) inflict(other, damaged, paths[n % paths.length] ?? path);
          expect(faultsOf(detectTrigger(damaged, damaged))).toEqual([]);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("for a text cut off or broken anywhere", () => {
    const body = JSON.stringify(notification("n-1", { Message: JSON.stringify(busEvent("e-1")), ...carrying("a") }));
    fc.assert(
      fc.property(fc.nat(body.length), fc.nat(4), fc.string(), (at, length, put) => {
        const broken = body.slice(0, at) + put + body.slice(at + length);
        expect(faultsOf(detectTrigger({ Records: [sqsRecord("m-1", { body: broken })] }))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("for nesting deeper than any stack", () => {
    const levels = 200_000;
    const asText = `${'{"Message":'.repeat(levels)}1${"}".repeat(levels)}`.slice(0, 1_000_000);
    for (const deep of [deepObject(levels), asText, "[".repeat(levels)]) {
      const events = [
        deep,
        { Records: [sqsRecord("m-1", { body: deep })] },
        busEvent("e-1", deep),
        albRequest({ headers: deep }),
      ];
      for (const event of events) expect(faultsOf(detectTrigger(event))).toEqual([]);
    }
  });
});

const TYPES = ["http", "sqs", "sns", "eventbridge", "schedule", "step-functions", "lambda", "unknown"];
const KINDS = ["sqs-message", "sns-message", "eventbridge-event", "lambda-request", "http-request", "sfn-execution"];
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** What is wrong with a trigger by the words of its type. */
function faultsOf(trigger: Trigger): string[] {
  const faults: string[] = [];
  const claim = (holds: boolean, fault: string): void => void (holds || faults.push(fault));
  claim(TYPES.includes(trigger.type), `type ${trigger.type}`);
  claim((trigger.type === "http") === (trigger.source !== undefined), "source");
  claim(trigger.destination === undefined || typeof trigger.destination === "string", "destination");
  claim(trigger.type !== "unknown" || trigger.records.length === 0, "records of the unknown");
  for (const { id, contexts, keys } of trigger.records) {
    claim(id === undefined || isText(id), "id");
    for (const key of keys) {
      claim(KINDS.includes(key.kind) && isText(key.id), `key ${key.kind}`);
      claim(key.scope === undefined || isText(key.scope), "scope");
    }
    for (const [n, { format, traceId, spanId, sampled, traceState }] of contexts.entries()) {
      claim(/^(?!0{32})[0-9a-f]{32}$/.test(traceId), `trace id ${traceId}`);
      claim(spanId === undefined ? format === "xray" : /^(?!0{16})[0-9a-f]{16}$/.test(spanId), `span id ${spanId}`);
      claim(sampled === undefined ? format === "xray" : typeof sampled === "boolean", "sampled");
      claim(traceState === undefined || isText(traceState), "tracestate");
      claim(format === "w3c" || (format === "xray" && n === contexts.length - 1), "W3C first");
    }
  }
  return faults;
}

type Path = readonly string[];

function pathsOf(value: unknown, above: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...above, key], ...pathsOf(inner, [...above, key])]);
}

function wordsOf(events: readonly Json[]): string[] {
  return [...new Set(events.flatMap((event) => pathsOf(event).flat()))];
}

function jsonOf(words: readonly string[]): fc.Arbitrary<unknown> {
  const word = fc.constantFrom(...words);
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.oneof(
        word,
        fc.constantFrom("aws:sqs", "aws:sns", "Notification", traceparent("a"), xrayHeader("b")),
        fc.jsonValue(),
      ),
      fc.dictionary(word, tie("value"), { maxKeys: 8 }),
      fc.array(tie("value"), { maxLength: 3 }),
    ),
  })).value;
}

type Damage = (root: Record<string, unknown>) => PropertyDescriptor | undefined;

function thrown(): never {
  throw new Error("cannot be read");
}

function deepObject(levels: number): unknown {
  let deep: unknown = "hello";
  for (let n = 0; n < levels; n += 1) deep = { Message: deep, Type: "Notification", TopicArn: "a:b" };
  return deep;
}

function inflict(harm: Damage, root: Record<string, unknown>, path: Path): void {
  let place: unknown = root;
  for (const key of path.slice(0, -1)) {
    const own =
      typeof place === "object" && place !== null
        ? safely(() => Object.getOwnPropertyDescriptor(place, key))
        : undefined;
    place = own?.value;
  }
  const last = path.at(-1);
  if (typeof place !== "object" || place === null || last === undefined) return;
  const parent = place;
  const descriptor = harm(root);
  safely(() => (descriptor ? Object.defineProperty(parent, last, descriptor) : Reflect.deleteProperty(parent, last)));
}

function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined; // a place that was damaged before
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const DEEP = deepObject(10_000);
const holding = (value: unknown): PropertyDescriptor => ({
  value,
  enumerable: true,
  configurable: true,
  writable: true,
});

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.jsonValue().map((json) => () => holding(json)),
  fc.constantFrom<Damage>(
    () => undefined,
    () => ({ get: thrown, enumerable: true, configurable: true }),
    () => holding(revoked()),
    () => holding(DEEP),
    () => holding(Symbol("s")),
    () => holding(Object.create(null)),
    () => holding(new Map([["traceparent", 1]])),
    (root) => holding(root),
    (root) => holding([root]),
  ),
);
