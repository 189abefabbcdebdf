import type { Gap } from "@mayfly/api";
import { describe, expect, test } from "vitest";
import type { SpanRecord } from "../model/span.ts";
import { findTrace } from "../query/find.ts";
import { type SpanSpec, span, spanId, traceId } from "../../test/builders.ts";
import { LATER, at, stored } from "../../test/stitched.ts";
import { gapsOf } from "./gaps.ts";

const gapsAt = async (asked: string, ...spans: readonly SpanRecord[]): Promise<readonly Gap[]> => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, asked);
  return found ? gapsOf(found.trace, found.graph, LATER) : [];
};

const reasons = (gaps: readonly Gap[]): string[] => gaps.map(({ reason }) => reason);

describe("what begins by itself has no gap before it", () => {
  test.each<readonly [string, SpanSpec]>([
    ["a request from outside", { attributes: { "faas.trigger": "http" }, consumes: ["http-request q"] }],
    ["a schedule", { attributes: { "faas.trigger": "timer" }, consumes: ["eventbridge-event e"] }],
    ["an upload", { consumes: ["s3-request q", "s3-object uploads a.png@e"] }],
    ["an upload that a queue tells of", { consumes: ["sqs-message m", "s3-request q"] }],
    [
      "an event of an AWS service",
      { consumes: ["eventbridge-event e"], attributes: { "mayfly.eventbridge.source": "aws.ec2" } },
    ],
    ["a call of Lambda's API", { consumes: ["lambda-request r"], attributes: { "faas.trigger": "other" } }],
  ])("%s", async (_what, spec) => {
    expect(await gapsAt("r", span("entry", { in: "entry", request: "r", kind: 2, ...spec }))).toEqual([]);
  });
});

describe("a consumer whose sender is unknown", () => {
  test("says which message it was, and of an item how its writer can tell", async () => {
    const [message] = await gapsAt("r", span("a", { in: "a", request: "r", consumes: ["eventbridge-event e"] }));
    expect(message).toMatchObject({
      reason: "unknown-producer",
      message: "a received EventBridge event id e, and no span says it sent that.",
    });
    const [item] = await gapsAt("r", span("a", { in: "a", request: "r", consumes: ["dynamodb-record orders k"] }));
    expect(item).toMatchObject({
      reason: "unknown-producer",
      message: "a was told of a change of DynamoDB item k, and no span says it wrote that.",
      advice: expect.stringContaining("MAYFLY_DYNAMODB_KEYS"),
    });
  });

  test.each<readonly [string, SpanSpec]>([
    ["by its trigger", { kind: 2, attributes: { "faas.trigger": "pubsub" } }],
    ["by the messaging system", { kind: 5, attributes: { "messaging.system": "aws_sqs" } }],
  ])("and says %s alone that there was a message", async (_how, spec) => {
    const gaps = await gapsAt("r", span("worker", { in: "worker", request: "r", ...spec }));
    expect(gaps).toMatchObject([{ reason: "no-message-id", at: { spanId: spanId("worker") } }]);
  });
});

describe("what several may have sent", () => {
  const write = (name: string, ms: number) =>
    span(name, { trace: name, in: name, request: `r-${name}`, produces: ["dynamodb-record orders k"], at: at(ms) });
  const stream = span("stream", {
    trace: "s",
    in: "stream",
    request: "r-s",
    consumes: ["dynamodb-record orders k"],
    at: at(50),
  });

  test("is a gap that names them, the latest first, and none that wrote afterwards", async () => {
    const [gap, ...others] = await gapsAt("r-s", write("a", 0), write("b", 20), write("late", 60_000), stream);
    expect(others).toEqual([]);
    expect(gap).toMatchObject({
      reason: "ambiguous-producer",
      at: { traceId: traceId("s") },
      key: { kind: "dynamodb-record", id: "k" },
      message:
        "stream was told of a change of DynamoDB item k, which 2 spans say they wrote: which of them it was cannot be told.",
      candidates: [
        { traceId: traceId("b"), spanId: spanId("b"), name: "b" },
        { traceId: traceId("a"), spanId: spanId("a"), name: "a" },
      ],
    });
  });

  test("is none where something else tells who it was", async () => {
    const told = span("stream", {
      trace: "a",
      parent: "a",
      isRemote: true,
      in: "stream",
      request: "r-s",
      consumes: ["dynamodb-record orders k"],
      at: at(50),
    });
    expect(reasons(await gapsAt("r-s", write("a", 0), write("b", 20), told))).toEqual([]);
  });

  test("names ten of them at most, and says how many there are", async () => {
    const writers = Array.from({ length: 12 }, (_, n) => write(`w${n}`, n));
    const [gap] = await gapsAt("r-s", ...writers, stream);
    expect(gap?.message).toContain("12 spans");
    expect(gap?.candidates?.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, n) => `w${11 - n}`));
  });
});

