/**
 * Requests that were refused whole, by error code, since this process started: what was in them is not known, so they
 * cannot be counted as spans. Senders try those with a 503 again; the rest is lost.
 */
import type { ErrorCode } from "../errors.ts";

export interface Refusals {
  count(code: ErrorCode): void;
  counts(): Readonly<Record<string, number>>;
}

export const createRefusals = (): Refusals => {
  const counts = new Map<ErrorCode, number>();
  return {
    count: (code) => void counts.set(code, (counts.get(code) ?? 0) + 1),
    counts: () => Object.fromEntries(counts),
  };
};
