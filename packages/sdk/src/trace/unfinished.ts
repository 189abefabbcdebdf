/**
 * Before a timeout Lambda kills the process without a word. So, a margin before it, everything open is sent as it stands, with an
 * unfinished mark, and the invocation is visible at all.
 *
 * Nothing is ended by it: a handler that returns within the margin after all ends its own spans, which are then sent too. A
 * reader of both takes the one without the mark; one that has only the marked one knows that the rest never came.
 *
 * A handler that blocks the thread is not helped: the timer cannot run.
 */
import type { ReadableSpan, Span } from "@opentelemetry/sdk-trace";
import { harmless } from "../diag.ts";
import { RESERVED_BEFORE_TIMEOUT_MS } from "../limits.ts";
import { writeHeldLines } from "../log/write.ts";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";
import { recordInit } from "./init-span.ts";
import { lossAttributes } from "./invocation-span.ts";
import { describePayload } from "./payload.ts";
import { createWallClock } from "./wall-clock.ts";

export interface TimeoutWatch {
  cancel(): void;
}

export const watchTimeout = (scope: Scope, sdk: Sdk, flush: (budgetMs: number) => Promise<void>): TimeoutWatch => {
  const { timeoutMarginMs } = sdk.config;
  const dueMs = scope.invocation.remainingMs() - timeoutMarginMs;
  if (timeoutMarginMs === 0 || !(dueMs > 0 && dueMs < 2 ** 31)) return { cancel: () => {} };
  // Thrown in a timer, an error of ours would end the process.
  const timer = setTimeout(() => {
    harmless("sending unfinished spans", () => {
      scope.describe();
      recordInit(sdk, scope);
      scope.invocationSpan.setAttributes(lossAttributes(sdk));
      // As good as failed, for whoever keeps what failed.
      for (const held of scope.open.values()) held?.settle({ isError: true, durationMs: 0 });
      describePayload(scope);
      // The process may be killed before it fails.
      writeHeldLines(scope);
      for (const [span, held] of scope.open) sdk.details.ended(unfinished(span), { held });
      void flush(scope.invocation.remainingMs() - RESERVED_BEFORE_TIMEOUT_MS);
    });
  }, dueMs);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

/** The span as it stands: whatever it does from here on, it does not do to this. */
const unfinished = (span: Span): ReadableSpan => ({
  name: span.name,
  kind: span.kind,
  spanContext: () => span.spanContext(),
  ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
  startTime: span.startTime,
  endTime: createWallClock()().time,
  duration: span.duration,
  ended: false,
  status: { ...span.status },
  attributes: { ...span.attributes, [ATTR.unfinished]: true },
  events: [...span.events],
  links: [...span.links],
  resource: span.resource,
  instrumentationScope: span.instrumentationScope,
  droppedAttributesCount: span.droppedAttributesCount,
  droppedEventsCount: span.droppedEventsCount,
  droppedLinksCount: span.droppedLinksCount,
});
