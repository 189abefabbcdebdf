import type { Span, SpanContext } from "@opentelemetry/api";
import { currentScope } from "../scope.ts";
import { hasSampledFlag } from "./sampling.ts";

/**
 * Whom a carrier names as the sender: the span of the call; of one that may never be sent, the invocation or record it is part of,
 * which always is. Else every backend would show a caller that is missing.
 */
export const senderContext = (span: Span): SpanContext => {
  const scope = currentScope();
  const own = span.spanContext();
  return scope?.held && !hasSampledFlag(own) ? scope.span.spanContext() : own;
};
