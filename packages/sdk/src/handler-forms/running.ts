/**
 * An invocation under way: everything that happens around the handler, whichever way the handler says that it is done.
 *
 *   before the response   handler ─▶ ended ─▶ told, closed, sent ─▶ response
 *   after the response    handler ─▶ ended ─▶ response ─▶ told, closed, sent if it is worth it ─▶ the extension is finished
 *
 * After the response, the caller waits for nothing but the look at the clock that ends the span.
 */
import { type HrTime, type Span, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { harmless, warn } from "../diag.ts";
import { errorFacts, recordError } from "../errors.ts";
import { instrumentLoadedAwsSdk } from "../instrument/aws-sdk/install.ts";
import { RESERVED_BEFORE_TIMEOUT_MS } from "../limits.ts";
import { writeHeldLines } from "../log/write.ts";
import { ownLogger } from "../log/own.ts";
import { type Scope, inScope } from "../scope.ts";
import { sdk } from "../sdk.ts";
import type { Extension } from "../send/extension.ts";
import { registeredExtension } from "../send/shared-extension.ts";
import { onTermination } from "../send/termination.ts";
import { ATTR } from "../semconv.ts";
import { recordInit } from "../trace/init-span.ts";
import { lossAttributes } from "../trace/invocation-span.ts";
import { describePayload, payloadText } from "../trace/payload.ts";
import { watchTimeout } from "../trace/unfinished.ts";
import { isObject } from "../trigger/trigger.ts";

export interface Running {
  readonly scope: Scope;
  /** Runs the handler, or a part of it, as this invocation. */
  inside<T>(work: () => T): T;
  /** Ends the span; whoever is first has said how the invocation went. */
  succeeded(result: unknown): void;
  failed(error: unknown): void;
  /** Resolves, and never rejects, when what has ended is sent or the flush budget is spent. */
  sent(): Promise<void>;
}

export const startRunning = (scope: Scope): Running => {
  const { invocationSpan: span, invocation } = scope;
  const extension = registeredExtension();
  extension?.begun(invocation.requestId);
  const timeout = harmless("watching the timeout", () =>
    watchTimeout(scope, sdk(), (budgetMs) => sdk().sender.flush(budgetMs)),
  );
  let close: (() => void) | undefined;
  let isOver = false;
  let sending: Promise<void> | undefined;
  const end = (outcome: Outcome): void => {
    if (isOver) return;
    isOver = true;
    timeout?.cancel();
    const endTime = sdk().spans.now();
    const durationMs = performance.now() - invocation.startedMs;
    close = () => {
      harmless("ending HTTP spans", () => scope.calls.forEach((overtake) => overtake(endTime)));
      tell(scope, outcome, { endTime, durationMs });
      span.end(endTime);
      scope.open.clear();
      scope.calls.clear();
    };
    if (extension === undefined) close();
    else afterResponse(() => void finish(extension, outcome.isError));
  };
  /** However it went, the environment is let go. */
  const finish = async (by: Extension, isError: boolean): Promise<void> => {
    try {
      close?.();
      await sendAfterResponse(scope, isError);
    } catch (error) {
      warn(`finishing an invocation failed: ${errorFacts(error).errorMessage}`);
    } finally {
      by.finished(invocation.requestId);
    }
  };
  return {
    scope,
    inside: (work) => inScope(scope, () => context.with(trace.setSpan(context.active(), span), work)),
    succeeded: (result) => end({ isError: false, result }),
    failed: (error) => end({ isError: true, error }),
    sent: () => (sending ??= extension === undefined ? sendBeforeResponse(scope) : Promise.resolve()),
  };
};

/** Lambda's client lets the event loop turn once before it posts the answer, which it does without waiting. */
const afterResponse = (work: () => void): void => {
  setImmediate(() => setImmediate(work));
};

type Outcome =
  | { readonly isError: false; readonly result: unknown }
  | { readonly isError: true; readonly error: unknown };

interface Ended {
  readonly endTime: HrTime;
  readonly durationMs: number;
}

const tell = (scope: Scope, outcome: Outcome, { endTime, durationMs }: Ended): void => {
  const { invocationSpan: span } = scope;
  harmless("describing the invocation", scope.describe);
  harmless("telling of the init", () => recordInit(sdk(), scope));
  harmless("describing how it went", () =>
    outcome.isError ? recordError(span, outcome.error, endTime) : describeResult(span, scope, outcome.result),
  );
  if (outcome.isError) harmless("writing held lines", () => writeHeldLines(scope));
  harmless("settling what was held", () => scope.held?.settle({ isError: hasFailed(scope), durationMs }));
  harmless("capturing the payload", () =>
    describePayload(scope, outcome.isError ? undefined : payloadText(sdk(), "result", outcome.result)),
  );
  endLine(scope, outcome, durationMs);
  harmless("saying what was lost", () => span.setAttributes(lossAttributes(sdk())));
};

/** Itself, by its answer, or in part. */
const hasFailed = ({ invocationSpan, records }: Scope): boolean =>
  (invocationSpan as Partial<ReadableSpan>).status?.code === SpanStatusCode.ERROR || records.failed > 0;

const sendBeforeResponse = async (scope: Scope): Promise<void> => {
  await harmless("sending", () => sdk().sender.flush(flushBudgetMs(scope)));
  lookForNewClients(scope);
};

/** What went wrong is never held back. */
const sendAfterResponse = async (scope: Scope, isError: boolean): Promise<void> => {
  const { sender, pace } = sdk();
  sender.encode();
  lookForNewClients(scope);
  if (scope.invocation.isFirst) onTermination(() => sender.flush(sdk().config.flushBudgetMs));
  if (pace.isWorthSending() || isError) await sender.flushBeside(flushBudgetMs(scope));
};

/** Clients that the handler loaded while it ran. */
const lookForNewClients = ({ invocation }: Scope): void => {
  if (invocation.isFirst) harmless("instrumenting the AWS SDK", () => instrumentLoadedAwsSdk());
};

const describeResult = (span: Span, scope: Scope, result: unknown): void => {
  if (scope.trigger.type !== "http" || !isObject(result)) return;
  const status = result["statusCode"];
  if (typeof status !== "number") return;
  span.setAttribute(ATTR.httpStatusCode, status);
  if (status < 500) return;
  span.setAttribute(ATTR.errorType, String(status));
  span.setStatus({ code: SpanStatusCode.ERROR });
};

const endLine = (scope: Scope, outcome: Outcome, durationMs: number): void => {
  if (!sdk().config.endLine) return;
  harmless("writing the end line", () => {
    const { failed: recordsFailed } = scope.records;
    const line = {
      durationMs: Math.round(durationMs * 1e3) / 1e3,
      outcome: outcome.isError ? "error" : "success",
      ...(outcome.isError && { errorCode: codeOrType(outcome.error) }),
      ...(recordsFailed > 0 && { recordsFailed }),
    };
    inScope({ ...scope, span: scope.invocationSpan }, () =>
      ownLogger()[outcome.isError ? "error" : "info"](line, "invocation end"),
    );
  });
};

/** Its code where it has one: of Node's errors the name is only Error. */
const codeOrType = (error: unknown): string => {
  const { errorCode, errorType } = errorFacts(error);
  return errorCode ?? errorType;
};

const flushBudgetMs = (scope: Scope): number =>
  Math.min(sdk().config.flushBudgetMs, scope.invocation.remainingMs() - RESERVED_BEFORE_TIMEOUT_MS);
