/**
 * Errors → HTTP: the only place where a status is chosen. The API and the OTLP routes write the result each in their
 * own form.
 */
import type { FastifyRequest } from "fastify";
import { type ErrorCode, LimitError, MayflyError, MethodError, QueryError, type TextRange } from "./errors.ts";

export const HTTP_STATUS: { readonly [code in ErrorCode]?: number } = {
  "bad-parameter": 400,
  "bad-query": 400,
  "bad-request": 400,
  "malformed-body": 400,
  "key-invalid": 401,
  "key-missing": 401,
  "host-not-allowed": 403,
  "origin-not-allowed": 403,
  "scope-missing": 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "request-timeout": 408,
  "body-too-large": 413,
  "unsupported-content-encoding": 415,
  "unsupported-content-type": 415,
  "rate-limited": 429,
  "headers-too-large": 431,
  internal: 500,
  "store-corrupt": 500,
  overloaded: 503,
  "store-failed": 503,
};

/** What the framework finds wrong before a route runs. */
const FRAMEWORK_CODES: { readonly [code: string]: { readonly code: ErrorCode; readonly message: string } } = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: "body-too-large", message: "the body is larger than this route takes" },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: "unsupported-content-type", message: "this route takes application/json" },
};

/** Sees what is not the client's fault: the disk's, an overload, a bug of ours. */
export type OnFault = (error: unknown, status: number, request: FastifyRequest) => void;

export interface HttpProblem {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** What the status asks for beside the body: when to try again, how to present a key, which methods there are. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a query: where. */
  readonly at?: TextRange;
}

const RETRY_AFTER_SECONDS = 5;

export const httpProblem = (error: unknown): HttpProblem => {
  const { code, message } = codeAndMessage(error);
  const status = HTTP_STATUS[code] ?? 500;
  return {
    status,
    code,
    message,
    headers: headersFor(status, error),
    ...(error instanceof QueryError && { at: error.at }),
  };
};

const headersFor = (status: number, error: unknown): HttpProblem["headers"] => {
  if (error instanceof MethodError) return { allow: error.allowed.join(", ") };
  if (error instanceof LimitError) return { "retry-after": String(error.retryAfterSeconds) };
  if (status === 503) return { "retry-after": String(RETRY_AFTER_SECONDS) };
  return status === 401 ? { "www-authenticate": 'Bearer realm="mayfly"' } : {};
};

const codeAndMessage = (error: unknown): { code: ErrorCode; message: string } => {
  if (error instanceof MayflyError) return error;
  if (isFrameworkError(error))
    return FRAMEWORK_CODES[error.code ?? ""] ?? { code: "bad-request", message: error.message };
  return { code: "internal", message: "internal error" };
};

/** The framework marks what it blames on the client. */
const isFrameworkError = (error: unknown): error is Error & { statusCode: number; code?: string } =>
  error instanceof Error && "statusCode" in error && Number(error.statusCode) >= 400 && Number(error.statusCode) < 500;
