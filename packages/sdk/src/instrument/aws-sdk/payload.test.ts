import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { expect, test } from "vitest";
import { type Aws, type Called, calling, traceparentOf } from "../../../test/aws.ts";
import { detectTrigger } from "../../trigger/detect.ts";
import { FULL, withContext } from "./payload.ts";

const CARRIER = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
const FIELD = `"_mayfly":${JSON.stringify(CARRIER)}`;

test.each([
  ['{"a":1}', `{"a":1,${FIELD}}`],
  [' { "b" : [ 1.0, {} ] , "a":"}" }\n', ` { "b" : [ 1.0, {} ] , "a":"}" ,${FIELD}}\n`],
  ["{}", `{${FIELD}}`],
])("an object gets one field more and stays otherwise as it is: %s", (text, expected) => {
  expect(withContext(text, CARRIER, 1_000)).toBe(expected);
  expect(JSON.parse(expected)).toMatchObject({ _mayfly: CARRIER });
});

test.each(["[1]", '"text"', "7", "null", "", "{", "{a:1}", '{"_mayfly":{}}', "<xml/>"])("%s is left alone", (text) => {
  expect(withContext(text, CARRIER, 1_000)).toBeUndefined();
});

test("what would become too long is left alone, and said", () => {
  expect(withContext('{"a":1}', CARRIER, 20)).toBe(FULL);
});

const ALL = { env: { MAYFLY_INJECT_PAYLOAD: "eventbridge,stepfunctions,kinesis,s3" } };
const bodyOf = ({ requests }: Called): Record<string, unknown> => JSON.parse(requests[0]?.body ?? "");
const skippedIn = ({ invocation }: Called): unknown => invocation.attributes["mayfly.sdk.inject_skipped"];

test("every event of a call that has room carries the span, and the function it comes to reads it", async () => {
  const details = ['{"orderId":7}', "[]", `{"filler":"${"x".repeat(261_760)}"}`, '{"orderId":8}'];
  const called = await calling(
    () => ({ body: JSON.stringify({ FailedEntryCount: 0, Entries: details.map((_, n) => ({ EventId: `e-${n}` })) }) }),
    ({ client }) =>
      new EventBridgeClient(client).send(
        new PutEventsCommand({ Entries: details.map((Detail) => ({ Source: "s", DetailType: "t", Detail })) }),
      ),
    ALL,
  );
  const { Entries } = bodyOf(called) as { Entries: { Detail: string }[] };
  const [first, second, third] = Entries.map(({ Detail }) => Detail);
  const [span] = called.spans;
  expect(JSON.parse(first ?? "")).toEqual({ orderId: 7, _mayfly: { traceparent: traceparentOf(span as never) } });
  expect([second, third]).toEqual(details.slice(1, 3));
  expect(skippedIn(called)).toBeGreaterThanOrEqual(1);
  const event = { id: "e-0", "detail-type": "t", source: "s", detail: JSON.parse(first ?? "") as unknown };
  expect(detectTrigger(event).records[0]?.contexts).toMatchObject([{ format: "w3c", spanId: span?.spanId }]);
});

test("an execution's input carries it, one that was given none too", async () => {
  for (const input of ['{"orderId":7}', undefined]) {
    const called = await calling(
      () => ({ body: JSON.stringify({ executionArn: "arn", startDate: 1 }) }),
      ({ client }) =>
        new SFNClient(client).send(new StartExecutionCommand({ stateMachineArn: "arn", ...(input && { input }) })),
      ALL,
    );
    expect(JSON.parse(String(bodyOf(called)["input"]))).toEqual({
      ...(input && { orderId: 7 }),
      _mayfly: { traceparent: traceparentOf(called.spans[0] as never) },
    });
  }
});

test("each record that is a JSON object carries it, others go out byte for byte", async () => {
  const data = [Buffer.from('{"n":1}'), Buffer.from([0xff, 0, 1]), Buffer.from("plain")];
  const called = await calling(
    () => ({ body: JSON.stringify({ FailedRecordCount: 0, Records: [] }) }),
    ({ client }: Aws) =>
      new KinesisClient({ ...client, requestHandler: new NodeHttpHandler() }).send(
        new PutRecordsCommand({ StreamName: "clicks", Records: data.map((Data) => ({ PartitionKey: "p", Data })) }),
      ),
    ALL,
  );
  const { Records } = bodyOf(called) as { Records: { Data: string }[] };
  const sent = Records.map(({ Data }) => Buffer.from(Data, "base64"));
  expect(JSON.parse(String(sent[0]))).toMatchObject({ n: 1, _mayfly: { traceparent: expect.any(String) } });
  expect(sent.slice(1)).toEqual(data.slice(1));
});

test("an object's metadata carries it while there is room", async () => {
  const put = (Metadata: Record<string, string>) =>
    calling(
      () => ({ body: "" }),
      ({ client }) =>
        new S3Client({ ...client, forcePathStyle: true }).send(
          new PutObjectCommand({ Bucket: "files", Key: "a", Body: "hi", Metadata }),
        ),
      ALL,
    );
  const called = await put({ owner: "me" });
  expect(called.requests[0]?.headers).toMatchObject({
    "x-amz-meta-owner": "me",
    "x-amz-meta-traceparent": traceparentOf(called.spans[0] as never),
  });
  const full = await put({ filler: "x".repeat(2_000) });
  expect(full.requests[0]?.headers).not.toHaveProperty("x-amz-meta-traceparent");
  expect(skippedIn(full)).toBe(1);
});

test("without the variable nothing is put into any payload", async () => {
  const called = await calling(
    () => ({ body: JSON.stringify({ executionArn: "arn", startDate: 1 }) }),
    ({ client }) => new SFNClient(client).send(new StartExecutionCommand({ stateMachineArn: "arn", input: "{}" })),
  );
  expect(bodyOf(called)["input"]).toBe("{}");
});
