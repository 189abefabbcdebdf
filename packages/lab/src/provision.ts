/** Makes the queues and topics of a definition, as a deployment would: dead-letter queues first, subscriptions last. */
import type { Addresses } from "./addresses.ts";
import type { LabDefinition, QueueDefinition } from "./definition.ts";
import type { Messaging } from "./messaging.ts";

const DEFAULT_VISIBILITY_TIMEOUT_MS = 30_000;

export const provision = async (
  { queues = {}, topics = {} }: LabDefinition,
  messaging: Messaging,
  addresses: Addresses,
): Promise<void> => {
  for (const [name, queue] of deadLettersFirst(queues)) {
    await messaging.sqs("CreateQueue", { QueueName: name, Attributes: attributesOf(queue, addresses) });
  }
  for (const [name, { subscriptions }] of Object.entries(topics)) {
    await messaging.sns("CreateTopic", { Name: name });
    for (const subscription of subscriptions) {
      if (!("queue" in subscription) || subscription.rawMessageDelivery) continue; // raw: event-sources/sns.ts
      await messaging.sns("Subscribe", {
        TopicArn: addresses.topicArn(name),
        Protocol: "sqs",
        Endpoint: addresses.queueArn(subscription.queue),
      });
    }
  }
};

/** A queue can name only a dead-letter queue that is there. */
const deadLettersFirst = (queues: Readonly<Record<string, QueueDefinition>>): [string, QueueDefinition][] => {
  const entries = Object.entries(queues);
  const deadLetters = new Set(entries.flatMap(([, { redrivePolicy }]) => redrivePolicy?.deadLetterQueue ?? []));
  return entries.toSorted(([a], [b]) => Number(deadLetters.has(b)) - Number(deadLetters.has(a)));
};

const attributesOf = (
  { visibilityTimeoutMs = DEFAULT_VISIBILITY_TIMEOUT_MS, redrivePolicy }: QueueDefinition,
  addresses: Addresses,
): Record<string, string> => ({
  VisibilityTimeout: String(Math.ceil(visibilityTimeoutMs / 1_000)),
  ...(redrivePolicy && {
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: addresses.queueArn(redrivePolicy.deadLetterQueue),
      maxReceiveCount: redrivePolicy.maxReceiveCount,
    }),
  }),
});