describe("what was sent, and nobody received", () => {
  const api = span("api", { in: "api", request: "r", at: at(0, 50) });
  const call = (spec: SpanSpec) => span("call", { parent: "api", in: "api", kind: 3, at: at(1), ...spec });
  const aws = (service: string, method: string) => ({
    "rpc.system": "aws-api",
    "rpc.service": service,
    "rpc.method": method,
  });

  test.each(["sqs-message m", "eventbridge-event e", "sfn-execution arn", "kinesis-record s 1", "lambda-request q"])(
    "is a gap: %s",
    async (key) => {
      expect(reasons(await gapsAt("r", api, call({ produces: [key] })))).toEqual(["no-consumer"]);
    },
  );

  test("says which function was invoked and which execution started, and how to have them here", async () => {
    const [invoked] = await gapsAt(
      "r",
      api,
      call({ produces: ["lambda-request q"], attributes: { "faas.invoked_name": "charge" } }),
    );
    expect(invoked).toMatchObject({
      message: "api invoked charge (Lambda request id q), and nothing of that invocation has arrived.",
      advice: expect.stringContaining("Lambda's own records"),
    });
    const [started] = await gapsAt("r", api, call({ produces: ["sfn-execution arn"] }));
    expect(started).toMatchObject({
      message: "api started Step Functions execution arn, and nothing of it has arrived.",
      advice: expect.stringContaining("mayfly import step-functions --execution-arn arn"),
    });
  });

  test.each([
    "dynamodb-record orders k",
    "s3-request q",
    "s3-object uploads a@e",
    "http-request q",
    "sfn-task-token t",
  ])("is none where nobody need receive it: %s", async (key) => {
    expect(await gapsAt("r", api, call({ produces: [key] }))).toEqual([]);
  });

  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ["SQS.SendMessage", aws("SQS", "SendMessage")],
    ["the call as newer conventions write it", { "rpc.system.name": "aws-api", "rpc.method": "EventBridge/PutEvents" }],
    ["Datadog's or X-Ray's spelling", { "aws.service": "SNS", "aws.operation": "publish" }],
    ["a record of a stream", aws("Kinesis", "PutRecords")],
  ])("is a gap where a call says no id of it: %s", async (_what, attributes) => {
    expect(reasons(await gapsAt("r", api, call({ attributes })))).toEqual(["no-message-id"]);
  });

  test("is none of a call that runs still: it may say its id when it ends, and what it sent waits from its start", async () => {
    const inProgress = { key: "mayfly.in_progress", value: { boolValue: true } };
    const running = ({ wire, ...record }: SpanRecord): SpanRecord => ({
      ...record,
      wire: { ...wire, endTimeUnixNano: 0n, attributes: [...wire.attributes, inProgress] },
    });
    expect(await gapsAt("r", api, running(call({ attributes: aws("SQS", "SendMessage") })))).toEqual([]);
    const sent = running(call({ produces: ["sqs-message m"] }));
    const { store } = await stored(api, sent);
    const found = (await findTrace(store, "r"))!;
    const due = sent.start + 30_000_000_000n;
    expect(reasons(gapsOf(found.trace, found.graph, due - 1n))).toEqual([]);
    expect(reasons(gapsOf(found.trace, found.graph, due))).toEqual(["no-consumer"]);
  });

  test("is a gap where a producer says no id of it, whatever the system", async () => {
    const send = call({ kind: 4, attributes: { "messaging.system": "kafka" } });
    expect(reasons(await gapsAt("r", api, send))).toEqual(["no-message-id"]);
  });

  test.each<readonly [string, SpanSpec]>([
    ["reads", { attributes: aws("SQS", "ReceiveMessage") }],
    ["writes to what is no stream of events", { attributes: aws("Firehose", "PutRecord") }],
    ["failed", { attributes: aws("SQS", "SendMessage"), error: true }],
    ["calls some service", { attributes: { "http.request.method": "POST" } }],
  ])("is none where a call %s", async (_what, spec) => {
    expect(await gapsAt("r", api, call(spec))).toEqual([]);
  });
});
