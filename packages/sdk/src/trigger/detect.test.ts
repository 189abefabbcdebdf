import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CarriedContext } from "../propagate/w3c.ts";
import { attemptSpan } from "../stitch/attempt-span.ts";
import { dynamodbKey, s3ObjectKey, taskTokenKey } from "../stitch/keys.ts";
import { detectTrigger } from "./detect.ts";
import { httpRequestOf } from "./http.ts";
import { stateOf } from "./step-functions.ts";
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

const datadogHeaders: Json = {
  "x-datadog-trace-id": "9532127138774266268",
  "x-datadog-parent-id": "13235353014750950193",
  "x-datadog-sampling-priority": "1",
  "x-datadog-tags": "_dd.p.dm=-0,_dd.p.tid=0af7651916cd43dd",
};
const datadog: CarriedContext = {
  format: "datadog",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  sampled: true,
};

const base64 = (value: string): string => Buffer.from(value).toString("base64");
const bytesOf = (value: string): number[] => [...Buffer.from(value)];

const STREAM_ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks";
const TABLE_ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000";

const kinesisRecord = (sequenceNumber: string, data: string, more: Json = {}): Json => ({
  eventID: `shardId-000000000006:${sequenceNumber}`,
  eventName: "aws:kinesis:record",
  eventSource: "aws:kinesis",
  eventSourceARN: STREAM_ARN,
  kinesis: { kinesisSchemaVersion: "1.0", partitionKey: "p", sequenceNumber, data: base64(data) },
  ...more,
});

const dynamodbRecord = (SequenceNumber: string, change: Json = {}, more: Json = {}): Json => ({
  eventID: "c4ca4238a0b923820dcc509a6f75849b",
  eventName: "INSERT",
  eventSource: "aws:dynamodb",
  eventSourceARN: TABLE_ARN,
  dynamodb: { Keys: { pk: { S: "o-1" }, sk: { N: "7" } }, SequenceNumber, ...change },
  ...more,
});

const s3Record = (key: string, object: Json = {}): Json => ({
  eventSource: "aws:s3",
  eventName: "ObjectCreated:Put",
  responseElements: { "x-amz-request-id": "R1", "x-amz-id-2": "i2" },
  s3: { bucket: { name: "uploads" }, object: { key, eTag: "e1", sequencer: "00", ...object } },
});

const kafkaRecord = (offset: number, headers: unknown = [], topic = "orders"): Json => ({
  topic,
  partition: 0,
  offset,
  timestamp: 1_767_225_600_000,
  value: base64("hello"),
  headers,
});
const kafkaEvent = (records: unknown, more: Json = {}): Json => ({
  eventSource: "aws:kafka",
  eventSourceArn: "arn:aws:kafka:eu-west-1:111122223333:cluster/c/1",
  bootstrapServers: "b-2.c:9092,b-1.c:9092",
  records,
  ...more,
});

const cloudEvent = (id: string, more: Json = {}): Json => ({
  specversion: "1.0",
  type: "shop.order.placed",
  source: "/shop",
  id,
  ...more,
});

const pubsubPush: Json = {
  message: {
    data: base64("hello"),
    messageId: "p-1",
    publishTime: "2026-01-01T00:00:00Z",
    attributes: { googclient_traceparent: traceparent("a") },
  },
  subscription: "projects/p/subscriptions/orders",
};

const deadLetter: Json = {
  Records: [sqsRecord("m-1", { messageAttributes: { RequestID: text("r-9"), ErrorCode: text("200") } })],
};

const destinationRecord: Json = {
  version: "1.0",
  requestContext: {
    requestId: "r-9",
    functionArn: "arn:aws:lambda:eu-west-1:111122223333:function:charge:$LATEST",
    condition: "Success",
    approximateInvokeCount: 1,
  },
  requestPayload: { order: 7 },
  responseContext: { statusCode: 200, executedVersion: "$LATEST" },
  responsePayload: null,
};

const appSyncRequest: Json = {
  arguments: { id: "7" },
  identity: null,
  source: null,
  request: { headers: { traceparent: traceparent("a"), "x-amzn-trace-id": xrayHeader("b") }, domainName: null },
  info: { fieldName: "getOrder", parentTypeName: "Query", variables: {} },
};

const latticeRequest: Json = {
  version: "2.0",
  path: "/orders/7",
  method: "GET",
  headers: { traceparent: [traceparent("a")], accept: ["*/*"] },
  requestContext: {
    serviceNetworkArn: "arn:aws:vpc-lattice:eu-west-1:111122223333:servicenetwork/sn-1",
    region: "eu-west-1",
  },
};

