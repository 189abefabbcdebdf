import { SpanKind } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { describe, expect, test } from "vitest";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";
import { readInvocation } from "../invocation.ts";
import { detectTrigger } from "../trigger/detect.ts";
import { lossAttributes, startInvocationSpan } from "./invocation-span.ts";

const sqsRecord = (id: string, queue = "orders") => ({
  eventSource: "aws:sqs",
  messageId: id,
  eventSourceARN: `arn:aws:sqs:eu-west-1:111122223333:${queue}`,
});
const sqs = (...records: object[]) => ({ Records: records });
const sns = {
  Records: [{ EventSource: "aws:sns", Sns: { MessageId: "n-1", TopicArn: "arn:aws:sns:eu-west-1:111122223333:news" } }],
};
const busEvent = { id: "e-1", "detail-type": "OrderPlaced", source: "shop", detail: {} };
const schedule = { ...busEvent, source: "aws.events", "detail-type": "Scheduled Event" };
const http = {
  version: "2.0",
  routeKey: "GET /orders/{id}",
  rawPath: "/orders/7",
  requestContext: {
    http: { method: "GET" },
    requestId: "h-1",
    apiId: "api",
    domainName: "api.execute-api.eu-west-1.amazonaws.com",
  },
};
const alb = (httpMethod: string) => ({ requestContext: { elb: { targetGroupArn: "arn" } }, httpMethod, path: "/o/7" });
const EXECUTION = "arn:aws:states:eu-west-1:111122223333:execution:checkout:run-1";
const task = { Execution: { Id: EXECUTION, RedriveCount: 1 }, State: { Name: "Charge", RetryCount: 2 } };

/** The span of one invocation by this event, in a fresh environment. */
const invocationBy = async (event: unknown, { isCold = false, context = {} } = {}) => {
  const { state } = await freshSdk();
  const sdk = state();
  sdk.loaded = { atMs: Date.now(), durationMs: 120 };
  const lambda = { ...lambdaContext("r-1"), ...context };
  const trigger = detectTrigger(event, lambda);
  const started = startInvocationSpan(
    sdk,
    readInvocation(lambda, { isFirst: isCold, loadedAtMs: Date.now() }),
    trigger,
    event,
  );
  started.describe();
  return started.span as unknown as ReadableSpan;
};

describe("name, kind and trigger follow what invoked the function", () => {
  test.each([
    ["HTTP", http, "GET /orders/{id}", SpanKind.SERVER, "http", "http"],
    ["HTTP without a route", { ...http, routeKey: "$default" }, "GET", SpanKind.SERVER, "http", "http"],
    ["an ALB", alb("POST"), "POST", SpanKind.SERVER, "http", "http"],
    ["HTTP by a method of the caller's own", alb("BREW-7"), "HTTP", SpanKind.SERVER, "http", "http"],
    ["SQS", sqs(sqsRecord("m-1")), "process orders", SpanKind.CONSUMER, "pubsub", "sqs"],
    ["SNS", sns, "process news", SpanKind.CONSUMER, "pubsub", "sns"],
    ["EventBridge", busEvent, "process OrderPlaced", SpanKind.CONSUMER, "pubsub", "eventbridge"],
    [
      "Kinesis",
      { Records: [{ eventSource: "aws:kinesis", eventSourceARN: "arn:aws:kinesis:eu-west-1:1:stream/clicks" }] },
      "process clicks",
      SpanKind.CONSUMER,
      "pubsub",
      "kinesis",
    ],
    ["S3", { Records: [{ eventSource: "aws:s3" }] }, "checkout", SpanKind.SERVER, "datasource", "s3"],
    ["a mail", { Records: [{ eventSource: "aws:ses" }] }, "checkout", SpanKind.SERVER, "other", "ses"],
    ["a schedule", schedule, "checkout", SpanKind.SERVER, "timer", "schedule"],
    ["Step Functions", task, "checkout", SpanKind.SERVER, "other", "step-functions"],
    ["anything else", { order: 7 }, "checkout", SpanKind.SERVER, "other", "unknown"],
  ])("%s", async (_what, event, name, kind, faasTrigger, trigger) => {
    const span = await invocationBy(event);
    expect([span.name, span.kind]).toEqual([name, kind]);
    expect(span.attributes).toMatchObject({ "faas.trigger": faasTrigger, "mayfly.trigger": trigger });
  });

  test("a direct invoke", async () => {
    const span = await invocationBy({}, { context: { clientContext: {} } });
    expect(span.attributes).toMatchObject({ "faas.trigger": "other", "mayfly.trigger": "lambda" });
  });
});

