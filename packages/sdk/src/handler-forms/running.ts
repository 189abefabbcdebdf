/** An invocation under way: everything that happens around the handler, whichever way the handler says that it is done. */
import { type Span, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { harmless } from "../diag.ts";
import { errorFacts, recordError } from "../errors.ts";
import { instrumentLoadedAwsSdk } from "../instrument/aws-sdk/install.ts";
import { RESERVED_BEFORE_TIMEOUT_MS } from "../limits.ts";
import { writeHeldLines } from "../log/write.ts";
import { ownLogger } from "../log/own.ts";
import { type Scope, inScope } from "../scope.ts";
import { sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";
import { lossAttributes } from "../trace/invocation-span.ts";
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
  const { invocationSpan: span } = scope;
  const timeout = harmless("watching the timeout", () =>
    watchTimeout(scope, sdk(), (budgetMs) => sdk().sender.flush(budgetMs)),
  );
  let isOver = false;
  let sending: Promise<void> | undefined;
  const end = (fields: { outcome: string; errorCode?: string }, describe: () => void): void => {
    if (isOver) return;
    isOver = true;
    harmless("describing how it went", describe);
    if (fields.outcome === "error") harmless("writing held lines", () => writeHeldLines(scope));
    endLine(scope, fields);
    timeout?.cancel();
    harmless("saying what was lost", () => span.setAttributes(lossAttributes(sdk())));
    span.end();
    scope.open.clear();
  };
  return {
    scope,
    inside: (work) => inScope(scope, () => context.with(trace.setSpan(context.active(), span), work)),
    succeeded: (result) => end({ outcome: "success" }, () => describeResult(span, scope, result)),
    failed: (error) =>
      end({ outcome: "error", errorCode: errorFacts(error).errorType }, () => recordError(span, error)),
    sent: () => (sending ??= send(scope)),
  };
};

const send = async (scope: Scope): Promise<void> => {
  await harmless("sending", () => sdk().sender.flush(flushBudgetMs(scope)));
  // Clients that the handler loaded while it ran.
  if (scope.invocation.isFirst) harmless("instrumenting the AWS SDK", () => instrumentLoadedAwsSdk());
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

const endLine = (scope: Scope, fields: { outcome: string; errorCode?: string }): void => {
  if (!sdk().config.endLine) return;
  harmless("writing the end line", () => {
    const durationMs = Math.round((performance.now() - scope.invocation.startedMs) * 1e3) / 1e3;
    const { failed: recordsFailed } = scope.records;
    const line = { durationMs, ...fields, ...(recordsFailed > 0 && { recordsFailed }) };
    inScope({ ...scope, span: scope.invocationSpan }, () =>
      ownLogger()[fields.outcome === "error" ? "error" : "info"](line, "invocation end"),
    );
  });
};

const flushBudgetMs = (scope: Scope): number =>
  Math.min(sdk().config.flushBudgetMs, scope.invocation.remainingMs() - RESERVED_BEFORE_TIMEOUT_MS);
