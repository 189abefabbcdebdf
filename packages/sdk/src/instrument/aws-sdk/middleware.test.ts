/** What holds for every AWS call, whatever the service. */
import { ListQueuesCommand, SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { type Answering, calling, md5 } from "../../../test/aws.ts";

const SENT = { body: JSON.stringify({ MessageId: "m-1", MD5OfMessageBody: md5("hello") }) };
const failure = (status: number, type: string) => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: `it is ${type}` }),
});

const sending = (answer: Answering) =>
  calling(answer, (aws) =>
    new SQSClient(aws.client).send(new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" })),
  );

test("retries stand inside one span, which says how many there were", async () => {
  const called = await sending((_request, attempt) => (attempt < 3 ? failure(503, "ServiceUnavailable") : SENT));
  expect(called.requests).toHaveLength(3);
  expect(called.spans).toHaveLength(1);
  expect(called.spans[0]?.attributes).toMatchObject({
    "http.request.resend_count": 2,
    "aws.request_id": "aws-request-3",
    "http.response.status_code": 200,
  });
  expect(called.spans[0]?.status?.code ?? 0).toBe(0);
});

test("every attempt sends the same message", async () => {
  const called = await sending((_request, attempt) => (attempt < 2 ? failure(503, "ServiceUnavailable") : SENT));
  const [first, second] = called.requests;
  expect(second?.body).toBe(first?.body);
});

test("a call that failed is marked with the service's own error, and throws it on", async () => {
  const called = await sending(() => failure(400, "QueueDoesNotExist"));
  expect(called.thrown).toBeInstanceOf(Error);
  expect(called.thrown).toMatchObject({ name: "QueueDoesNotExist", $metadata: { httpStatusCode: 400 } });
  expect(called.spans).toMatchObject([
    {
      status: { code: 2, message: "it is QueueDoesNotExist" },
      attributes: {
        "error.type": "QueueDoesNotExist",
        "http.response.status_code": 400,
        "aws.request_id": "aws-request-1",
      },
      events: [{ name: "exception" }],
    },
  ]);
  expect(called.spans[0]?.attributes).not.toHaveProperty("mayfly.keys.produced");
  expect(called.invocation.status?.code ?? 0).toBe(0);
});

test("a call that failed after all retries says how many there were", async () => {
  const called = await sending(() => failure(503, "ServiceUnavailable"));
  expect(called.spans).toHaveLength(1);
  expect(called.spans[0]).toMatchObject({ status: { code: 2 }, attributes: { "http.request.resend_count": 2 } });
});

test("an operation without a rule of its own has a client span, and its request is untouched", async () => {
  const called = await calling(
    () => ({ body: "{}" }),
    (aws) => new SQSClient(aws.client).send(new ListQueuesCommand({ QueueNamePrefix: "o" })),
  );
  expect(called.thrown).toBeUndefined();
  expect(JSON.parse(called.requests[0]?.body ?? "")).toEqual({ QueueNamePrefix: "o" });
  expect(called.spans).toMatchObject([
    { name: "SQS.ListQueues", kind: 3, attributes: { "rpc.method": "SQS/ListQueues", "cloud.region": "eu-west-1" } },
  ]);
});

test("the region is the client's, not the function's", async () => {
  const called = await calling(
    () => ({ body: "{}" }),
    (aws) => new SQSClient({ ...aws.client, region: "us-east-2" }).send(new ListQueuesCommand({})),
  );
  expect(called.invocation.attributes["cloud.region"]).not.toBe("us-east-2");
  expect(called.spans[0]?.attributes["cloud.region"]).toBe("us-east-2");
  expect(called.spans[0]?.attributes).not.toHaveProperty("faas.invoked_region");
});

test("a client that knows no region fails as it does without us", async () => {
  const called = await calling(
    () => ({ body: "{}" }),
    (aws) =>
      new SQSClient({ ...aws.client, region: () => Promise.reject<string>(new Error("no region")) }).send(
        new ListQueuesCommand({}),
      ),
  );
  expect(called.thrown).toMatchObject({ message: "no region" });
  expect(called.spans).toMatchObject([{ name: "SQS.ListQueues", status: { code: 2, message: "no region" } }]);
  expect(called.spans[0]?.attributes).not.toHaveProperty("cloud.region");
});

test("calls side by side have a span each, with their own context in what they send", async () => {
  const called = await calling(
    () => SENT,
    async (aws) => {
      const client = new SQSClient(aws.client);
      const command = new SendMessageCommand({ QueueUrl: `${aws.url}/1/orders`, MessageBody: "hello" });
      await Promise.all([client.send(command), client.send(command), client.send(command)]);
    },
  );
  expect(called.spans).toHaveLength(3);
  const carried = called.requests.map(({ body }) => /00-[0-9a-f]{32}-([0-9a-f]{16})-03/.exec(body)?.[1]);
  expect(new Set(carried)).toEqual(new Set(called.spans.map(({ spanId }) => spanId)));
  for (const { parentSpanId } of called.spans) expect(parentSpanId).toBe(called.invocation.spanId);
});