/** One or more events of each type of which only the type is told. */
const RARE: Readonly<Record<string, readonly Json[]>> = {
  firehose: [
    { invocationId: "i", deliveryStreamArn: "arn", region: "eu-west-1", records: [{ recordId: "1", data: "aGk=" }] },
  ],
  mq: [
    { eventSource: "aws:mq", eventSourceArn: "arn", messages: [{ messageID: "1", data: "aGk=" }] },
    { eventSource: "aws:rmq", eventSourceArn: "arn", rmqMessagesByQueue: { "q::/": [] } },
  ],
  documentdb: [{ eventSource: "aws:docdb", eventSourceArn: "arn", events: [{ event: {} }] }],
  "cloudwatch-logs": [{ awslogs: { data: "H4sI" } }],
  "cloudwatch-alarm": [{ source: "aws.cloudwatch", alarmArn: "arn", accountId: "1", alarmData: { alarmName: "a" } }],
  cloudfront: [{ Records: [{ cf: { config: { distributionId: "d" }, request: { uri: "/" } } }] }],
  cognito: [
    { version: "1", triggerSource: "PreSignUp_SignUp", userPoolId: "p", userName: "u", request: {}, response: {} },
    { eventType: "SyncTrigger", identityPoolId: "p", datasetName: "d", datasetRecords: {} },
  ],
  iot: [
    { serialNumber: "s", batteryVoltage: "1500mV", clickType: "SINGLE" },
    { deviceInfo: { deviceId: "d" }, deviceEvent: { buttonClicked: {} } },
    { claimCertificateId: "c", certificateId: "c", templateArn: "arn", parameters: {} },
  ],
  ses: [{ Records: [{ eventSource: "aws:ses", eventVersion: "1.0", ses: { mail: {}, receipt: {} } }] }],
  lex: [
    { bot: { name: "b" }, sessionState: { intent: {} }, inputTranscript: "hi" },
    { bot: { name: "b" }, currentIntent: { name: "i" }, outputDialogMode: "Text" },
  ],
  alexa: [
    { version: "1.0", session: {}, context: { System: {} }, request: { type: "LaunchRequest", requestId: "r" } },
    { directive: { header: { namespace: "Alexa.Discovery", name: "Discover" }, payload: {} } },
  ],
  connect: [
    { Name: "ContactFlowEvent", Details: { ContactData: { ContactId: "c" }, Parameters: {} } },
    { InvocationMetadata: { CampaignContext: { CampaignId: "c" } }, Items: {} },
  ],
  config: [{ invokingEvent: "{}", ruleParameters: "{}", configRuleArn: "arn", configRuleName: "r", resultToken: "t" }],
  codepipeline: [{ "CodePipeline.job": { id: "j", accountId: "1", data: {} } }],
  codecommit: [{ Records: [{ eventSource: "aws:codecommit", codecommit: { references: [] } }] }],
  codedeploy: [{ DeploymentId: "d", LifecycleEventHookExecutionId: "e" }],
  cloudformation: [{ RequestType: "Create", ResponseURL: "https://example.com", StackId: "arn", RequestId: "r" }],
  "s3-batch": [{ invocationSchemaVersion: "1.0", invocationId: "i", job: { id: "j" }, tasks: [{ taskId: "t" }] }],
  "s3-object-lambda": [{ xAmzRequestId: "r", getObjectContext: {}, userRequest: { url: "/", headers: {} } }],
  "secrets-manager": [{ SecretId: "arn", ClientRequestToken: "t", Step: "createSecret" }],
  "bedrock-agent": [{ messageVersion: "1.0", agent: { id: "a", name: "n" }, sessionId: "s", actionGroup: "g" }],
  "appsync-events": [
    { info: { channel: { path: "/a" }, operation: "PUBLISH" }, events: null, request: { headers: {} } },
  ],
  gcs: [{ kind: "storage#object", bucket: "b", name: "n", generation: "1", metageneration: "1" }],
  "transfer-family": [{ username: "u", password: "p", protocol: "SFTP", serverId: "s-1", sourceIp: "192.0.2.1" }],
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
    ["appsync", appSyncRequest],
    ["vpc-lattice", latticeRequest],
    ["vpc-lattice", { raw_path: "/orders", method: "GET", headers: {}, query_string_parameters: {}, body: "" }],
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

  test("an archive's replay is told by name, itself and wrapped", () => {
    const replayed = { ...busEvent("e-1"), "replay-name": "again" };
    const inSns = notification("n-1", { Message: JSON.stringify(replayed) });
    for (const event of [
      replayed,
      { Records: [sqsRecord("m-1", { body: wrapped(replayed) })] },
      { Records: [sqsRecord("m-1", { body: wrapped(inSns) })] },
      { Records: [snsRecord("n-1", { Message: JSON.stringify(replayed) })] },
    ])
      expect(detectTrigger(event).records[0]?.replay).toBe("again");
    expect(detectTrigger(busEvent("e-1")).records[0]).not.toHaveProperty("replay");
  });

  test("a service of AWS that sent the event is told, itself and wrapped", () => {
    const event = { ...busEvent("e-1"), source: "aws.ec2" };
    for (const one of [event, { Records: [sqsRecord("m-1", { body: wrapped(event) })] }])
      expect(detectTrigger(one).records[0]?.awsSource).toBe("aws.ec2");
    expect(detectTrigger(busEvent("e-1")).records[0]).not.toHaveProperty("awsSource");
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
    expect(detectTrigger(event)).toEqual({
      type: "step-functions",
      destination: "checkout",
      attempt: attemptSpan({
        execution: EXECUTION_ARN,
        state: "Charge",
        enteredTime: "2026-01-01T00:00:00.000Z",
        retryCount: 0,
        redriveCount: 0,
      }),
      records: [record],
    });
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
      expect(stateOf(event)).toEqual({ execution: EXECUTION_ARN, name: "Charge", retryCount: 2 });
    expect(stateOf({ State: { Name: 7, RetryCount: "2" } })).toEqual({});
    expect(stateOf("text")).toEqual({});
  });

  test("is the attempt that its state, its retries and redrives name: by Datadog's recipe and vector", () => {
    const execution =
      "arn:aws:states:sa-east-1:425362996713:express:logs-to-traces-sequential:85a9933e-9e11-83dc-6a61-b92367b6c3be:3f7ef5c7-c8b8-4c88-90a1-d54aa7e7e2bf";
    const payload = (RetryCount: number, RedriveCount: number) => ({
      Execution: { Id: execution, RedriveCount },
      State: { Name: "step-one", EnteredTime: "2022-12-08T21:08:19.224Z", RetryCount },
    });
    const { traceId = "", spanId = "" } = detectTrigger(payload(2, 0)).attempt ?? {};
    expect(BigInt(`0x${spanId}`)).toBe(7_747_304_477_664_363_642n);
    expect(BigInt(`0x${traceId.slice(16)}`) & (2n ** 63n - 1n)).toBe(1_139_193_989_631_387_307n);
    const [first, redriven] = [payload(0, 0), payload(0, 1)].map((event) => detectTrigger(event).attempt?.spanId);
    expect(new Set([spanId, first, redriven]).size).toBe(3);
    for (const part of ["Name", "EnteredTime"])
      expect(detectTrigger(contextObject({ [part]: undefined })).attempt, part).toBeUndefined();
  });

  describe("that waits for a callback", () => {
    const token = `AQCEAAAAKgAAAAMAAAAA${"x7".repeat(60)}=`;
    const keyed = [taskTokenKey(token)];
    const tokensOf = (event: unknown) =>
      detectTrigger(event).records.flatMap(({ keys }) => keys.filter(({ kind }) => kind === "sfn-task-token"));

    test.each([
      ["mapped with the context object", { ...contextObject(), Task: { Token: token } }],
      ["in a carrier", { _mayfly: { ...contextObject(), Task: { Token: token } } }],
      ["as AWS's examples call it", { order: 7, MyTaskToken: token }],
      ["as Lambda's example calls it", { input: {}, token }],
      [
        "in a message's body",
        { Records: [sqsRecord("m-1", { body: JSON.stringify({ Message: "hi", TaskToken: token }) })] },
      ],
      ["in a notification", { Records: [snsRecord("n-1", { Message: JSON.stringify({ task_token: token }) })] }],
      ["in an event's detail", busEvent("e-1", { taskToken: token })],
    ])("is given its token, and only the hash is kept: %s", (_where, event) => {
      expect(tokensOf(event)).toEqual(keyed);
    });

    test.each([
      ["another token", { token: "c2Vzc2lvbg==".repeat(12) }],
      ["a token by another name", { comment: token }],
      ["no text", { taskToken: { value: token } }],
    ])("is not seen in %s", (_what, event) => {
      expect(tokensOf(event)).toEqual([]);
    });
  });

  describe("of a nested execution", () => {
    const [parent, root] = ["order", "season"].map(
      (name) => `arn:aws:states:eu-west-1:111122223333:execution:${name}:r`,
    );
    const startedBy = { AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: parent };
    const withInput = (Input: Json) => ({ ...contextObject(), Execution: { Id: EXECUTION_ARN, Input } });

    test.each([
      ["in the execution's input", withInput(startedBy), [EXECUTION_ARN, parent]],
      ["beside the context object", { ...startedBy, ...contextObject() }, [EXECUTION_ARN, parent]],
      ["where that is all", { order: 7, ...startedBy }, [parent]],
      ["with Datadog's root", { _datadog: { ...contextObject(), RootExecutionId: root } }, [EXECUTION_ARN, root]],
      ["the nearest first", { RootExecutionId: root, ...withInput(startedBy) }, [EXECUTION_ARN, parent, root]],
      ["each once", { RootExecutionId: EXECUTION_ARN, ...contextObject() }, [EXECUTION_ARN]],
      [
        "of a Distributed Map's batch",
        withInput({ Items: [], BatchInput: { _datadog: { Execution: { Id: parent }, RootExecutionId: root } } }),
        [EXECUTION_ARN, parent, root],
      ],
      ["not what is no execution", withInput({ AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: "me" }), [EXECUTION_ARN]],
    ])("knows who started it: %s", (_where, event, ids) => {
      const { records } = detectTrigger(event);
      expect(records.flatMap(({ keys }) => keys)).toEqual(ids.map((id) => ({ kind: "sfn-execution", id })));
    });

    test("of whose own execution nothing is told has the context of its input", () => {
      const event = { ...startedBy, _mayfly: { traceparent: traceparent("a") } };
      expect(detectTrigger(event)).toMatchObject({ type: "unknown", records: [{ contexts: [w3c("a")] }] });
    });
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

describe("Datadog's carrier", () => {
  const json = JSON.stringify(datadogHeaders);
  const wrapped = (body: Json) => ({ Records: [sqsRecord("m-1", { body: JSON.stringify(body) })] });

  test.each<[string, unknown]>([
    ["headers of any case", restRequest({ headers: { ...datadogHeaders, "X-Datadog-Trace-Id": "7" } })],
    ["headers of many values", albRequest({ multiValueHeaders: mapped(datadogHeaders, (value) => [value]) })],
    ["what a REST authorizer answered", restRequest({}, { authorizer: { _datadog: base64(json) } })],
    ["what an HTTP authorizer answered", httpRequest({}, { authorizer: { lambda: { _datadog: base64(json) } } })],
    ["an attribute in SQS", { Records: [sqsRecord("m-1", { messageAttributes: { _datadog: text(json) } })] }],
    [
      "a binary attribute in SQS",
      {
        Records: [
          sqsRecord("m-1", { messageAttributes: { _datadog: { binaryValue: base64(json), dataType: "Binary" } } }),
        ],
      },
    ],
    [
      "an attribute in SNS",
      { Records: [snsRecord("n-1", { MessageAttributes: { _datadog: { Type: "String", Value: json } } })] },
    ],
    [
      "a binary attribute in SNS",
      { Records: [snsRecord("n-1", { MessageAttributes: { _datadog: { Type: "Binary", Value: base64(json) } } })] },
    ],
    ["an event's detail", busEvent("e-1", { _datadog: datadogHeaders })],
    ["an event's detail in SQS", wrapped(busEvent("e-1", { _datadog: datadogHeaders }))],
    ["the body of a message", wrapped({ order: 7, _datadog: datadogHeaders })],
    ["a Kinesis record", { Records: [kinesisRecord("1", JSON.stringify({ order: 7, _datadog: datadogHeaders }))] }],
    ["a task's input", { ...contextObject(), _datadog: datadogHeaders }],
    ["a task's input beside the context object", { _datadog: { ...contextObject(), ...datadogHeaders } }],
    [
      "an execution's input",
      { ...contextObject(), Execution: { Id: EXECUTION_ARN, Input: { _datadog: datadogHeaders } } },
    ],
    [
      "headers of Kafka",
      kafkaEvent({
        "t-0": [
          kafkaRecord(
            1,
            Object.entries(datadogHeaders).map(([key, value]) => ({ [key]: bytesOf(String(value)) })),
          ),
        ],
      }),
    ],
    ["Pub/Sub attributes", { ...pubsubPush, message: { messageId: "p-1", attributes: datadogHeaders } }],
  ])("is read from %s", (_where, event) => {
    expect(contextsOf(event)).toEqual([datadog]);
  });

  test.each(["custom", "Custom"])("is read from a client context, under %s, bare or as _datadog", (name) => {
    for (const custom of [datadogHeaders, { _datadog: datadogHeaders }])
      expect(onlyRecord(detectTrigger({}, { clientContext: { [name]: custom } })).contexts).toEqual([datadog]);
  });

  test("stands behind W3C and before X-Ray", () => {
    const headers = { "x-amzn-trace-id": xrayHeader("b"), ...datadogHeaders, traceparent: traceparent("a") };
    expect(contextsOf(httpRequest({ headers }))).toEqual([w3c("a"), datadog, xray("b")]);
  });

  test.each<[string, Json, CarriedContext | undefined]>([
    [
      "without a high half it has zeros",
      { "x-datadog-tags": "" },
      { ...datadog, traceId: `${"0".repeat(16)}8448eb211c80319c` },
    ],
    ["without a parent it names the trace alone", { "x-datadog-parent-id": "0" }, without(datadog, "spanId")],
    ["dropped is unsampled", { "x-datadog-sampling-priority": "-1" }, { ...datadog, sampled: false }],
    ["undecided is neither", { "x-datadog-sampling-priority": "" }, without(datadog, "sampled")],
    ["small ids are filled up", { "x-datadog-parent-id": "015" }, { ...datadog, spanId: "000000000000000f" }],
    [
      "the largest id has all bits",
      { "x-datadog-parent-id": "18446744073709551615" },
      { ...datadog, spanId: "f".repeat(16) },
    ],
    ["an id of more bits is none", { "x-datadog-trace-id": "18446744073709551616" }, undefined],
    ["zero is no id", { "x-datadog-trace-id": "0" }, undefined],
    ["hex is no id", { "x-datadog-trace-id": "8448eb211c80319c" }, undefined],
    ["a number is no id, its last digits are lost", { "x-datadog-trace-id": 9_532_127_138_774_266_000 }, undefined],
  ])("%s", (_what, change, expected) => {
    const detail = { _datadog: { ...datadogHeaders, ...change } };
    expect(contextsOf(busEvent("e-1", detail))).toEqual(expected ? [expected] : []);
  });
});

describe("a Kinesis batch", () => {
  const key = (id: string) => ({ kind: "kinesis-record", scope: "clicks/shardId-000000000006", id });

  test("yields each record's sequence number and key, in the scope of stream and shard", () => {
    const data = JSON.stringify({ _mayfly: { traceparent: traceparent("a") } });
    expect(detectTrigger({ Records: [kinesisRecord("1", data), kinesisRecord("2", "hello")] })).toEqual({
      type: "kinesis",
      destination: "clicks",
      records: [
        { id: "1", contexts: [w3c("a")], keys: [key("1")] },
        { id: "2", contexts: [], keys: [key("2")] },
      ],
    });
  });

  test("opens what a record wraps", () => {
    const { keys } = onlyRecord(detectTrigger({ Records: [kinesisRecord("1", JSON.stringify(busEvent("e-1")))] }));
    expect(keys).toEqual([key("1"), { kind: "eventbridge-event", id: "e-1" }]);
  });

  test("from a pipe is a list, whose records stand flat", () => {
    const { kinesis, ...rest } = kinesisRecord("1", "hello") as { readonly kinesis: Json };
    expect(detectTrigger([{ ...rest, ...kinesis }])).toEqual({
      type: "kinesis",
      destination: "clicks",
      records: [{ id: "1", contexts: [], keys: [key("1")] }],
    });
  });
});

test("a queue's records from a pipe are a list of the same records", () => {
  expect(detectTrigger([sqsRecord("m-1")])).toEqual(detectTrigger({ Records: [sqsRecord("m-1")] }));
});

describe("a DynamoDB batch", () => {
  const keysOf = (...args: Parameters<typeof dynamodbRecord>) =>
    onlyRecord(detectTrigger({ Records: [dynamodbRecord(...args)] })).keys;

  test("yields each change's number, and a key of the item's own keys in its table", () => {
    const { type, destination, records } = detectTrigger({ Records: [dynamodbRecord("1"), dynamodbRecord("2")] });
    expect([type, destination, records.map(({ id }) => id)]).toEqual(["dynamodb", "orders", ["1", "2"]]);
    expect(keysOf("1")).toEqual([dynamodbKey("orders", { sk: { N: "7" }, pk: { S: "o-1" } })]);
  });

  test("keeps customers' keys to itself", () => {
    expect(keysOf("1")[0]?.id).toMatch(/^[0-9a-f]{32}$/);
  });

  test("tells items apart by every key", () => {
    const other = keysOf("1", { Keys: { pk: { S: "o-1" }, sk: { N: "8" } } });
    expect(other).not.toEqual(keysOf("1"));
  });

  test("whose item expired has no key: nobody deleted it", () => {
    const userIdentity = { type: "Service", principalId: "dynamodb.amazonaws.com" };
    expect(keysOf("1", {}, { eventName: "REMOVE", userIdentity })).toEqual([]);
  });

  test.each<[string, Json]>([
    ["an attribute", { traceparent: { S: traceparent("a") } }],
    ["a map", { _mayfly: { M: { traceparent: { S: traceparent("a") } } } }],
    ["a text", { _mayfly: { S: JSON.stringify({ traceparent: traceparent("a") }) } }],
  ])("carries a context that was written into the item, as %s", (_how, NewImage) => {
    expect(contextsOf({ Records: [dynamodbRecord("1", { NewImage })] })).toEqual([w3c("a")]);
  });
});

describe("a notification of S3", () => {
  test("yields the id of the request that wrote the object, and the object's version, its name decoded", () => {
    expect(detectTrigger({ Records: [s3Record("orders/a+b%21.json")] })).toEqual({
      type: "s3",
      destination: "uploads",
      records: [
        {
          id: "R1",
          contexts: [],
          keys: [{ kind: "s3-request", id: "R1" }, s3ObjectKey("uploads", "orders/a b!.json", '"e1"')],
        },
      ],
    });
  });

  test("names a version by its id where the bucket has them, and keeps a name that is not encoded", () => {
    const [, object] = onlyRecord(detectTrigger({ Records: [s3Record("100%", { versionId: "v1" })] })).keys;
    expect(object).toEqual({ kind: "s3-object", scope: "uploads", id: "100%@v1" });
  });

  test("is opened in SQS, in SNS in SQS, and on a bus, where the name is not encoded", () => {
    const notified = JSON.stringify({ Records: [s3Record("a+b")] });
    const inSns = JSON.stringify(notification("n-1", { Message: notified }));
    const detail = { bucket: { name: "uploads" }, object: { key: "a b", etag: "e1" }, "request-id": "R1" };
    const keys = [{ kind: "s3-request", id: "R1" }, s3ObjectKey("uploads", "a b", "e1")];
    for (const event of [
      { Records: [sqsRecord("m-1", { body: notified })] },
      { Records: [sqsRecord("m-1", { body: inSns })] },
      { ...busEvent("e-1", detail), source: "aws.s3" },
    ])
      expect(onlyRecord(detectTrigger(event)).keys.slice(-2)).toEqual(keys);
  });

  test("of a test has no keys", () => {
    const body = JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "uploads" });
    expect(onlyRecord(detectTrigger({ Records: [sqsRecord("m-1", { body })] })).keys).toHaveLength(1);
  });
});

describe("a Kafka batch", () => {
  const key = (id: string) => ({ kind: "kafka-record", scope: "b-1.c:9092,b-2.c:9092", id });

  test("yields the records of all partitions in order, each known by topic, partition and offset among sorted brokers", () => {
    const records = { "orders-0": [kafkaRecord(1), kafkaRecord(2)], "orders-1": [{ ...kafkaRecord(1), partition: 1 }] };
    expect(detectTrigger(kafkaEvent(records))).toEqual({
      type: "kafka",
      destination: "orders",
      records: ["orders/0/1", "orders/0/2", "orders/1/1"].map((id) => ({ id, contexts: [], keys: [key(id)] })),
    });
  });

  test.each<[string, (bytes: number[]) => unknown]>([
    ["numbers", (bytes) => bytes],
    ["digits", (bytes) => bytes.map(String)],
    ["bytes by index", (bytes) => Object.fromEntries(bytes.entries())],
  ])("carries contexts in headers, as %s", (_how, written) => {
    const headers = [{ TraceParent: written(bytesOf(traceparent("a"))) }, { tracestate: written(bytesOf("v=1")) }];
    const event = kafkaEvent({ "orders-0": [kafkaRecord(1, headers)] });
    expect(contextsOf(event)).toEqual([{ ...w3c("a"), traceState: "v=1" }]);
  });

  test("of one's own cluster is one too", () => {
    expect(detectTrigger(kafkaEvent({}, { eventSource: "SelfManagedKafka" })).type).toBe("kafka");
  });

  test.each([[null], [7], [{ "t-0": null }], [{ "t-0": [] }], [[]]])("with %j for records has none", (records) => {
    expect(detectTrigger(kafkaEvent(records))).toEqual({ type: "kafka", records: [] });
  });
});

describe("a CloudEvent", () => {
  const key = { kind: "cloudevent", scope: "/shop", id: "c-1" };

  test("yields its id in the scope of its source, and its own context", () => {
    expect(detectTrigger(cloudEvent("c-1", { traceparent: traceparent("a"), data: { order: 7 } }))).toEqual({
      type: "cloudevents",
      destination: "shop.order.placed",
      records: [{ id: "c-1", contexts: [w3c("a")], keys: [key] }],
    });
  });

  test("may come as a list", () => {
    const { type, records } = detectTrigger([cloudEvent("c-1"), cloudEvent("c-2")]);
    expect([type, records.map(({ id }) => id)]).toEqual(["cloudevents", ["c-1", "c-2"]]);
  });

  test("over HTTP has its attributes in headers, and the request's own context goes before its", () => {
    const headers = {
      traceparent: traceparent("a"),
      "Ce-Id": "c-1",
      "ce-source": "/shop",
      "ce-traceparent": traceparent("b"),
    };
    const { contexts, keys } = onlyRecord(detectTrigger(httpRequest({ headers })));
    expect(contexts).toEqual([w3c("a"), w3c("b")]);
    expect(keys).toContainEqual(key);
  });

  test("in a queue or an event's detail is opened", () => {
    for (const event of [
      { Records: [sqsRecord("m-1", { body: JSON.stringify(cloudEvent("c-1")) })] },
      busEvent("e-1", cloudEvent("c-1")),
    ])
      expect(onlyRecord(detectTrigger(event)).keys.at(-1)).toEqual(key);
  });

  test("around a message of Pub/Sub has both ids", () => {
    const { contexts, keys } = onlyRecord(detectTrigger(cloudEvent("c-1", { data: pubsubPush })));
    expect(keys).toEqual([key, { kind: "pubsub-message", id: "p-1" }]);
    expect(contexts).toEqual([w3c("a")]);
  });
});

describe("a push of Pub/Sub", () => {
  test("yields its message id and the context under Google's own name, and names its subscription", () => {
    expect(detectTrigger(pubsubPush)).toEqual({
      type: "pubsub",
      destination: "orders",
      records: [{ id: "p-1", contexts: [w3c("a")], keys: [{ kind: "pubsub-message", id: "p-1" }] }],
    });
  });
});

describe("what an asynchronous invocation came to", () => {
  const key = { kind: "lambda-request", id: "r-9" };

  test("names the function and the invocation it tells of", () => {
    expect(detectTrigger(destinationRecord)).toEqual({
      type: "lambda-destination",
      destination: "charge",
      records: [{ id: "r-9", contexts: [], keys: [key] }],
    });
  });

  test("is told in a queue, on a bus and in a dead-letter queue too", () => {
    for (const event of [
      { Records: [sqsRecord("m-1", { body: JSON.stringify(destinationRecord) })] },
      busEvent("e-1", destinationRecord),
      deadLetter,
    ])
      expect(onlyRecord(detectTrigger(event)).keys.at(-1)).toEqual(key);
  });

  test("is told of a stream's batch that was given up, which has no payloads", () => {
    const { requestPayload: _, responsePayload: __, ...told } = destinationRecord;
    const record = { ...told, KinesisBatchInfo: { shardId: "shardId-000000000001", batchSize: 2 } };
    const body = JSON.stringify(record);
    for (const event of [{ Records: [sqsRecord("m-1", { body })] }, { Records: [snsRecord("n-1", { Message: body })] }])
      expect(onlyRecord(detectTrigger(event)).keys.at(-1)).toEqual(key);
  });
});

test("a schedule names its rule, and so does the default event of Scheduler", () => {
  const resources = ["arn:aws:events:eu-west-1:111122223333:rule/every-hour"];
  for (const source of ["aws.events", "aws.scheduler"])
    expect(detectTrigger({ ...busEvent("e-1"), source, "detail-type": "Scheduled Event", resources })).toEqual({
      type: "schedule",
      destination: "every-hour",
      records: [],
    });
});

test("an event of CodeBuild is known as such and keeps its id", () => {
  const { type, records } = detectTrigger({ ...busEvent("e-1"), source: "aws.codebuild" });
  expect([type, records[0]?.id]).toEqual(["codebuild", "e-1"]);
});

describe("only the type is told of", () => {
  test.each(Object.entries(RARE).flatMap(([type, events]) => events.map((event) => [type, event] as const)))(
    "%s",
    (type, event) => {
      expect(detectTrigger(event)).toEqual({ type, records: [] });
    },
  );

  test("what lacks one of its parts is unknown", () => {
    const flat = Object.values(RARE)
      .flat()
      .filter((event) => !("Records" in event) && !("eventSource" in event));
    const lacking = flat.filter((event) =>
      Object.keys(event).every((key) => detectTrigger({ [key]: event[key] }).type !== "unknown"),
    );
    const single = ["awslogs", "directive", "CodePipeline.job", "info"];
    expect(lacking.filter((event) => !single.some((key) => key in event))).toEqual([]);
  });
});

test.each([
  ["undefined", undefined],
  ["null", null],
  ["a number", 7],
  ["a text", "hello"],
  ["a list", [{ id: "o-1" }, { id: "o-2" }]],
  ["an empty list", []],
  ["nothing", {}],
  ["an application's own JSON", { id: "o-1", source: "web", detail: {}, headers: {}, path: "/", httpMethod: "GET" }],
  ["no records", { Records: [] }],
  ["records that are none", { Records: [null, 7, sqsRecord("m-1")] }],
  ["records with a hole", { Records: Object.assign([], { 1: sqsRecord("m-1") }) }],
  ["records of a later version", { Records: [{ eventSource: "aws:queue-of-2030", queue: {} }] }],
  ["a source that is a name of every object", { Records: [{ eventSource: "constructor" }], eventSource: "toString" }],
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
  { ...contextObject(), AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: EXECUTION_ARN },
  { Items: [], BatchInput: { _datadog: { ...contextObject(), RootExecutionId: EXECUTION_ARN } } },
  { _datadog: contextObject() },
  durableExecution,
  { Records: [kinesisRecord("1", JSON.stringify({ _datadog: datadogHeaders })), kinesisRecord("2", "hello")] },
  { Records: [dynamodbRecord("1", { NewImage: { _mayfly: { M: { traceparent: { S: traceparent("a") } } } } })] },
  { Records: [s3Record("orders/a+b%21.json")] },
  kafkaEvent({ "orders-0": [kafkaRecord(1, [{ traceparent: bytesOf(traceparent("a")) }])] }),
  { ...cloudEvent("c-1", { data: pubsubPush }), traceparent: traceparent("a") },
  pubsubPush,
  deadLetter,
  destinationRecord,
  appSyncRequest,
  latticeRequest,
  ...Object.values(RARE).flat(),
];

/** A share of what `pnpm check:long` runs, which is a million events and more. */
const TIMES = process.env["MAYFLY_LONG"] === "true" ? 260 : 1;

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
      { numRuns: 500 * TIMES },
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
      { numRuns: 3_000 * TIMES },
    );
  });

  test("for a text cut off or broken anywhere", () => {
    const body = JSON.stringify(notification("n-1", { Message: JSON.stringify(busEvent("e-1")), ...carrying("a") }));
    fc.assert(
      fc.property(fc.nat(body.length), fc.nat(4), fc.string(), (at, length, put) => {
        const broken = body.slice(0, at) + put + body.slice(at + length);
        expect(faultsOf(detectTrigger({ Records: [sqsRecord("m-1", { body: broken })] }))).toEqual([]);
      }),
      { numRuns: 500 * TIMES },
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

const TYPES = `http sqs sns eventbridge schedule kinesis firehose dynamodb s3 step-functions lambda kafka mq documentdb
  cloudwatch-logs cloudwatch-alarm cloudfront cognito iot ses lex alexa connect config codepipeline codecommit codebuild codedeploy
  cloudformation s3-batch s3-object-lambda secrets-manager bedrock-agent appsync-events lambda-destination cloudevents pubsub gcs
  transfer-family unknown`.split(/\s+/);
const KINDS =
  `sqs-message sns-message eventbridge-event lambda-request http-request sfn-execution sfn-task-token kinesis-record dynamodb-record
  s3-request s3-object kafka-record pubsub-message cloudevent`.split(/\s+/);
const TRUST = ["w3c", "datadog", "xray"];
const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** What is wrong with a trigger by the words of its type. */
function faultsOf(trigger: Trigger): string[] {
  const faults: string[] = [];
  const claim = (holds: boolean, fault: string): void => void (holds || faults.push(fault));
  claim(TYPES.includes(trigger.type), `type ${trigger.type}`);
  claim((trigger.type === "http") === (trigger.source !== undefined), "source");
  claim(trigger.destination === undefined || typeof trigger.destination === "string", "destination");
  const isKnown = trigger.type !== "unknown" || trigger.records.every(({ keys }) => keys.length > 0);
  claim(isKnown, "records of the unknown");
  claim(
    !trigger.attempt || /^[0-9a-f]{32}\.[0-7][0-9a-f]{15}$/.test(Object.values(trigger.attempt).join(".")),
    "attempt",
  );
  for (const { id, contexts, keys } of trigger.records) {
    claim(id === undefined || isText(id), "id");
    for (const key of keys) {
      claim(KINDS.includes(key.kind) && isText(key.id), `key ${key.kind}`);
      claim(key.scope === undefined || isText(key.scope), "scope");
    }
    for (const [n, { format, traceId, spanId, sampled, traceState }] of contexts.entries()) {
      claim(/^(?!0{32})[0-9a-f]{32}$/.test(traceId), `trace id ${traceId}`);
      claim(spanId === undefined ? format !== "w3c" : /^(?!0{16})[0-9a-f]{16}$/.test(spanId), `span id ${spanId}`);
      claim(sampled === undefined ? format !== "w3c" : typeof sampled === "boolean", "sampled");
      claim(traceState === undefined || isText(traceState), "tracestate");
      claim(TRUST.indexOf(format) >= TRUST.indexOf(contexts[n - 1]?.format ?? "w3c"), "in order of trust");
    }
  }
  return faults;
}

function mapped(value: Json, to: (one: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, to(one)]));
}

function without(context: CarriedContext, name: keyof CarriedContext): CarriedContext {
  return Object.fromEntries(Object.entries(context).filter(([key]) => key !== name)) as never;
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