describe("the keys it consumed", () => {
  test.each([
    ["an API's request", http, ["http-request|api|h-1"]],
    ["a message", sqs(sqsRecord("m-1")), ["sqs-message|arn:aws:sqs:eu-west-1:111122223333:orders|m-1"]],
    ["a notification", sns, ["sns-message|news|n-1"]],
    ["an event", busEvent, ["eventbridge-event||e-1"]],
    ["an execution", task, [`sfn-execution||${EXECUTION}`]],
    ["nothing known", 7, []],
  ])("are those of %s, and its own request id whatever invoked it", async (_what, event, keys) => {
    const span = await invocationBy(event);
    expect(span.attributes["mayfly.keys.consumed"]).toEqual([...keys, "lambda-request||r-1"]);
  });

  test("are those of every record of a batch", async () => {
    const span = await invocationBy(sqs(sqsRecord("m-1"), sqsRecord("m-2")));
    expect(span.attributes["mayfly.keys.consumed"]).toEqual([
      "sqs-message|arn:aws:sqs:eu-west-1:111122223333:orders|m-1",
      "sqs-message|arn:aws:sqs:eu-west-1:111122223333:orders|m-2",
      "lambda-request||r-1",
    ]);
  });

  test("are also the Root of Lambda's header where that came with many records, and only there", async () => {
    const context = { xRayTraceId: "Root=1-6956B300-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=0" };
    const keysOf = async (...ids: string[]) =>
      (await invocationBy(sqs(...ids.map((id) => sqsRecord(id))), { context })).attributes["mayfly.keys.consumed"];
    expect(await keysOf("m-1", "m-2")).toContain("xray-root||1-6956b300-0123456789abcdef01234567");
    expect(await keysOf("m-1")).not.toContainEqual(expect.stringContaining("xray-root"));
  });

  test("are none where there is no request id, as in a test harness", async () => {
    const span = await invocationBy({}, { context: { awsRequestId: undefined } });
    expect(span.attributes["mayfly.keys.consumed"]).toEqual([]);
  });
});

describe("messaging attributes", () => {
  test("of one message have its id and no count", async () => {
    const { attributes } = await invocationBy(sqs(sqsRecord("m-1")));
    expect(attributes).toMatchObject({
      "messaging.system": "aws_sqs",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": "orders",
      "messaging.message.id": "m-1",
    });
    expect(attributes).not.toHaveProperty("messaging.batch.message_count");
  });

  test("of a batch have a count and no id", async () => {
    const { attributes } = await invocationBy(sqs(sqsRecord("m-1"), sqsRecord("m-2", "returns")));
    expect(attributes).toMatchObject({
      "messaging.batch.message_count": 2,
      "messaging.destination.name": "multiple_sources",
    });
    expect(attributes).not.toHaveProperty("messaging.message.id");
  });

  test.each([
    ["aws.sns", sns],
    ["aws_eventbridge", busEvent],
  ])("name the system as the conventions spell it: %s", async (system, event) => {
    expect((await invocationBy(event)).attributes["messaging.system"]).toBe(system);
  });

  test("are on no request", async () => {
    const names = Object.keys((await invocationBy(http)).attributes);
    expect(names.filter((name) => name.startsWith("messaging."))).toEqual([]);
  });
});

test("a request says method, path, host and route", async () => {
  expect((await invocationBy(http)).attributes).toMatchObject({
    "http.request.method": "GET",
    "url.path": "/orders/7",
    "server.address": "api.execute-api.eu-west-1.amazonaws.com",
    "http.route": "/orders/{id}",
  });
});

test("a method that no standard knows is kept beside `_OTHER`", async () => {
  expect((await invocationBy(alb("BREW-7"))).attributes).toMatchObject({
    "http.request.method": "_OTHER",
    "http.request.method_original": "BREW-7",
    "url.path": "/o/7",
  });
  expect((await invocationBy(http)).attributes).not.toHaveProperty("http.request.method_original");
});

test("an event from an archive says which replay sent it again", async () => {
  const { attributes } = await invocationBy({ ...busEvent, "replay-name": "since-monday" });
  expect(attributes).toMatchObject({ "mayfly.eventbridge.replay_name": "since-monday" });
  expect((await invocationBy(busEvent)).attributes).not.toHaveProperty("mayfly.eventbridge.replay_name");
});

test("an event that a service of AWS sent names the service; one of an application's own names nothing", async () => {
  const name = "mayfly.eventbridge.source";
  expect((await invocationBy({ ...busEvent, source: "aws.ec2" })).attributes).toMatchObject({ [name]: "aws.ec2" });
  expect((await invocationBy(busEvent)).attributes).not.toHaveProperty(name);
});

test("a task says its state and how often it was tried before", async () => {
  expect((await invocationBy(task)).attributes).toMatchObject({
    "mayfly.sfn.execution.arn": EXECUTION,
    "mayfly.sfn.redrive_count": 1,
    "mayfly.sfn.state.name": "Charge",
    "mayfly.sfn.state.retry_count": 2,
  });
});

test("only a cold start says how long loading took", async () => {
  const cold = await invocationBy({}, { isCold: true });
  expect(cold.attributes).toMatchObject({
    "faas.coldstart": true,
    "mayfly.init_duration_ms": 120,
  });
  const warm = await invocationBy({});
  expect(warm.attributes["faas.coldstart"]).toBe(false);
  expect(warm.attributes).not.toHaveProperty("mayfly.init_duration_ms");
});

test("the ARN is as invoked, the resource has the version for the alias", async () => {
  const invokedFunctionArn = "arn:aws:lambda:eu-west-1:111122223333:function:checkout:live";
  const { attributes } = await invocationBy({}, { context: { invokedFunctionArn } });
  expect(attributes).toMatchObject({
    "aws.lambda.invoked_arn": invokedFunctionArn,
    "cloud.resource_id": "arn:aws:lambda:eu-west-1:111122223333:function:checkout:$LATEST",
    "cloud.account.id": "111122223333",
  });
});

test("loss is said where there is any", async () => {
  const { state } = await freshSdk();
  expect(lossAttributes(state())).toEqual({});
  state().injectSkipped = 3;
  expect(lossAttributes(state())).toEqual({ "mayfly.sdk.inject_skipped": 3 });
});
