import {
  type MessageAttributeValue,
  SQS,
  SQSClient,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import {
  type Answering,
  type Aws,
  type Called,
  type Invoked,
  calling,
  frozen,
  md5,
  requestWith,
  traceparentOf,
} from "../../../test/aws.ts";

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttributeValue>>;
}

interface Sent extends Entry {
  readonly QueueUrl: string;
  readonly Entries?: readonly Entry[];
}

/** Ids are `m-` and the body; an entry whose body is "bad" fails. */
const answer: Answering = ({ body }) => {
  const sent = JSON.parse(body) as Sent;
  if (sent.Entries === undefined)
    return { body: JSON.stringify({ MessageId: `m-${sent.MessageBody}`, MD5OfMessageBody: md5(sent.MessageBody) }) };
  const isGood = ({ MessageBody }: Entry): boolean => MessageBody !== "bad";
  return {
    body: JSON.stringify({
      Successful: sent.Entries.filter(isGood).map(({ Id, MessageBody }) => ({
        Id,
        MessageId: `m-${MessageBody}`,
        MD5OfMessageBody: md5(MessageBody),
      })),
      Failed: sent.Entries.filter((one) => !isGood(one)).map(({ Id }) => ({ Id, SenderFault: true, Code: "Invalid" })),
    }),
  };
};

const attribute = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
const attributes = (count: number): Record<string, MessageAttributeValue> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`own${n}`, attribute(String(n))]));

const queueOf = ({ url }: Aws): string => `${url}/111122223333/orders`;

const sending = (message: { MessageAttributes?: Record<string, MessageAttributeValue> } = {}, invoked?: Invoked) =>
  calling(
    answer,
    (aws) =>
      new SQSClient(aws.client).send(
        new SendMessageCommand({ QueueUrl: queueOf(aws), MessageBody: "hello", ...message }),
      ),
    invoked,
  );

const batching = (
  entries: { Id: string; MessageBody: string; MessageAttributes?: Record<string, MessageAttributeValue> }[],
) =>
  calling(answer, (aws) =>
    new SQSClient(aws.client).send(new SendMessageBatchCommand({ QueueUrl: queueOf(aws), Entries: entries })),
  );

const sentBy = ({ requests, thrown }: Called): Sent => {
  expect(thrown).toBeUndefined();
  expect(requests).toHaveLength(1);
  return JSON.parse(requests[0]?.body ?? "") as Sent;
};

