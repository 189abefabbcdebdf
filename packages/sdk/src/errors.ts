/**
 * What was thrown, as spans and log lines tell it. Handlers throw anything: whatever it is, reading it gives text and never
 * throws, because that would put our error in the place of theirs.
 */
import { type HrTime, type Span, SpanStatusCode } from "@opentelemetry/api";
import { MAX_CAUSES } from "./limits.ts";
import { ATTR } from "./semconv.ts";

export interface ErrorFacts {
  readonly errorType: string;
  readonly errorMessage: string;
  /** Node's, such as ECONNREFUSED, or an AWS service's. */
  readonly errorCode?: string;
  readonly stackTrace?: readonly string[];
}

/** With what caused it behind its own stack, and what an AggregateError is made of: a wrapped error says little by itself. */
export const errorFacts = (thrown: unknown): ErrorFacts => {
  const facts = ownFacts(thrown);
  const stackTrace = [...(facts.stackTrace ?? []), ...causesOf(thrown).flatMap(causedBy)];
  return stackTrace.length > 0 ? { ...facts, stackTrace } : facts;
};

const causesOf = (thrown: unknown): readonly unknown[] => {
  const found = new Set([thrown]);
  try {
    // Grows while it is gone through.
    for (const error of found)
      for (const cause of within(error)) if (cause !== undefined && found.size <= MAX_CAUSES) found.add(cause);
  } catch {
    // A getter of theirs; what was read until here is told.
  }
  found.delete(thrown);
  return [...found];
};

const within = (error: unknown): readonly unknown[] => {
  if (!(error instanceof Error)) return [];
  const { cause, errors }: { cause?: unknown; errors?: unknown } = error;
  // Libraries keep other things under that name.
  return Array.isArray(errors)
    ? [cause, ...errors.slice(0, MAX_CAUSES).filter((one) => one instanceof Error)]
    : [cause];
};

const causedBy = (cause: unknown): readonly string[] => {
  const { errorType, errorMessage, stackTrace = [] } = ownFacts(cause);
  const [first = `${errorType}: ${errorMessage}`, ...frames] = stackTrace;
  return [`caused by: ${first}`, ...frames];
};

const ownFacts = (thrown: unknown): ErrorFacts => {
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
  const errorCode = codeOf(error);
  return {
    errorType: typeof name === "string" && name !== "" ? name : "Error",
    errorMessage: String(message),
    ...(errorCode && { errorCode }),
    ...(typeof stack === "string" && { stackTrace: stack.split("\n") }),
  };
};

/** AWS's clients name most errors by their code, and leave older services' in `Code`. */
const codeOf = (error: Error): string | undefined => {
  const { code, Code, $metadata } = error as { code?: unknown; Code?: unknown; $metadata?: unknown };
  const found = [code, Code, $metadata && error.name].find((one) => typeof one === "string" || typeof one === "number");
  return found === undefined ? undefined : String(found);
};

/** Status, `error.type` and the exception event, of now or of when it was thrown; the thrown value is not touched. */
export const recordError = (span: Span, thrown: unknown, time?: HrTime): void => {
  const { errorType, errorMessage, stackTrace } = errorFacts(thrown);
  span.setAttribute(ATTR.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, message: errorMessage });
  const attributes = {
    [ATTR.exceptionType]: errorType,
    [ATTR.exceptionMessage]: errorMessage,
    ...(stackTrace && { [ATTR.exceptionStacktrace]: stackTrace.join("\n") }),
  };
  span.addEvent("exception", attributes, time);
};
