/** Where the collector takes its wall time from; tests pass one that stands still. */
import type { UnixNano } from "./model/time.ts";

export type Clock = () => UnixNano;

export const systemClock: Clock = () => BigInt(Date.now()) * 1_000_000n;
