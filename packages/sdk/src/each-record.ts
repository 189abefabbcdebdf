/**
 * A batch, record by record: each its own span under its own cause, its own log context, and the partial-batch response.
 *
 * In      an event with Records (SQS, SNS, Kinesis, DynamoDB, S3) or Kafka's records by topic, and what to do with one.
 * Out     `{ batchItemFailures }`, to be returned from the handler: the platform then redelivers only what failed. It needs
 *         ReportBatchItemFailures on the event source mapping; without it, SQS deletes what failed together with the rest.
 * Errors  Each failed record has an ERROR line and is counted on the invocation, because its error goes no further.
 *         RecordsFailed where the whole batch is to come again: that the platform understands with or without the setting.
 *         The first record's own error, after all were tried, where a failed record has no identifier to report it by (SNS, S3, Kafka):
 *         a failure is never taken for success.
 *
 * One after the other, or as many at once as `concurrency` says and the source's order allows: record-order.ts.
 */
import { context, trace } from "@opentelemetry/api";
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import { harmless, warn } from "./diag.ts";
import { errorFacts, recordError } from "./errors.ts";
import { ownLogger } from "./log/own.ts";
import { type Scope, currentScope, inScope } from "./scope.ts";
import { sdk } from "./sdk.ts";
import { createRecordOrder } from "./record-order.ts";
import { ATTR } from "./semconv.ts";
import { startRecordSpan } from "./trace/record-span.ts";
import { itemIdentifierOf, recordIdOf, recordsByTopic } from "./trigger/batch.ts";
import { isObject } from "./trigger/trigger.ts";

export interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

class RecordsFailed extends Error {
  override readonly name = "RecordsFailed";
}

export interface EachRecordOptions {
  /** How many records are worked on at once, where the source's order allows it. Default 1. */
  readonly concurrency?: number;
  /** With less time than this left, no record is begun; those that were not are reported like failed ones. Default 0: never. */
  readonly stopBeforeTimeoutMs?: number;
}

export const eachRecord = async <R>(
  event: { readonly Records: readonly R[] } | { readonly records: Readonly<Record<string, readonly R[]>> },
  fn: (record: R, index: number) => unknown,
  options: EachRecordOptions = {},
): Promise<BatchResponse> => {
  const records = recordsOf(event) as readonly R[];
  const concurrency = integer(options, "concurrency", 1);
  const stopBeforeMs = integer(options, "stopBeforeTimeoutMs", 0);
  const order = createRecordOrder(records);
  const failed: Failed[] = [];
  let begun = 0;
  let isTooLate = false;
  const next = (): number | undefined => {
    isTooLate ||= stopBeforeMs > 0 && remainingMs() < stopBeforeMs;
    return isTooLate ? undefined : order.next();
  };
  const work = async (): Promise<void> => {
    for (let index = next(); index !== undefined; index = next()) {
      begun += 1;
      const error = await outcomeOf(records[index] as R, index, fn);
      if (error) failed.push({ index, error: error.thrown });
      order.ended(index, error !== undefined);
      if (sdk().sender.isSendingBeside) await turnOfEventLoop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, records.length) }, work));
  const undone = order.undone();
  if (isTooLate && undone.length > 0) harmless("saying what was not begun", () => sayTooLate(records.length - begun));
  return answer(records, { failed, undone, begun });
};

const sayTooLate = (recordsNotBegun: number): void =>
  ownLogger().warn({ recordsNotBegun }, "too little time was left for the rest of the batch");

const remainingMs = (): number =>
  harmless("reading the clock", () => currentScope()?.invocation.remainingMs()) ?? Infinity;

/** A bad value is the author's mistake, and no reason to let a batch fail. */
const integer = (options: EachRecordOptions, name: keyof EachRecordOptions, least: number): number => {
  const { [name]: value = least } = options;
  if (Number.isInteger(value) && value >= least) return value;
  warn(
    `eachRecord: ${name} is ${typeof value === "number" ? value : `a ${typeof value}`}, expected an integer from ${least}; ${least} is taken`,
  );
  return least;
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
  readonly index: number;
  readonly error: unknown;
}

interface Outcome {
  /** In the order of their end. */
  readonly failed: readonly Failed[];
  readonly undone: readonly number[];
  readonly begun: number;
}

const answer = (records: readonly unknown[], outcome: Outcome): BatchResponse => {
  const { undone } = outcome;
  const batchItemFailures = identifiers(undone.map((index) => records[index]));
  if (undone.length === 0) return { batchItemFailures };
  const [first] = outcome.failed.toSorted((a, b) => a.index - b.index);
  const hasUnnamed = batchItemFailures.length < undone.length;
  if (first && hasUnnamed) throw first.error;
  if (hasUnnamed || undone.length === records.length) throw comesAgain(records.length, outcome, first);
  return { batchItemFailures };
};

const comesAgain = (records: number, { failed, begun }: Outcome, first: Failed | undefined): RecordsFailed => {
  const untried = records - begun;
  const others = begun === failed.length ? "the rest was not tried" : `${untried} were not tried`;
  const head = `${failed.length} of ${records} records failed${untried > 0 ? `, ${others}` : ""}`;
  if (first === undefined) return new RecordsFailed(`${head}: too little time is left`);
  const { errorType, errorMessage } = errorFacts(first.error);
  return new RecordsFailed(`${head}; the first: ${errorType}: ${errorMessage}`, { cause: first.error });
};

const outcomeOf = async <R>(
  record: R,
  index: number,
  fn: (record: R, index: number) => unknown,
): Promise<{ thrown: unknown } | undefined> => {
  const startedMs = performance.now();
  const scope = currentScope();
  const recordScope = scope && harmless("beginning a record", () => beginRecord(scope, record, index));
  const settle = (isError: boolean): void =>
    recordScope?.held?.settle({ isError, durationMs: performance.now() - startedMs });
  try {
    await within(recordScope, () => fn(record, index));
    settle(false);
    return undefined;
  } catch (thrown) {
    harmless("describing the error", () => within(recordScope, () => describeFailure(recordScope, record, thrown)));
    settle(true);
    return { thrown };
  } finally {
    recordScope?.span.end();
  }
};

const beginRecord = (scope: Scope, record: unknown, index: number): Scope => {
  const span = startRecordSpan(scope, record, index);
  const held = sdk().details.heldUnder(span, scope.invocation.isColdStart);
  scope.open.set(span as OpenSpan, held);
  return { ...scope, span, held, annotations: { ...scope.annotations } };
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

const identifiers = (records: readonly unknown[]): { itemIdentifier: string }[] =>
  records.flatMap((record) => {
    const itemIdentifier = itemIdentifierOf(record);
    return itemIdentifier === undefined ? [] : [{ itemIdentifier }];
  });
