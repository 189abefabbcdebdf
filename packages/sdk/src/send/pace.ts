/**
 * When it is worth sending what an invocation leaves, where that costs the caller nothing: after each, but for an environment that is
 * busy, which is sure to come back within the moment that its telemetry waits.
 *
 *   invocations  |  |       | | | | | | | | | | | | | |      busy: BUSY of them within the hold time
 *   sent         ^  ^       ^ ^ ^ ^ ^ ^ ^ ^       ^          then once per hold time
 *
 * What waits is sent when the environment ends (SIGTERM) or comes near a timeout. An environment that is killed without a word takes as
 * much along as it has held back: less than one hold time of it.
 */
export interface Pace {
  /** An invocation has begun. */
  begun(): void;
  isWorthSending(): boolean;
}

const BUSY = 8;

export const createPace = (nowMs: () => number, holdMs: number): Pace => {
  const begins: number[] = [];
  let lastSentMs = Number.NEGATIVE_INFINITY;
  return {
    begun() {
      begins.push(nowMs());
      if (begins.length > BUSY) begins.shift();
    },
    isWorthSending() {
      const now = nowMs();
      const isBusy = begins.length === BUSY && now - (begins[0] ?? 0) < holdMs;
      if (isBusy && now - lastSentMs < holdMs) return false;
      lastSentMs = now;
      return true;
    },
  };
};
