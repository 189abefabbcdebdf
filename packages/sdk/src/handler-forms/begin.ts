/** The beginning of an invocation: all of it but the span, which somebody else may start. */
import type { Span } from "@opentelemetry/api";
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import { harmless } from "../diag.ts";
import { type Invocation, readInvocation } from "../invocation.ts";
import { withCarried } from "../propagate/propagators.ts";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { payloadText } from "../trace/payload.ts";
import { detectTrigger } from "../trigger/detect.ts";
import { type Trigger, isObject } from "../trigger/trigger.ts";

export interface Beginning {
  readonly trigger: Trigger;
  readonly invocation: Invocation;
  readonly scopeOf: (span: Span, describe: () => void) => Scope;
}

export const beginInvocation = (state: Sdk, event: unknown, lambdaContext: unknown): Beginning => {
  state.sender.probe();
  state.pace.begun();
  const trigger = withCarried(detectTrigger(event, lambdaContext), state.config);
  const invocation = readInvocation(isObject(lambdaContext) ? lambdaContext : undefined, {
    isFirst: state.takeFirst(),
    loadedAtMs: state.loaded?.atMs ?? Date.now(),
  });
  // Before the handler, which may change it.
  const eventText = harmless("capturing the event", () => payloadText(state, "event", event));
  const scopeOf: Beginning["scopeOf"] = (span, describe) => {
    const held = state.details.heldUnder(span, invocation.isColdStart);
    return {
      invocation,
      trigger,
      invocationSpan: span,
      describe,
      span,
      open: new Map([[span as OpenSpan, held]]),
      held,
      calls: new Set(),
      eventText,
      // Under Lambda's own name for it in log lines.
      annotations: invocation.tenantId === undefined ? {} : { tenantId: invocation.tenantId },
      sequence: { next: 0 },
      records: { failed: 0 },
    };
  };
  return { trigger, invocation, scopeOf };
};
