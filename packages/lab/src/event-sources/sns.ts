/** SNS to functions: an asynchronous invocation per subscription, one record each. */
import { randomUUID } from "node:crypto";
import type { LabFunction } from "../function.ts";
import type { Publication } from "../messaging.ts";
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
