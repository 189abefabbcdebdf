/** Tells an error whose message was told within the last minute no more: what is tried again every few seconds would fill a disk. */
import type { Clock } from "../clock.ts";

const QUIET_NS = 60n * 1_000_000_000n;
/** More are forgotten, and told again. */
const MAX_KNOWN = 100;

export const seldom = <E extends Error>(tell: (error: E) => void, clock: Clock): ((error: E) => void) => {
  const toldAt = new Map<string, bigint>();
  return (error) => {
    const now = clock();
    const last = toldAt.get(error.message);
    if (last !== undefined && now >= last && now - last < QUIET_NS) return; // a clock set back must not silence it
    if (toldAt.size >= MAX_KNOWN) toldAt.clear();
    toldAt.set(error.message, now);
    tell(error);
  };
};
