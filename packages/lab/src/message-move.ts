/**
 * StartMessageMoveTask, which fauxqs lacks: everything in a dead-letter queue goes back to the queue it came from, or to another.
 * A moved message has a new id, as on SQS; the truth log knows which one it was.
 */
import { randomUUID } from "node:crypto";
import type { Messaging } from "./messaging.ts";
import type { Truth } from "./truth.ts";

export interface MoveInput {
  readonly SourceArn?: string;
  readonly DestinationArn?: string;
}

export interface MoveDeps {
  readonly sqs: Messaging["sqs"];
  readonly truth: Truth;
  readonly urlOf: (queueArn: string) => string;
  /** The queue that a message was sent to, by its id. */
  readonly sentTo: ReadonlyMap<string, string>;
}

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: object;
}

export const moveMessages = async ({ SourceArn = "", DestinationArn }: MoveInput, deps: MoveDeps): Promise<object> => {
  const { sqs, truth, urlOf, sentTo } = deps;
  const QueueUrl = urlOf(SourceArn);
  const receive = { QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ["All"], MessageAttributeNames: ["All"] };
  for (;;) {
    const { Messages = [] } = await sqs<{ Messages?: readonly Message[] }>("ReceiveMessage", receive);
    if (Messages.length === 0) return { TaskHandle: Buffer.from(randomUUID()).toString("base64") };
    for (const { MessageId, ReceiptHandle, Body, MessageAttributes, Attributes } of Messages) {
      const target = DestinationArn === undefined ? sentTo.get(MessageId) : urlOf(DestinationArn);
      if (target === undefined) continue; // nobody moved it there: it stays
      const header = Attributes?.["AWSTraceHeader"];
      const sender = truth.causeOf({ kind: "sqs-message", id: MessageId }).requestId;
      const moved = await sqs<{ MessageId: string }>(
        "SendMessage",
        {
          QueueUrl: target,
          MessageBody: Body,
          ...(MessageAttributes && { MessageAttributes }),
          ...(header !== undefined && {
            MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: header } },
          }),
        },
        sender === undefined ? {} : { sender },
      );
      truth.moved(MessageId, moved.MessageId);
      await sqs("DeleteMessage", { QueueUrl, ReceiptHandle });
    }
  }
};
