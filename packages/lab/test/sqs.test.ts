import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  type Message,
  ReceiveMessageCommand,
  StartMessageMoveTaskCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import type { EventSourceMapping, LabDefinition, LabOptions, QueueDefinition } from "../src/index.ts";
import { type Rig, eventually, fn, startRig } from "./rig.ts";

interface SqsEvent {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly attributes: Readonly<Record<string, string>>;
  }[];
}

interface QueueRig extends Rig {
  readonly queueUrl: string;
  /** Up to ten messages, in one request. */
  readonly send: (...bodies: readonly string[]) => Promise<readonly string[]>;
  readonly batches: () => readonly SqsEvent[];
}

const startQueue = async (
  mapping: Partial<EventSourceMapping>,
  { queue = {}, handler = "handler", ...options }: LabOptions & { queue?: QueueDefinition; handler?: string } = {},
): Promise<QueueRig> => {
  const definition: LabDefinition = {
    functions: { worker: fn("recorder", handler) },
    queues: { jobs: queue, failed: {} },
    eventSourceMappings: [{ queue: "jobs", function: "worker", ...mapping }],
  };
  const rig = await startRig(definition, options);
  const queueUrl = rig.lab.queueUrl("jobs");
  return {
    ...rig,
    queueUrl,
    batches: () => rig.events<SqsEvent>("worker"),
    async send(...bodies) {
      const Entries = bodies.map((MessageBody, n) => ({ Id: String(n), MessageBody }));
      const { Successful = [] } = await rig.sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      return Successful.map(({ MessageId = "" }) => MessageId);
    },
  };
};

const bodiesOf = (batches: readonly SqsEvent[]): string[][] =>
  batches.map(({ Records }) => Records.map(({ body }) => body));

test("a message arrives as a record of Lambda's SQS event, with its attributes", async () => {
  const { sqs, lab, queueUrl, batches } = await startQueue({});

  const { MessageId, MD5OfMessageBody } = await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: "hello",
      MessageAttributes: {
        tenant: { DataType: "String", StringValue: "t-1" },
        bytes: { DataType: "Binary", BinaryValue: new Uint8Array([1, 255]) },
      },
    }),
  );
  await lab.idle();

  expect(batches()).toEqual([
    {
      Records: [
        {
          messageId: MessageId,
          receiptHandle: expect.any(String) as string,
          body: "hello",
          attributes: expect.objectContaining({
            ApproximateReceiveCount: "1",
            SentTimestamp: expect.stringMatching(/^\d{13}$/) as string,
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as string,
            SenderId: expect.any(String) as string,
          }) as object,
          messageAttributes: {
            tenant: { stringValue: "t-1", stringListValues: [], binaryListValues: [], dataType: "String" },
            bytes: { binaryValue: "Af8=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
          },
          md5OfBody: MD5OfMessageBody,
          eventSource: "aws:sqs",
          eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:jobs",
          awsRegion: "eu-west-1",
        },
      ],
    },
  ]);
});

test("a batch is never larger than batchSize", async () => {
  const { lab, send, batches } = await startQueue({ batchSize: 2 });

  await send("a", "b", "c", "d", "e");
  await lab.idle();

  const sizes = batches().map(({ Records }) => Records.length);
  expect(Math.max(...sizes)).toBe(2);
  expect(bodiesOf(batches()).flat().toSorted()).toEqual(["a", "b", "c", "d", "e"]);
});

test("within the window messages of several sends, more than one receive gives, become one batch", async () => {
  const { lab, send, batches } = await startQueue({ batchSize: 12, maximumBatchingWindowMs: 30_000 });

  await send("1", "2", "3", "4", "5", "6", "7");
  await send("8", "9", "10", "11", "12");
  await lab.idle();

  expect(bodiesOf(batches()).map((bodies) => bodies.length)).toEqual([12]);
});

test("a batch that does not fill goes out when its window ends", async () => {
  const { lab, send, batches } = await startQueue({ batchSize: 100, maximumBatchingWindowMs: 300 });

  await send("alone");
  await lab.idle();

  expect(bodiesOf(batches())).toEqual([["alone"]]);
});

test("only what a partial batch response names comes back, after the visibility timeout, counted", async () => {
  const { lab, send, batches } = await startQueue(
    { reportBatchItemFailures: true },
    { handler: "batch", queue: { visibilityTimeoutMs: 2_000 } },
  );

  const [good, bad] = await send('{"failTimes":0}', '{"failTimes":1}');
  await lab.idle();

  const seen = batches().flatMap(({ Records }) =>
    Records.map(({ messageId, attributes }) => [messageId, attributes["ApproximateReceiveCount"]]),
  );
  expect(seen.filter(([id]) => id === good)).toEqual([[good, "1"]]);
  expect(seen.filter(([id]) => id === bad)).toEqual([
    [bad, "1"],
    [bad, "2"],
  ]);
});

test("without reportBatchItemFailures a response that names failures deletes them all the same", async () => {
  const { lab, send, batches } = await startQueue({}, { handler: "batch" });

  await send('{"failTimes":1}');
  await lab.idle();

  expect(batches()).toHaveLength(1);
});

