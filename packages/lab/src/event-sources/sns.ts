/**
 * SNS to functions: an asynchronous invocation per subscription, one record each. And to queues where delivery is raw: such a
 * message says nothing of the topic, so only who sends it can know whose it is. Wrapped ones are fauxqs's.
 */
import { randomUUID } from "node:crypto";
import type { LabFunction } from "../function.ts";
import type { Messaging, Publication } from "../messaging.ts";
import type { Truth } from "../truth.ts";

export const deliverToFunction = (publication: Publication, target: LabFunction, truth: Truth): void => {
  const { messageId, topicArn, message, subject, attributes, traceHeader } = publication;
  target.invokeAsync({
    source: "sns",
    causes: [truth.causeOf({ kind: "sns-message", id: messageId })],
    ...(traceHeader !== undefined && { traceHeader }),
    payload: JSON.stringify({
      Records: [
        {
          EventSource: "aws:sns",
          EventVersion: "1.0",
          EventSubscriptionArn: `${topicArn}:${randomUUID()}`,
          Sns: {
            Type: "Notification",
            MessageId: messageId,
            TopicArn: topicArn,
            Subject: subject ?? null,
            Message: message,
            Timestamp: new Date().toISOString(),
            MessageAttributes: attributes,
          },
        },
      ],
    }),
  });
};

export const deliverRaw = async (publication: Publication, queueUrl: string, messaging: Messaging): Promise<void> => {
  const { message, attributes, traceHeader, sender } = publication;
  const input = {
    QueueUrl: queueUrl,
    MessageBody: message,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { Type, Value }]) => [
        name,
        { DataType: Type, [Type.startsWith("Binary") ? "BinaryValue" : "StringValue"]: Value },
      ]),
    ),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: traceHeader } },
    }),
  };
  await messaging.sqs("SendMessage", input, { ...(sender !== undefined && { sender }) });
};
