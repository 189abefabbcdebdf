/**
 * Requests that were refused whole, and connections that never brought one, by error code, since this process started.
 * What was in those with telemetry is not known, so they cannot be counted as spans. Senders try those with a 503 again;
 * the rest is lost. Other requests that were refused are counted by themselves.
 */
import type { ErrorCode } from "../errors.ts";

type Reason = ErrorCode | "too-many-connections";

export interface Refusals {
  readonly count: (reason: Reason) => void;
  counts(): Readonly<Record<string, number>>;
}

export const createRefusals = (): Refusals => {
  const counts = new Map<Reason, number>();
  return {
    count: (reason) => void counts.set(reason, (counts.get(reason) ?? 0) + 1),
    counts: () => Object.fromEntries(counts),
  };
};
