import { MAX_SQS_ATTRIBUTES } from "../../limits.ts";
import { ATTR } from "../../semconv.ts";
import type { StitchKey } from "../../stitch/keys.ts";
import { type JsonObject, isObject, textAt } from "../../trigger/trigger.ts";
import { withAttributes, withEntryAttributes } from "./message-attributes.ts";
import { type Failure, type Operation, type Service, refusedEntries } from "./operation.ts";

export const sqs: Service = (command, input) => {
  const url = textAt(input, "QueueUrl");
  const queue = url?.split("/").at(-1) ?? "queue";
  const key = (id: string | undefined): StitchKey[] =>
    id ? [{ kind: "sqs-message", id, ...(url && { scope: url }) }] : [];
  const send: Omit<Operation, "attributes"> = { spanName: `send ${queue}`, isMessage: true };
  const attributes = {
    [ATTR.messagingSystem]: "aws_sqs",
    [ATTR.messagingOperationName]: "send",
    [ATTR.messagingOperationType]: "send",
    [ATTR.messagingDestination]: queue,
    ...(url !== undefined && { [ATTR.sqsQueueUrl]: url }),
  };
  if (command === "SendMessage") {
    return {
      ...send,
      attributes,
      inject: (message, carrier) => withAttributes(message, carrier, MAX_SQS_ATTRIBUTES),
      produced: (output) => key(textAt(output, "MessageId")),
    };
  }
  if (command === "SendMessageBatch") {
    return {
      ...send,
      attributes: { ...attributes, [ATTR.messagingBatchCount]: listLength(input["Entries"]) },
      inject: (batch, carrier) => withEntryAttributes(batch, "Entries", carrier, MAX_SQS_ATTRIBUTES),
      produced: (output) => successful(output).flatMap((entry) => key(textAt(entry, "MessageId"))),
      failed: (output) => refused(output, input["Entries"]),
    };
  }
  return undefined;
};

/** Entries that failed have no id. */
export const successful = (output: JsonObject): readonly JsonObject[] => objectsIn(output["Successful"]);

export const refused = (output: JsonObject, sent: unknown): Failure | undefined => {
  const codes = objectsIn(output["Failed"]).map((entry) => textAt(entry, "Code") ?? "_OTHER");
  return refusedEntries(codes, listLength(sent));
};

export const objectsIn = (list: unknown): readonly JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);

export const listLength = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