test("after maxReceiveCount failures a message is in the dead-letter queue", async () => {
  const redrivePolicy = { deadLetterQueue: "failed", maxReceiveCount: 2 };
  const { lab, sqs, send, logs } = await startQueue(
    {},
    { handler: "failing", queue: { visibilityTimeoutMs: 1_000, redrivePolicy } },
  );

  const [sent] = await send("poison");
  await lab.idle();

  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: lab.queueUrl("failed"), WaitTimeSeconds: 5 }),
  );
  expect(Messages.map(({ MessageId, Body }) => [MessageId, Body])).toEqual([[sent, "poison"]]);
  expect(logs.filter(({ text }) => text.startsWith("recorded"))).toHaveLength(2);
  expect(lab.truth.deliveries.map(({ outcome }) => outcome)).toEqual(["error", "error"]);
});

test("duplicateDeliveries hands the same messages to a second invocation, and then they are gone", async () => {
  const { lab, send, batches } = await startQueue({}, { duplicateDeliveries: 0.5, random: () => 0.49 });

  await send("twice");
  await lab.idle();

  expect(bodiesOf(batches())).toEqual([["twice"], ["twice"]]);
  expect(new Set(lab.truth.deliveries.map(({ requestId }) => requestId)).size).toBe(2);
});

test("queue URLs are on the endpoint's own origin, so that an SDK that follows them arrives", async () => {
  const { lab, sqs } = await startRig({ functions: {}, queues: { jobs: {} } });

  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "jobs" }));
  const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));

  expect(QueueUrl).toBe(lab.queueUrl("jobs"));
  expect(QueueUrls).toEqual([lab.queueUrl("jobs")]);
  expect(new URL(lab.queueUrl("jobs")).origin).toBe(lab.environment["AWS_ENDPOINT_URL_SQS"]);
});

test("AWSTraceHeader is kept from send to receive, for whoever asks for it", async () => {
  const { lab, sqs } = await startRig({ functions: {}, queues: { jobs: {} } });
  const QueueUrl = lab.queueUrl("jobs");
  const header = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=0";
  const AWSTraceHeader = { DataType: "String", StringValue: header } as const;
  const Entries = [
    { Id: "with", MessageBody: "with", MessageSystemAttributes: { AWSTraceHeader } },
    { Id: "without", MessageBody: "without" },
  ];
  await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const receive = async (asked: object): Promise<readonly Message[]> => {
    const input = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, WaitTimeSeconds: 5, ...asked };
    return (await sqs.send(new ReceiveMessageCommand(input))).Messages ?? [];
  };
  const headers = (messages: readonly Message[]): object =>
    Object.fromEntries(messages.map(({ Body = "", Attributes }) => [Body, Attributes?.AWSTraceHeader]));

  expect(headers(await receive({ MessageSystemAttributeNames: ["AWSTraceHeader"] }))).toEqual({ with: header });
  expect(headers(await receive({ MessageSystemAttributeNames: ["All"] }))).toEqual({ with: header });
  expect(headers(await receive({}))).toEqual({ with: undefined, without: undefined });
});

test("a queue without a mapping keeps its messages until somebody deletes them", async () => {
  const { lab, sqs } = await startRig({ functions: {}, queues: { jobs: { visibilityTimeoutMs: 1_000 } } });
  const QueueUrl = lab.queueUrl("jobs");
  const receive = async (): Promise<Message | undefined> => {
    const input = { QueueUrl, WaitTimeSeconds: 5, AttributeNames: ["All" as const] };
    return (await sqs.send(new ReceiveMessageCommand(input))).Messages?.[0];
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "job" }));

  const first = await receive();
  const second = await receive(); // waits until the first has become visible again
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }));

  expect([first, second].map((message) => message?.Attributes?.["ApproximateReceiveCount"])).toEqual(["1", "2"]);
  expect(second?.MessageId).toBe(first?.MessageId);
});

test("idle() waits for a message that is delayed", async () => {
  const { lab, sqs, queueUrl, batches } = await startQueue({});

  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "later", DelaySeconds: 1 }));
  await lab.idle();

  expect(bodiesOf(batches())).toEqual([["later"]]);
});

test("a lab closes while a batch is in the works", async () => {
  const { lab, send, batches } = await startQueue({}, { handler: "stuck" });
  await send("a");
  await eventually(() => expect(batches()).toHaveLength(1));

  await lab.close();

  expect(lab.truth.deliveries.map(({ outcome }) => outcome)).toEqual(["crash"]);
});

test("a message in a dead-letter queue names the queue it came from; moved back it has a new id, which the truth knows", async () => {
  const redrivePolicy = { deadLetterQueue: "failed", maxReceiveCount: 1 };
  const rig = await startQueue({}, { handler: "failing", queue: { visibilityTimeoutMs: 1_000, redrivePolicy } });
  const { lab, sqs, send } = rig;
  const [sent = ""] = await send("poison");
  await lab.idle();
  const dead = {
    QueueUrl: lab.queueUrl("failed"),
    VisibilityTimeout: 0,
    WaitTimeSeconds: 5,
    MessageSystemAttributeNames: ["DeadLetterQueueSourceArn" as const],
  };

  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(dead));
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: "arn:aws:sqs:eu-west-1:000000000000:failed" }));
  await lab.idle();

  expect(Messages.map(({ MessageId, Attributes }) => [MessageId, Attributes?.["DeadLetterQueueSourceArn"]])).toEqual([
    [sent, "arn:aws:sqs:eu-west-1:000000000000:jobs"],
  ]);
  const ids = lab.truth.deliveries.flatMap(({ causes }) => causes.map(({ via }) => via.id));
  expect(ids).toEqual([sent, expect.not.stringMatching(sent)]);
  expect(lab.truth.movedMessages).toEqual(new Map([[ids[1], sent]]));
});
