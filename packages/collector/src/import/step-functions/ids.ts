/**
 * Ids of an execution's spans, worked out of the execution alone: whoever knows its ARN and a state's context object knows
 * them, so that a function and an import agree without a message.
 *
 *   trace     first 16 bytes of SHA-256(execution ARN)
 *   attempt   first 8 bytes, top bit cleared, of SHA-256(`<ARN>#<state>#<EnteredTime>`), with `#<retry>#<redrive>` after it where
 *             either is not 0
 *
 * Source  the recipe of Datadog's Lambda library and extension, held against their test vectors.
 */
import { createHash } from "node:crypto";
import type { SpanId, TraceId } from "../../model/ids.ts";

export const executionTraceId = (arn: string): TraceId => digest(arn).toString("hex", 0, 16) as TraceId;

export interface Attempt {
  readonly state: string;
  /** As the context object has it: ISO with milliseconds. */
  readonly enteredTime: string;
  readonly retryCount: number;
  readonly redriveCount: number;
}

/** Of a task's attempt; of a state that makes none, its own. */
export const attemptSpanId = (arn: string, { state, enteredTime, retryCount, redriveCount }: Attempt): SpanId => {
  const again = retryCount === 0 && redriveCount === 0 ? "" : `#${retryCount}#${redriveCount}`;
  return spanIdOf(`${arn}#${state}#${enteredTime}${again}`);
};

/** Of what only the import knows. */
export const spanIdOf = (text: string): SpanId => {
  const bytes = digest(text).subarray(0, 8);
  bytes[0]! &= 0x7f;
  const id = bytes.toString("hex");
  return (/^0+$/.test(id) ? "0000000000000001" : id) as SpanId;
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
