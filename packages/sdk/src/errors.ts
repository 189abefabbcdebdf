/** What was thrown, as spans and log lines tell it; handlers throw anything. */
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { ATTR } from "./semconv.ts";

export interface ErrorFacts {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

export const errorFacts = (thrown: unknown): ErrorFacts => {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown) };
  const stack = thrown.stack?.split("\n");
  return {
    errorType: thrown.name || "Error",
    errorMessage: thrown.message,
    ...(stack && { stackTrace: stack }),
  };
};

/** Status, `error.type` and the exception event; the thrown value is not touched. */
export const recordError = (span: Span, thrown: unknown): void => {
  const { errorType, errorMessage, stackTrace } = errorFacts(thrown);
  span.setAttribute(ATTR.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage });
  span.addEvent("exception", {
    [ATTR.exceptionType]: errorType,
    [ATTR.exceptionMessage]: errorMessage,
    ...(stackTrace && { [ATTR.exceptionStacktrace]: stackTrace.join("\n") }),
  });
};
