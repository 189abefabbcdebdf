/**
 * What a function prints → what a person reads: Lambda's text lines lose their time and request id, its JSON lines become a sentence
 * with fields, errors show their stack. What is neither stays as it is.
 *
 *   2026-01-31T12:00:00.000Z  6f3…  INFO  order placed          →  INFO  order placed
 *   {"level":"INFO","message":"order placed","items":2, …}      →  INFO  order placed  items=2
 */

export type Level = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";

export interface ReadableLine {
  readonly level?: Level;
  /** May be several lines. */
  readonly message: string;
  /** `key=value`, in the order in which they came. */
  readonly fields: readonly string[];
  /** Indented below. */
  readonly stack: readonly string[];
}

/** As the runtime client and Lambda's JSON lines name them. */
export interface ErrorFields {
  readonly errorType?: unknown;
  readonly errorMessage?: unknown;
  readonly trace?: unknown;
  readonly stackTrace?: unknown;
  readonly stack?: unknown;
}

/** undefined: not for people, because the end of the invocation is told with all of it. */
export const readableLine = (line: string): ReadableLine | undefined => {
  const [, , , level, text] = TEXT_LINE.exec(line) ?? [];
  if (text !== undefined) return textLine(isLevel(level) ? level : undefined, text);
  const json = parsedObject(line);
  if (json !== undefined && isLevel(json["level"])) return jsonLine(json, json["level"]);
  return { message: line, fields: [], stack: [] };
};

/** `TypeError: no such order`, and below it the stack without its first line, which says the same. */
export const readableError = (error: ErrorFields): Pick<ReadableLine, "message" | "stack"> => {
  const { errorType, errorMessage } = error;
  const message = [errorType, errorMessage].filter((part) => typeof part === "string" && part !== "").join(": ");
  const trace = [error.trace, error.stackTrace, error.stack].find(
    (one) => Array.isArray(one) || typeof one === "string",
  );
  const lines = typeof trace === "string" ? trace.split("\n") : ((trace ?? []) as unknown[]).map(String);
  return {
    message: message === "" ? "an error without a message" : message,
    stack: lines.filter((one) => FRAME.test(one) && !NOT_THE_USERS.test(one)),
  };
};

export const parsedObject = (text: string): Record<string, unknown> | undefined => {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

const TEXT_LINE = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\t([^\t]*)\t([A-Z]+)\t([^]*)$/;
const FRAME = /^\s*at /;
/** Node's loader, and what wraps the handler. */
const NOT_THE_USERS = /node:internal|AsyncLocalStorage\.run|[/\\]node_modules[/\\]@mayfly[/\\]/;
const LEVELS: ReadonlySet<unknown> = new Set(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);

const isLevel = (word: unknown): word is Level => LEVELS.has(word);

/** The client puts a carriage return where the text breaks, so that it stays one line. */
const textLine = (level: Level | undefined, text: string): ReadableLine | undefined => {
  if (isReportOfError(text)) return undefined;
  return { ...(level && { level }), message: text.replaceAll("\r", "\n"), fields: [], stack: [] };
};

/** Written by the runtime client when a handler or its load fails. */
const isReportOfError = (text: string): boolean => {
  const json = parsedObject(text.replace(/^(Invoke|Uncaught) (Error|Exception)\s+/, ""));
  return json !== undefined && "errorType" in json && "errorMessage" in json && ("trace" in json || "stack" in json);
};

/** What stands on every line, and is told elsewhere or by the prefix: the SDK's own fields, which a test of the SDK's compares. */
export const COMMON: ReadonlySet<string> = new Set([
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
]);

const jsonLine = (json: Record<string, unknown>, level: Level): ReadableLine | undefined => {
  if (json["message"] === "invocation end" && "outcome" in json) return undefined;
  const fields = Object.entries(json).flatMap(([key, value]) =>
    COMMON.has(key) ? [] : [`${key}=${fieldText(value)}`],
  );
  const said = typeof json["message"] === "string" ? json["message"] : (JSON.stringify(json["message"]) ?? "");
  if (json["errorType"] === undefined && json["errorMessage"] === undefined)
    return { level, message: said, fields, stack: [] };
  const { message, stack } = readableError(json);
  return {
    level,
    message: said === "" || said === json["errorMessage"] ? message : `${said}  ${message}`,
    fields,
    stack,
  };
};

const fieldText = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? String(value));
