/** The fields of a log line that are not the application's: Lambda's own JSON names first, ours beside them. */
import { trace } from "@opentelemetry/api";
import { currentScope } from "../scope.ts";

/** Names that `annotate` cannot take. */
export const LINE_FIELDS: ReadonlySet<string> = new Set([
  "timestamp",
  "level",
  "message",
  "requestId",
  "errorType",
  "errorMessage",
  "stackTrace",
  "service",
  "function",
  "version",
  "region",
  "traceId",
  "spanId",
  "coldStart",
  "trigger",
  "seq",
  "durationMs",
  "outcome",
  "errorCode",
]);

export const lineFields = (): Record<string, unknown> => {
  const scope = currentScope();
  const active = trace.getActiveSpan()?.spanContext();
  if (scope === undefined) return active ? { traceId: active.traceId, spanId: active.spanId } : {};
  const own = active ?? scope.span.spanContext();
  return {
    requestId: scope.invocation.requestId,
    traceId: own.traceId,
    spanId: own.spanId,
    coldStart: scope.invocation.isColdStart,
    trigger: scope.trigger.type,
    seq: scope.sequence.next++,
    ...scope.annotations,
  };
};
