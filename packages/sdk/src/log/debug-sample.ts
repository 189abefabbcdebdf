/**
 * Which invocations write their debug lines whatever the level: a share of all, by the trace id, so that functions with the same rate
 * agree on a transaction, and a higher rate has all that a lower one has. A record of a batch goes with its own trace.
 */
import type { Scope } from "../scope.ts";
import { isOfShare, thresholdOf } from "../trace/sampling.ts";

export const createDebugSample = (rate: number): ((scope: Scope) => boolean) => {
  const threshold = thresholdOf(rate);
  return ({ span }) => isOfShare(span.spanContext(), threshold);
};
