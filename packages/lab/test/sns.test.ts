import { PublishBatchCommand, PublishCommand } from "@aws-sdk/client-sns";
import { expect, test } from "vitest";
import type { LabDefinition, TopicSubscription } from "../src/index.ts";
import { type Rig, fn, startRig } from "./rig.ts";

interface SnsEvent {
  readonly Records: readonly {
    readonly Sns: { readonly MessageId: string; readonly Message: string; readonly MessageAttributes: object };
  }[];
}

const byText = (a = "", b = ""): number => a.localeCompare(b);

interface Records {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly messageAttributes: object;
  }[];
}

const startTopic = (...subscriptions: readonly TopicSubscription[]): Promise<Rig> => {
  const definition: LabDefinition = {
    functions: { direct: fn("recorder"), second: fn("recorder"), behind: fn("recorder") },
    queues: { news: {} },
    eventSourceMappings: [{ queue: "news", function: "behind" }],
    topics: { news: { subscriptions } },
  };
  return startRig(definition);
};

const ATTRIBUTES = {
  kind: { DataType: "String", StringValue: "order" },
  bytes: { DataType: "Binary", BinaryValue: new Uint8Array([1, 255]) },
};
const AS_SEEN_BY_LAMBDA = { kind: { Type: "String", Value: "order" }, bytes: { Type: "Binary", Value: "Af8=" } };

test("a publication reaches each function that is subscribed, as one record of Lambda's SNS event", async () => {
  const { lab, sns, events } = await startTopic({ function: "direct" }, { function: "second" });
  const TopicArn = lab.topicArn("news");

  const { MessageId } = await sns.send(
    new PublishCommand({ TopicArn, Subject: "a subject", Message: "hello & <all>", MessageAttributes: ATTRIBUTES }),
  );
  await lab.idle();

  expect(events("direct")).toEqual([
    {
      Records: [
        {
          EventSource: "aws:sns",
          EventVersion: "1.0",
          EventSubscriptionArn: expect.stringContaining(`${TopicArn}:`) as string,
          Sns: {
            Type: "Notification",
            MessageId,
            TopicArn,
            Subject: "a subject",
            Message: "hello & <all>",
            Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
            MessageAttributes: AS_SEEN_BY_LAMBDA,
          },
        },
      ],
    },
  ]);
  expect(events("second")).toMatchObject([{ Records: [{ Sns: { MessageId } }] }]);
});

test("a publication without a subject has the subject null", async () => {
  const { lab, sns, events } = await startTopic({ function: "direct" });

  await sns.send(new PublishCommand({ TopicArn: lab.topicArn("news"), Message: "m" }));
  await lab.idle();

  expect(events("direct")).toMatchObject([{ Records: [{ Sns: { Subject: null, MessageAttributes: {} } }] }]);
});

test("each entry of a batch is an invocation of its own", async () => {
  const { lab, sns, events } = await startTopic({ function: "direct" });

  const { Successful = [] } = await sns.send(
    new PublishBatchCommand({
      TopicArn: lab.topicArn("news"),
      PublishBatchRequestEntries: [
        { Id: "a", Message: "message a", MessageAttributes: ATTRIBUTES },
        { Id: "b", Message: "message b" },
      ],
    }),
  );
  await lab.idle();

  const received = events<SnsEvent>("direct").map(({ Records: [record] }) => record?.Sns);
  expect(received.map((one) => one?.MessageId).toSorted(byText)).toEqual(
    Successful.map(({ MessageId }) => MessageId).toSorted(byText),
  );
  expect(received.find((one) => one?.Message === "message a")?.MessageAttributes).toEqual(AS_SEEN_BY_LAMBDA);
  expect(received.find((one) => one?.Message === "message b")?.MessageAttributes).toEqual({});
});

test("to a queue a publication goes wrapped, with its message id inside", async () => {
  const { lab, sns, events } = await startTopic({ queue: "news" });

  const { MessageId } = await sns.send(
    new PublishCommand({ TopicArn: lab.topicArn("news"), Message: "hello", MessageAttributes: ATTRIBUTES }),
  );
  await lab.idle();

  const [record] = events<Records>("behind").flatMap(({ Records }) => Records);
  expect(JSON.parse(record?.body ?? "")).toMatchObject({
    Type: "Notification",
    MessageId,
    TopicArn: lab.topicArn("news"),
    Message: "hello",
    MessageAttributes: AS_SEEN_BY_LAMBDA,
  });
  expect(record?.messageAttributes).toEqual({});
  expect(record?.messageId).not.toBe(MessageId);
});

test("raw, a queue gets the message itself, its attributes beside it", async () => {
  const { lab, sns, events } = await startTopic({ queue: "news", rawMessageDelivery: true }, { function: "direct" });

  await sns.send(
    new PublishCommand({ TopicArn: lab.topicArn("news"), Message: "hello", MessageAttributes: ATTRIBUTES }),
  );
  await lab.idle();

  expect(events<Records>("behind").flatMap(({ Records }) => Records)).toMatchObject([
    {
      body: "hello",
      messageAttributes: {
        kind: { stringValue: "order", dataType: "String" },
        bytes: { binaryValue: "Af8=", dataType: "Binary" },
      },
    },
  ]);
  expect(events("direct")).toHaveLength(1);
});

test("a topic that is not there is refused", async () => {
  const { lab, sns } = await startTopic();

  const sent = sns.send(new PublishCommand({ TopicArn: `${lab.topicArn("news")}-other`, Message: "m" }));

  await expect(sent).rejects.toMatchObject({ name: expect.stringContaining("NotFound") as string });
});
