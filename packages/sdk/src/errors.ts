/**
 * What was thrown, as spans and log lines tell it. Handlers throw anything: whatever it is, reading it gives text and never
 * throws, because that would put our error in the place of theirs.
 */
import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { ATTR } from "./semconv.ts";

export interface ErrorFacts {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: readonly string[];
}

export const errorFacts = (thrown: unknown): ErrorFacts => {
  try {
    return thrown instanceof Error
      ? factsOf(thrown)
      : { errorType: thrown === null ? "null" : typeof thrown, errorMessage: String(thrown) };
  } catch {
    return { errorType: "unknown", errorMessage: "what was thrown cannot be read" };
  }
};

/** Each field may have been given any value. */
const factsOf = (error: Error): ErrorFacts => {
  const { name, message, stack }: { name: unknown; message: unknown; stack?: unknown } = error;
  return {
    errorType: typeof name === "string" && name !== "" ? name : "Error",
    errorMessage: String(message),
    ...(typeof stack === "string" && { stackTrace: stack.split("\n") }),
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