describe("SendMessage", () => {
  test("a message carries the span that sent it", async () => {
    const called = await sending();
    const [span] = called.spans;
    expect(called.spans).toHaveLength(1);
    expect(sentBy(called)).toEqual({
      QueueUrl: queueOf(called),
      MessageBody: "hello",
      MessageAttributes: { traceparent: attribute(span ? traceparentOf(span) : "") },
    });
  });

  test("the span is a producer under the invocation, with queue, ids and key", async () => {
    const called = await sending();
    expect(called.spans[0]).toMatchObject({
      name: "send orders",
      kind: 4,
      traceId: called.invocation.traceId,
      parentSpanId: called.invocation.spanId,
      attributes: {
        "rpc.method": "SQS/SendMessage",
        "messaging.system": "aws_sqs",
        "messaging.destination.name": "orders",
        "messaging.operation.type": "send",
        "messaging.message.id": "m-hello",
        "aws.sqs.queue.url": queueOf(called),
        "aws.request_id": "aws-request-1",
        "http.response.status_code": 200,
        "mayfly.keys.produced": [`sqs-message|${queueOf(called)}|m-hello`],
      },
    });
  });

  test("an upstream's tracestate goes along, and its unsampled flag is not raised", async () => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`, "rojo=1");
    const called = await sending({}, { event });
    const [span] = called.spans;
    expect(sentBy(called).MessageAttributes).toEqual({
      traceparent: attribute(span ? traceparentOf(span, "00") : ""),
      tracestate: attribute("rojo=1"),
    });
    expect(span?.traceId).toBe("a".repeat(32));
  });

  test.each(["traceparent", "Traceparent"])("a %s of the application's own stays as it is", async (name) => {
    const MessageAttributes = { [name]: attribute("00-their-own-01"), other: attribute("x") };
    const called = await sending({ MessageAttributes });
    expect(sentBy(called).MessageAttributes).toEqual(MessageAttributes);
    expect(called.sdk.state().injectSkipped).toBe(0);
  });

  test("a tracestate of the application's own stays as it is", async () => {
    const called = await sending(
      { MessageAttributes: { tracestate: attribute("theirs=1") } },
      { event: requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`, "rojo=1") },
    );
    expect(sentBy(called).MessageAttributes?.["tracestate"]).toEqual(attribute("theirs=1"));
  });

  test("the tenth attribute is ours, an eleventh is not: that is counted", async () => {
    const nine = await sending({ MessageAttributes: attributes(9) });
    expect(Object.keys(sentBy(nine).MessageAttributes ?? {})).toHaveLength(10);
    expect(nine.sdk.state().injectSkipped).toBe(0);
    const ten = await sending({ MessageAttributes: attributes(10) });
    expect(sentBy(ten).MessageAttributes).toEqual(attributes(10));
    expect(ten.sdk.state().injectSkipped).toBe(1);
  });

  test("with room for one, it is the traceparent", async () => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`, "rojo=1");
    const called = await sending({ MessageAttributes: attributes(9) }, { event });
    const sent = Object.keys(sentBy(called).MessageAttributes ?? {});
    expect(sent).toHaveLength(10);
    expect(sent).toContain("traceparent");
  });
});

describe("SendMessageBatch", () => {
  test("each entry carries the one span, and the span has a key for each, in their order", async () => {
    const called = await batching([
      { Id: "a", MessageBody: "1" },
      { Id: "b", MessageBody: "2", MessageAttributes: { own: attribute("x") } },
    ]);
    const [span] = called.spans;
    const traceparent = attribute(span ? traceparentOf(span) : "");
    expect(called.spans).toHaveLength(1);
    expect(sentBy(called).Entries).toEqual([
      { Id: "a", MessageBody: "1", MessageAttributes: { traceparent } },
      { Id: "b", MessageBody: "2", MessageAttributes: { own: attribute("x"), traceparent } },
    ]);
    expect(span?.attributes).toMatchObject({
      "messaging.batch.message_count": 2,
      "mayfly.keys.produced": [`sqs-message|${queueOf(called)}|m-1`, `sqs-message|${queueOf(called)}|m-2`],
    });
    expect(span?.attributes).not.toHaveProperty("messaging.message.id");
  });

  test("an entry that failed has no key", async () => {
    const called = await batching([
      { Id: "a", MessageBody: "bad" },
      { Id: "b", MessageBody: "2" },
    ]);
    expect(called.spans[0]?.attributes["mayfly.keys.produced"]).toEqual([`sqs-message|${queueOf(called)}|m-2`]);
  });

  test("an entry that failed is an error of the call, which counts it and throws nothing", async () => {
    const called = await batching([
      { Id: "a", MessageBody: "bad" },
      { Id: "b", MessageBody: "2" },
    ]);
    expect(called.thrown).toBeUndefined();
    expect(called.spans).toMatchObject([
      {
        status: { code: 2, message: "1 of 2 entries refused" },
        attributes: { "error.type": "Invalid", "mayfly.entries_failed": 1 },
      },
    ]);
  });

  test("without one there is no error", async () => {
    const called = await batching([{ Id: "b", MessageBody: "2" }]);
    expect(called.spans[0]?.status?.code ?? 0).toBe(0);
  });

  test("a full entry is left alone and counted, its neighbours carry", async () => {
    const called = await batching([
      { Id: "a", MessageBody: "1", MessageAttributes: attributes(10) },
      { Id: "b", MessageBody: "2", MessageAttributes: { traceparent: attribute("00-their-own-01") } },
      { Id: "c", MessageBody: "3" },
    ]);
    const [full, theirs, ours] = sentBy(called).Entries ?? [];
    expect(full?.MessageAttributes).toEqual(attributes(10));
    expect(theirs?.MessageAttributes).toEqual({ traceparent: attribute("00-their-own-01") });
    expect(Object.keys(ours?.MessageAttributes ?? {})).toEqual(["traceparent"]);
    expect(called.sdk.state().injectSkipped).toBe(1);
  });
});

test("the application's objects are not touched, and a command may be sent twice", async () => {
  let command: SendMessageCommand | undefined;
  const called = await calling(answer, async (aws) => {
    const input = frozen({ QueueUrl: queueOf(aws), MessageBody: "hello", MessageAttributes: { own: attribute("x") } });
    command = new SendMessageCommand(input);
    const client = new SQSClient(aws.client);
    await client.send(command);
    await client.send(command);
    const Entries = [{ Id: "a", MessageBody: "1", MessageAttributes: {} }];
    await client.send(new SendMessageBatchCommand(frozen({ QueueUrl: queueOf(aws), Entries })));
  });
  expect(called.thrown).toBeUndefined();
  expect(command?.input.MessageAttributes).toEqual({ own: attribute("x") });
  const carried = called.requests.slice(0, 2).map(({ body }) => (JSON.parse(body) as Sent).MessageAttributes);
  expect(carried.map((one) => one?.["traceparent"]?.StringValue)).toEqual(
    called.spans.slice(0, 2).map((span) => traceparentOf(span)),
  );
});

test("the aggregated client is the same", async () => {
  const called = await calling(answer, (aws) =>
    new SQS(aws.client).sendMessage({ QueueUrl: queueOf(aws), MessageBody: "hello" }),
  );
  expect(Object.keys(sentBy(called).MessageAttributes ?? {})).toEqual(["traceparent"]);
});

test("what the application gets back is what it gets without us", async () => {
  let answered: object = {};
  await calling(answer, async (aws) => {
    answered = await new SQSClient(aws.client).send(
      new SendMessageCommand({ QueueUrl: queueOf(aws), MessageBody: "hello" }),
    );
  });
  expect(answered).toMatchObject({ MessageId: "m-hello", $metadata: { httpStatusCode: 200, attempts: 1 } });
});
