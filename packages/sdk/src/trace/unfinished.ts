/**
 * Before a timeout Lambda kills the process without a word. So, a margin before it, everything open is ended with an
 * unfinished mark and sent, and the invocation is visible at all.
 *
 * A handler that blocks the thread is not helped: the timer cannot run. One that finishes within the margin after all has
 * its spans marked although it made it.
 */
import { SpanStatusCode } from "@opentelemetry/api";
import { harmless } from "../diag.ts";
import { RESERVED_BEFORE_TIMEOUT_MS } from "../limits.ts";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";

export interface TimeoutWatch {
  cancel(): void;
}

export const watchTimeout = (scope: Scope, sdk: Sdk, flush: (budgetMs: number) => Promise<void>): TimeoutWatch => {
  const { timeoutMarginMs } = sdk.config;
  const dueMs = scope.invocation.remainingMs() - timeoutMarginMs;
  if (timeoutMarginMs === 0 || !(dueMs > 0 && dueMs < 2 ** 31)) return { cancel: () => {} };
  // Thrown in a timer, an error of ours would end the process.
  const timer = setTimeout(() => {
    harmless("ending unfinished spans", () => {
      endUnfinished(scope, sdk);
      void flush(scope.invocation.remainingMs() - RESERVED_BEFORE_TIMEOUT_MS);
    });
  }, dueMs);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

const endUnfinished = (scope: Scope, sdk: Sdk): void => {
  const { traceId } = scope.invocationSpan.spanContext();
  // A copy: ending a span takes it out of the set.
  const open = Array.from(sdk.spans.open);
  for (const span of open) {
    const isOurs =
      span.spanContext().traceId === traceId || span.attributes[ATTR.faasInvocationId] === scope.invocation.requestId;
    if (!isOurs) continue;
    span.setAttribute(ATTR.unfinished, true);
    span.setAttribute(ATTR.errorType, "timeout");
    span.setStatus({ code: SpanStatusCode.ERROR, message: "not finished when the function's timeout was near" });
    span.end();
  }
};
