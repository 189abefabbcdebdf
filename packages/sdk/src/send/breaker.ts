/**
 * A circuit breaker: after one failed flush nothing waits for the collector again until a probe came through.
 *
 *   closed ──failure──▶ open ──probeIntervalMs───▶ one probe ──success──▶ closed
 *                        ▲                              └────failure────────┐
 *                        └──────────────────────────────────────────────────┘
 */

export interface Breaker {
  readonly isOpen: boolean;
  /** True at most once per interval while open: the caller then sends one probe. */
  mayProbe(): boolean;
  succeeded(): void;
  /** The collector may have said how long it wants to be left alone. */
  failed(retryAfterMs?: number): void;
}

export const createBreaker = (nowMs: () => number, probeIntervalMs: number): Breaker => {
  let lastTryMs: number | undefined;
  let restMs = probeIntervalMs;
  return {
    get isOpen() {
      return lastTryMs !== undefined;
    },
    mayProbe() {
      if (lastTryMs === undefined || nowMs() - lastTryMs < restMs) return false;
      lastTryMs = nowMs();
      return true;
    },
    succeeded() {
      lastTryMs = undefined;
    },
    failed(retryAfterMs = 0) {
      restMs = Math.max(probeIntervalMs, retryAfterMs);
      lastTryMs = nowMs();
    },
  };
};
