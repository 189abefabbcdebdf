import { type MessageAttributeValue, PublishBatchCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { describe, expect, test } from "vitest";
import { type Answering, type Called, calling, frozen, traceparentOf } from "../../../test/aws.ts";

const TopicArn = "arn:aws:sns:eu-west-1:111122223333:news";

const xml = (action: string, result: string): string =>
  `<${action}Response><${action}Result>${result}</${action}Result>` +
  `<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${action}Response>`;

const answer: Answering = ({ body }) => {
  const isBatch = new URLSearchParams(body).get("Action") === "PublishBatch";
  const member = (id: string): string => `<member><Id>${id}</Id><MessageId>m-${id}</MessageId></member>`;
  return {
    headers: { "content-type": "text/xml" },
    body: isBatch
      ? xml("PublishBatch", `<Successful>${member("a")}${member("b")}</Successful><Failed/>`)
      : xml("Publish", "<MessageId>m-1</MessageId>"),
  };
};

const attribute = (StringValue: string): MessageAttributeValue => ({ DataType: "String", StringValue });
const attributes = (count: number): Record<string, MessageAttributeValue> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`own${n}`, attribute(String(n))]));

const publishing = (MessageAttributes?: Record<string, MessageAttributeValue>) =>
  calling(answer, (aws) =>
    new SNSClient(aws.client).send(
      new PublishCommand(frozen({ TopicArn, Message: "hi", ...(MessageAttributes && { MessageAttributes }) })),
    ),
  );

/** Attribute name → value, of what stands under `prefix` in the form that was sent. */
const sentAttributes = ({ requests, thrown }: Called, prefix = ""): Record<string, string | null> => {
  expect(thrown).toBeUndefined();
  const form = new URLSearchParams(requests[0]?.body);
  const entries = [...form.keys()].filter(
    (key) => key.startsWith(`${prefix}MessageAttributes`) && key.endsWith(".Name"),
  );
  return Object.fromEntries(
    entries.map((key) => [form.get(key), form.get(key.replace(/Name$/, "Value.StringValue"))] as const),
  );
};

describe("Publish", () => {
  test("a message carries the span that sent it, which has the topic and the key", async () => {
    const called = await publishing();
    const [span] = called.spans;
    expect(called.spans).toHaveLength(1);
    expect(sentAttributes(called)).toEqual({ traceparent: span && traceparentOf(span) });
    expect(span).toMatchObject({
      name: "send news",
      kind: 4,
      parentSpanId: called.invocation.spanId,
      attributes: {
        "messaging.system": "aws.sns",
        "messaging.destination.name": "news",
        "aws.sns.topic.arn": TopicArn,
        "messaging.message.id": "m-1",
        "mayfly.keys.produced": ["sns-message|news|m-1"],
      },
    });
  });

  test("the eighth attribute is ours, a ninth is not: raw delivery to SQS must have room", async () => {
    const seven = await publishing(attributes(7));
    expect(Object.keys(sentAttributes(seven))).toHaveLength(8);
    expect(seven.sdk.state().injectSkipped).toBe(0);
    const eight = await publishing(attributes(8));
    expect(Object.keys(sentAttributes(eight))).toEqual(Object.keys(attributes(8)));
    expect(eight.sdk.state().injectSkipped).toBe(1);
  });

  test("a traceparent of the application's own stays as it is", async () => {
    const called = await publishing({ traceparent: attribute("00-their-own-01") });
    expect(sentAttributes(called)).toEqual({ traceparent: "00-their-own-01" });
  });
});

test("PublishBatch: each entry carries the one span, and the span has a key for each", async () => {
  const PublishBatchRequestEntries = frozen([
    { Id: "a", Message: "1" },
    { Id: "b", Message: "2", MessageAttributes: attributes(8) },
  ]);
  const called = await calling(answer, (aws) =>
    new SNSClient(aws.client).send(new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries })),
  );
  const [span] = called.spans;
  expect(sentAttributes(called, "PublishBatchRequestEntries.member.1.")).toEqual({
    traceparent: span && traceparentOf(span),
  });
  expect(Object.keys(sentAttributes(called, "PublishBatchRequestEntries.member.2."))).toHaveLength(8);
  expect(called.sdk.state().injectSkipped).toBe(1);
  expect(span?.attributes).toMatchObject({
    "messaging.batch.message_count": 2,
    "mayfly.keys.produced": ["sns-message|news|m-a", "sns-message|news|m-b"],
  });
});

test("PublishBatch: entries that failed are an error of the call, which counts them", async () => {
  const failed = (id: string, code: string): string =>
    `<member><Id>${id}</Id><Code>${code}</Code><SenderFault>false</SenderFault></member>`;
  const called = await calling(
    () => ({
      headers: { "content-type": "text/xml" },
      body: xml("PublishBatch", `<Successful/><Failed>${failed("a", "Throttled")}${failed("b", "Other")}</Failed>`),
    }),
    (aws) =>
      new SNSClient(aws.client).send(
        new PublishBatchCommand({
          TopicArn,
          PublishBatchRequestEntries: [
            { Id: "a", Message: "1" },
            { Id: "b", Message: "2" },
          ],
        }),
      ),
  );
  expect(called.thrown).toBeUndefined();
  expect(called.spans).toMatchObject([
    {
      status: { code: 2, message: "2 of 2 entries refused" },
      attributes: { "error.type": "Throttled", "mayfly.entries_failed": 2 },
    },
  ]);
});
