/** Answers → what is wrong with them: a sentence, or undefined when they are as they should be. */
import type { Answer } from "./probe.ts";
import { fieldsOf } from "./protobuf.ts";
import type { Signal } from "./records.ts";

export type Encoding = "protobuf" | "json";
export type Fault = string | undefined;
export type Check = (answer: Answer) => Fault;

export const TYPES = { protobuf: "application/x-protobuf", json: "application/json" } as const;

export const all =
  (...checks: readonly Check[]): Check =>
  (answer) => {
    for (const check of checks) {
      const fault = check(answer);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

export const status =
  (...expected: readonly number[]): Check =>
  (answer) =>
    expected.includes(answer.status) ? undefined : `status ${answer.status}`;

export const sameType =
  (encoding: Encoding): Check =>
  ({ headers }) => {
    const type = (headers["content-type"] ?? "none").split(";", 1).join("").trim().toLowerCase();
    return type === TYPES[encoding] ? undefined : `content-type ${type}`;
  };

const REJECTED_NAME = { traces: "rejectedSpans", logs: "rejectedLogRecords", metrics: "rejectedDataPoints" } as const;

export interface PartialSuccess {
  readonly rejected: bigint;
  readonly errorMessage: string;
}

/** A text: the body is no such response. */
const partialSuccessOf = (body: Buffer, encoding: Encoding, signal: Signal): PartialSuccess | undefined | string => {
  if (encoding === "json") {
    const parsed = jsonObject(body);
    if (parsed === undefined) return "the body is no JSON object";
    const partial = parsed["partialSuccess"] as Readonly<Record<string, unknown>> | null | undefined;
    if (partial === undefined || partial === null) return undefined;
    const { [REJECTED_NAME[signal]]: rejected = "0", errorMessage = "" } = partial;
    if ((typeof rejected !== "string" && typeof rejected !== "number") || !/^-?\d+$/.test(String(rejected)))
      return `${REJECTED_NAME[signal]} is no integer`;
    if (typeof errorMessage !== "string") return "errorMessage is no text";
    return { rejected: BigInt(rejected), errorMessage };
  }
  const fields = fieldsOf(body);
  if (fields === undefined) return "the body is no protobuf message";
  const partial = fields.find(({ field }) => field === 1)?.value;
  if (partial === undefined) return undefined;
  const inner = Buffer.isBuffer(partial) ? fieldsOf(partial) : undefined;
  if (inner === undefined) return "partial_success is no message";
  const rejected = inner.find(({ field }) => field === 1)?.value ?? 0n;
  const message = inner.find(({ field }) => field === 2)?.value ?? Buffer.of();
  return typeof rejected === "bigint" && Buffer.isBuffer(message)
    ? { rejected, errorMessage: message.toString() }
    : "partial_success has fields of other types";
};

const jsonObject = (body: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value = JSON.parse(body.toString()) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

export const responseOf =
  (encoding: Encoding, signal: Signal): Check =>
  ({ body }) => {
    const partial = partialSuccessOf(body, encoding, signal);
    return typeof partial === "string" ? partial : undefined;
  };

const nothingRejected =
  (encoding: Encoding, signal: Signal): Check =>
  ({ body }) => {
    const partial = partialSuccessOf(body, encoding, signal);
    if (typeof partial !== "object") return partial;
    return partial.rejected === 0n ? undefined : `${partial.rejected} rejected: ${partial.errorMessage}`;
  };

/** All was taken, so nothing is to be said. */
export const partialUnset =
  (encoding: Encoding, signal: Signal): Check =>
  ({ body }) => {
    const partial = partialSuccessOf(body, encoding, signal);
    if (typeof partial !== "object") return partial;
    return partial.rejected === 0n && partial.errorMessage === "" ? "partial_success is set" : "something was rejected";
  };

export const oneRejected =
  (encoding: Encoding, signal: Signal): Check =>
  ({ body }) => {
    const partial = partialSuccessOf(body, encoding, signal);
    if (typeof partial === "string") return partial;
    if (partial === undefined) return "nothing was rejected";
    if (partial.rejected !== 1n) return `${partial.rejected} rejected`;
    return partial.errorMessage === "" ? "no errorMessage" : undefined;
  };

export const accepted = (encoding: Encoding, signal: Signal): Check =>
  all(status(200), responseOf(encoding, signal), nothingRejected(encoding, signal));

/** google.rpc.Status { code = 1, message = 2 }. */
export const statusBody =
  (encoding: Encoding): Check =>
  ({ body }) => {
    if (encoding === "json")
      return typeof jsonObject(body)?.["message"] === "string" ? undefined : "the body is no google.rpc.Status in JSON";
    const message = fieldsOf(body)?.find(({ field }) => field === 2)?.value;
    return Buffer.isBuffer(message) ? undefined : "the body is no google.rpc.Status in protobuf";
  };

/** The answer in a few words. */
export const seen = ({ status: code, headers, body }: Answer): string => {
  const type = headers["content-type"] ?? "no type";
  const text = body
    .subarray(0, 120)
    .toString()
    .replaceAll(/[^\x20-\x7e]/g, "·");
  return `${code} ${type}${text === "" ? "" : ` ${text}`}`;
};
