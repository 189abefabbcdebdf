/**
 * An event source mapping: polls a queue and invokes a function with batches.
 *
 * - A batch is what came within the window, at most `batchSize`.
 * - Success deletes the batch, or those that the partial-batch response does not name; everything else comes back when its
 *   visibility timeout ends, and moves to the dead-letter queue after `maxReceiveCount`.
 * - SQS delivers at least once; `duplicateDeliveries` is the share of batches that is delivered a second time.
 */
import type { EventSourceMapping } from "../definition.ts";
import type { LabFunction } from "../function.ts";
import type { Messaging } from "../messaging.ts";
import type { Truth } from "../truth.ts";
import type { Cause } from "../truth-log.ts";

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>
  >;
}

export interface SqsSourceDeps {
  readonly mapping: EventSourceMapping;
  readonly target: LabFunction;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  readonly messaging: Messaging;
  readonly truth: Truth;
  readonly random: () => number;
  readonly duplicateDeliveries: number;
}

export interface SqsSource {
  /** Batches received and not finished. */
  readonly pending: number;
  close(): Promise<void>;
}

const DEFAULT_BATCH_SIZE = 10;
/** One ReceiveMessage gives no more. */
const MAX_PER_RECEIVE = 10;
const LONG_POLL_S = 10;

export const startSqsSource = (deps: SqsSourceDeps): SqsSource => {
  const { mapping, messaging, queueUrl } = deps;
  const batchSize = mapping.batchSize ?? DEFAULT_BATCH_SIZE;
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  const unlessStopped = (error: unknown): void => {
    if (!stop.signal.aborted) throw error;
  };

  const receive = async (limit: number, waitS: number): Promise<readonly Message[]> => {
    const input = {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(limit, MAX_PER_RECEIVE),
      WaitTimeSeconds: waitS,
      AttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    };
    return (
      (await messaging.sqs<{ Messages?: readonly Message[] }>("ReceiveMessage", input, { signal: stop.signal }))
        .Messages ?? []
    );
  };

  /** Waits for a first message, then for as many as the window and the size allow. */
  const nextBatch = async (): Promise<readonly Message[]> => {
    const batch = [...(await receive(batchSize, LONG_POLL_S))];
    const deadlineMs = Date.now() + (mapping.maximumBatchingWindowMs ?? 0);
    while (batch.length > 0 && batch.length < batchSize && Date.now() < deadlineMs) {
      const more = await receive(batchSize - batch.length, 0);
      batch.push(...more);
      if (more.length === 0) await pause(Math.min(50, deadlineMs - Date.now()), stop.signal);
    }
    return batch;
  };

  const poll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const batch = await nextBatch();
      if (batch.length === 0) continue;
      const work = deliver(deps, batch)
        .catch(unlessStopped)
        .finally(() => running.delete(work));
      running.add(work);
    }
  };
  const polling = poll().catch(unlessStopped);

  return {
    get pending() {
      return running.size;
    },
    async close() {
      stop.abort();
      await polling;
    },
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(ms, 0));
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });

const deliver = async (deps: SqsSourceDeps, batch: readonly Message[]): Promise<void> => {
  const done = await invoke(deps, batch);
  if (done.length > 0 && deps.random() < deps.duplicateDeliveries) await invoke(deps, done);
  if (done.length === 0) return;
  const Entries = done.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
  for (let n = 0; n < Entries.length; n += MAX_PER_RECEIVE) {
    await deps.messaging.sqs("DeleteMessageBatch", {
      QueueUrl: deps.queueUrl,
      Entries: Entries.slice(n, n + MAX_PER_RECEIVE),
    });
  }
};

/** The messages that were handled. */
const invoke = async (deps: SqsSourceDeps, batch: readonly Message[]): Promise<readonly Message[]> => {
  const { target, truth, mapping } = deps;
  const records = batch.map((message) => recordOf(message, deps));
  // One header for a whole batch: Lambda gives the first message's.
  const [first] = records;
  const result = await target.invoke({
    payload: JSON.stringify({ Records: records }),
    source: "sqs",
    causes: batch.map((message) => causeOf(message, truth)),
    ...(first?.attributes["AWSTraceHeader"] !== undefined && { traceHeader: first.attributes["AWSTraceHeader"] }),
  });
  if (result.outcome !== "success") return [];
  const failed = mapping.reportBatchItemFailures ? failedIds(result.payload, batch) : new Set<string>();
  return batch.filter(({ MessageId }) => !failed.has(MessageId));
};

/** An id that is no id of the batch, or a response of another shape, fails the whole batch: nothing may be lost. */
export const failedIds = (payload: string, batch: readonly Pick<Message, "MessageId">[]): ReadonlySet<string> => {
  const all = new Set(batch.map((message) => message.MessageId));
  const response = JSON.parse(payload) as { batchItemFailures?: unknown } | null;
  const failures = response?.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier);
  return ids.every((id) => typeof id === "string" && all.has(id)) ? new Set(ids as string[]) : all;
};

interface SqsRecord {
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const recordOf = (message: Message, { queueArn, region, messaging }: SqsSourceDeps): SqsRecord => {
  const snsId = snsMessageId(message.Body);
  const traceHeader = messaging.traceHeaderOf(message.MessageId) ?? (snsId && messaging.traceHeaderOf(snsId));
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: { ...message.Attributes, ...(traceHeader && { AWSTraceHeader: traceHeader }) },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
        name,
        {
          ...(StringValue !== undefined && { stringValue: StringValue }),
          ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
          stringListValues: [],
          binaryListValues: [],
          dataType: DataType,
        },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: region,
  };
};

/** What a service put into the queue was sent by whoever told the service: SNS and EventBridge leave their ids in the body. */
const causeOf = (message: Message, truth: Truth): Cause => {
  const direct = truth.causeOf({ kind: "sqs-message", id: message.MessageId });
  if (direct.requestId !== undefined) return direct;
  const snsId = snsMessageId(message.Body);
  if (snsId !== undefined) return truth.causeOf({ kind: "sns-message", id: snsId });
  const eventId = eventBridgeId(message.Body);
  return eventId === undefined ? direct : truth.causeOf({ kind: "eventbridge-event", id: eventId });
};

const snsMessageId = (body: string): string | undefined => {
  const wrapper = parsed(body);
  return wrapper?.["Type"] === "Notification" && typeof wrapper["MessageId"] === "string"
    ? wrapper["MessageId"]
    : undefined;
};

const eventBridgeId = (body: string): string | undefined => {
  const event = parsed(body);
  return event && "detail-type" in event && typeof event["id"] === "string" ? event["id"] : undefined;
};

const parsed = (body: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
