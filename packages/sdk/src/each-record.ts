/**
 * A batch, record by record: each its own span under its own cause, its own log context, and the partial-batch response.
 *
 * In      an event with Records (SQS, SNS, Kinesis, DynamoDB …), and what to do with one.
 * Out     `{ batchItemFailures }`, to be returned from the handler: the platform then redelivers only what failed. It needs
 *         ReportBatchItemFailures on the event source mapping; without it, SQS takes the whole batch as done.
 * Errors  where a source has no partial-batch response (SNS, S3), the first record's error is thrown after all were tried.
 *
 *         The same where a failed record has no identifier to report it by: a failure is never taken for success.
 *
 * One after the other. In an ordered source (a FIFO queue, a stream) the first failure stops the batch, and all that was not
 * done is reported with it.
 */
import { type Span, SpanKind, context, trace } from "@opentelemetry/api";
import { harmless } from "./diag.ts";
import { recordError } from "./errors.ts";
import { type Scope, currentScope, inScope } from "./scope.ts";
import { sdk } from "./sdk.ts";
import { ATTR, LINK_TO_INVOCATION } from "./semconv.ts";
import { formatStitchKeys } from "./stitch/keys.ts";
import { messageAttributes } from "./trace/invocation-span.ts";
import { recordParent } from "./trace/parent.ts";
import { type TriggerRecord, objectAt, textAt } from "./trigger/trigger.ts";

export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

export const eachRecord = async <R>(
  event: { readonly Records: readonly R[] },
  fn: (record: R, index: number) => unknown,
): Promise<BatchResponse> => {
  if (!Array.isArray(event.Records)) throw new TypeError("eachRecord: the event has no list of Records");
  const failed: { record: R; error: unknown }[] = [];
  for (const [index, record] of event.Records.entries()) {
    const error = await outcomeOf(record, index, fn);
    if (error === undefined) continue;
    failed.push({ record, error: error.thrown });
    if (isOrdered(record)) return failures(event.Records.slice(index), error.thrown);
  }
  return failures(
    failed.map(({ record }) => record),
    failed[0]?.error,
  );
};

const failures = (records: readonly unknown[], firstError: unknown): BatchResponse => {
  const batchItemFailures = identifiers(records);
  if (batchItemFailures.length < records.length) throw firstError;
  return { batchItemFailures };
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
    if (recordScope === undefined) await fn(record, index);
    else
      await inScope(recordScope, () =>
        context.with(trace.setSpan(context.active(), recordScope.span), () => fn(record, index)),
      );
    return undefined;
  } catch (thrown) {
    if (recordScope) harmless("describing the error", () => recordError(recordScope.span, thrown));
    return { thrown };
  } finally {
    recordScope?.span.end();
  }
};

/**
 * What the trigger knows of this record. Usually at the same place; but a handler may pass on a part of its batch, and a record must
 * not get another's context.
 */
const factsOf = (scope: Scope, record: unknown, index: number): TriggerRecord | undefined => {
  const id = textAt(record, "messageId") ?? textAt(objectAt(record, "Sns"), "MessageId");
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

/** What the platform wants to be told of a record that failed. */
const identifiers = (records: readonly unknown[]): { itemIdentifier: string }[] =>
  records.flatMap((record) => {
    const id =
      textAt(record, "messageId") ??
      textAt(objectAt(record, "kinesis"), "sequenceNumber") ??
      textAt(objectAt(record, "dynamodb"), "SequenceNumber");
    return id === undefined ? [] : [{ itemIdentifier: id }];
  });

/** Not told by MessageGroupId: since fair queues, a standard queue's messages may have one too. */
const isOrdered = (record: unknown): boolean =>
  objectAt(record, "kinesis") !== undefined ||
  objectAt(record, "dynamodb") !== undefined ||
  textAt(record, "eventSourceARN")?.endsWith(".fifo") === true;
