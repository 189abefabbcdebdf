/** The fields of a log line that are not the application's: Lambda's own JSON names first, ours beside them. */
import { trace } from "@opentelemetry/api";
import { warn } from "../diag.ts";
import { currentScope } from "../scope.ts";
import { sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";

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
  "recordsFailed",
]);

/** What says which line this is: not even a line's own fields may change them, or the collector could not tell lines apart. */
const IDENTITY: ReadonlySet<string> = new Set(["timestamp", "level", "requestId", "traceId", "spanId", "seq"]);

/** Said once, and counted where it is seen: on the span of the invocation that tried. */
export const refuseField = (who: string, name: string): void => {
  warn(`${who}: ${JSON.stringify(name)} is a field of every log line and cannot be given another meaning`);
  sdk().refusedFields += 1;
  currentScope()?.invocationSpan.setAttribute(ATTR.sdkRefusedFields, sdk().refusedFields);
};

/** A line's own fields over those of its invocation, but for what identifies it. */
export const mergeFields = (given: object, own: object): Record<string, unknown> => {
  const merged: Record<string, unknown> = { ...own };
  for (const [key, value] of Object.entries(given)) {
    if (IDENTITY.has(key)) refuseField("logger", key);
    else merged[key] = value;
  }
  return merged;
};

/** A line that is held has no number before it is written. */
export const lineFields = (isHeld = false): Record<string, unknown> => {
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
    ...(!isHeld && { seq: scope.sequence.next++ }),
    ...scope.annotations,
  };
};
