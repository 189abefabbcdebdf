/**
 * The ids of the attempt of a state, worked out of its execution's context object alone, so that a function and an import of
 * the execution's history agree without a message.
 *
 *   trace   first 16 bytes of SHA-256(execution ARN)
 *   span    first 8 bytes, top bit cleared, of SHA-256(`<ARN>#<state>#<EnteredTime>`), with `#<retry>#<redrive>` after it where either
 *           is not 0
 *
 * Source  the recipe of Datadog's Lambda library and extension, held against their test vectors.
 */
import { sha256 } from "./keys.ts";

export interface Attempt {
  readonly execution: string;
  readonly state: string;
  /** To the letter, as the context object has it. */
  readonly enteredTime: string;
  readonly retryCount: number;
  readonly redriveCount: number;
}

export interface AttemptSpan {
  readonly traceId: string;
  readonly spanId: string;
}

export const attemptSpan = ({ execution, state, enteredTime, retryCount, redriveCount }: Attempt): AttemptSpan => {
  const again = retryCount === 0 && redriveCount === 0 ? "" : `#${retryCount}#${redriveCount}`;
  const digest = sha256(`${execution}#${state}#${enteredTime}${again}`);
  const first = (Number.parseInt(digest.slice(0, 2), 16) & 0x7f).toString(16).padStart(2, "0");
  return { traceId: sha256(execution).slice(0, 32), spanId: `${first}${digest.slice(2, 16)}` };
};
