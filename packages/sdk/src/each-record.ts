/**
 * A batch, record by record: each its own span under its own cause, its own log context, and the partial-batch response.
 *
 * In      an event with Records (SQS, SNS, Kinesis, DynamoDB, S3) or Kafka's records by topic, and what to do with one.
 * Out     `{ batchItemFailures }`, to be returned from the handler: the platform then redelivers only what failed. It needs
 *         ReportBatchItemFailures on the event source mapping; without it, SQS deletes what failed together with the rest.
 * Errors  Each failed record has an ERROR line and is counted on the invocation, because its error goes no further.
 *         RecordsFailed where nothing of the batch was done: that the platform understands with or without the setting.
 *         The first record's own error, after all were tried, where a failed record has no identifier to report it by (SNS, S3, Kafka):
 *         a failure is never taken for success.
 *
 * One after the other. In an ordered source (a FIFO queue, a stream) the first failure stops the batch, and all that was not
 * done is reported with it.
 */
import { type Span, SpanKind, context, trace } from "@opentelemetry/api";
import { harmless } from "./diag.ts";
import { errorFacts, recordError } from "./errors.ts";
import { ownLogger } from "./log/own.ts";
import { type Scope, currentScope, inScope } from "./scope.ts";
import { sdk } from "./sdk.ts";
import { ATTR, LINK_TO_INVOCATION } from "./semconv.ts";
import { formatStitchKeys } from "./stitch/keys.ts";
import { messageAttributes } from "./trace/invocation-span.ts";
import { recordParent } from "./trace/parent.ts";
import { itemIdentifierOf, recordIdOf, recordsByTopic } from "./trigger/batch.ts";
import { type TriggerRecord, isObject, objectAt, textAt } from "./trigger/trigger.ts";

export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

class RecordsFailed extends Error {
  override readonly name = "RecordsFailed";
}

export const eachRecord = async <R>(
  event: { readonly Records: readonly R[] } | { readonly records: Readonly<Record<string, readonly R[]>> },
  fn: (record: R, index: number) => unknown,
): Promise<BatchResponse> => {
  const records = recordsOf(event) as readonly R[];
  const failed: Failed[] = [];
  for (const [index, record] of records.entries()) {
    const error = await outcomeOf(record, index, fn);
    if (sdk().sender.isSendingBeside) await turnOfEventLoop();
    if (error === undefined) continue;
    failed.push({ record, error: error.thrown });
    if (isOrdered(record)) return answer(records, records.slice(index), failed);
  }
  return answer(
    records,
    failed.map(({ record }) => record),
    failed,
  );
};

/** Kafka's are by topic and partition. */
const recordsOf = (event: { readonly Records?: unknown; readonly records?: unknown }): readonly unknown[] => {
  const records = isObject(event.records) ? recordsByTopic(event.records) : event.Records;
  if (!Array.isArray(records)) throw new TypeError("eachRecord: the event has no list of Records");
  return records;
};

/** Where `fn` waits for nothing, sockets are not served, and what a large batch leaves could not be sent while it runs. */
const turnOfEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Failed {
  readonly record: unknown;
  readonly error: unknown;
}

const answer = (records: readonly unknown[], undone: readonly unknown[], failed: readonly Failed[]): BatchResponse => {
  const [first] = failed;
  const batchItemFailures = identifiers(undone);
  if (first === undefined) return { batchItemFailures };
  if (batchItemFailures.length < undone.length) throw first.error;
  if (undone.length === records.length) throw nothingDone(records.length, failed.length, first.error);
  return { batchItemFailures };
};

const nothingDone = (records: number, failed: number, cause: unknown): RecordsFailed => {
  const { errorType, errorMessage } = errorFacts(cause);
  const skipped = records > failed ? `, the rest was not tried` : "";
  return new RecordsFailed(
    `${failed} of ${records} records failed${skipped}; the first: ${errorType}: ${errorMessage}`,
    {
      cause,
    },
  );
};

const outcomeOf = async <R>(
  record: R,
  index: number,
  fn: (record: R, index: number) => unknown,
): Promise<{ thrown: unknown } | undefined> => {
  const scope = currentScope();
  const recordScope =
    scope && harmless("beginning a record", () => beginRecord(scope, factsOf(scope, record, index), record));
  try {
    await within(recordScope, () => fn(record, index));
    return undefined;
  } catch (thrown) {
    harmless("describing the error", () => within(recordScope, () => describeFailure(recordScope, record, thrown)));
    return { thrown };
  } finally {
    recordScope?.span.end();
  }
};

const within = <T>(scope: Scope | undefined, work: () => T): T =>
  scope ? inScope(scope, () => context.with(trace.setSpan(context.active(), scope.span), work)) : work();

/** A line at once: a process that dies later in the batch has then said it. */
const describeFailure = (scope: Scope | undefined, record: unknown, thrown: unknown): void => {
  const recordId = recordIdOf(record);
  ownLogger().error({ ...errorFacts(thrown), ...(recordId && { recordId }) }, "record failed");
  if (scope === undefined) return;
  recordError(scope.span, thrown);
  scope.records.failed += 1;
  scope.invocationSpan.setAttribute(ATTR.recordsFailed, scope.records.failed);
};

/**
 * What the trigger knows of this record. Usually at the same place; but a handler may pass on a part of its batch, and a record must
 * not get another's context.
 */
const factsOf = (scope: Scope, record: unknown, index: number): TriggerRecord | undefined => {
  const id = recordIdOf(record);
  const inPlace = scope.trigger.records[index];
  if (inPlace?.id === id) return inPlace;
  return id === undefined ? undefined : scope.trigger.records.find((one) => one.id === id);
};

const beginRecord = (scope: Scope, facts: TriggerRecord | undefined, record: unknown): Scope => ({
  ...scope,
  span: recordSpan(scope, facts ?? { contexts: [], keys: [] }, record),
  annotations: { ...scope.annotations },
});

const recordSpan = (scope: Scope, facts: TriggerRecord, record: unknown): Span => {
  const { trigger, invocation, invocationSpan } = scope;
  const parent = recordParent(facts);
  const single = { ...trigger, records: [facts] };
  const receiveCount = Number(textAt(objectAt(record, "attributes"), "ApproximateReceiveCount"));
  return sdk().spans.tracer.startSpan(
    `process ${trigger.destination ?? trigger.type}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        ...messageAttributes(single),
        [ATTR.faasInvocationId]: invocation.requestId,
        [ATTR.keysConsumed]: formatStitchKeys(facts.keys),
        ...(receiveCount > 1 && { [ATTR.receiveCount]: receiveCount }),
      },
      links: parent ? [{ context: invocationSpan.spanContext(), attributes: { [ATTR.link]: LINK_TO_INVOCATION } }] : [],
    },
    parent ?? trace.setSpan(context.active(), invocationSpan),
  );
};

const identifiers = (records: readonly unknown[]): { itemIdentifier: string }[] =>
  records.flatMap((record) => {
    const itemIdentifier = itemIdentifierOf(record);
    return itemIdentifier === undefined ? [] : [{ itemIdentifier }];
  });

/** Not told by MessageGroupId: since fair queues, a standard queue's messages may have one too. */
const isOrdered = (record: unknown): boolean =>
  objectAt(record, "kinesis") !== undefined ||
  objectAt(record, "dynamodb") !== undefined ||
  textAt(record, "topic") !== undefined ||
  textAt(record, "eventSourceARN")?.endsWith(".fifo") === true;
