import { MAX_SNS_ATTRIBUTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import type { StitchKey } from "../../stitch/keys.ts";
import { lastOfArn, textAt } from "../../trigger/trigger.ts";
import { withAttributes, withEntryAttributes } from "./message-attributes.ts";
import type { Operation, Service } from "./operation.ts";
import { listLength, refused, successful } from "./sqs.ts";

export const sns: Service = (command, input) => {
  const arn = textAt(input, "TopicArn") ?? textAt(input, "TargetArn");
  const topic = lastOfArn(arn) ?? "phone number";
  const key = (id: string | undefined): StitchKey[] => (id ? [{ kind: "sns-message", id, scope: topic }] : []);
  const publish: Omit<Operation, "attributes"> = { spanName: `send ${topic}`, isMessage: true };
  const attributes = {
    [ATTR.messagingSystem]: "aws.sns",
    [ATTR.messagingOperationName]: "send",
    [ATTR.messagingOperationType]: "send",
    [ATTR.messagingDestination]: topic,
    ...(arn !== undefined && { [ATTR.snsTopicArn]: arn }),
  };
  if (command === "Publish") {
    return {
      ...publish,
      attributes,
      inject: (message, carrier) => withAttributes(message, carrier, MAX_SNS_ATTRIBUTES),
      produced: (output) => key(textAt(output, "MessageId")),
    };
  }
  if (command === "PublishBatch") {
    return {
      ...publish,
      attributes: { ...attributes, [ATTR.messagingBatchCount]: listLength(input["PublishBatchRequestEntries"]) },
      inject: (batch, carrier) => withEntryAttributes(batch, "PublishBatchRequestEntries", carrier, MAX_SNS_ATTRIBUTES),
      produced: (output) => successful(output).flatMap((entry) => key(textAt(entry, "MessageId"))),
      failed: (output) => refused(output, input["PublishBatchRequestEntries"]),
    };
  }
  return undefined;
};
