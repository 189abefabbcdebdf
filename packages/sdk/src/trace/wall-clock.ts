/**
 * Wall time finer than Date.now(), whose whole milliseconds are as long as many of our spans.
 *
 * performance.now() has the resolution, Date.now() is right: the first is moved by an offset that the second corrects
 * whenever the two disagree, so an environment that was frozen, or whose wall clock was set, is right again at the next
 * reading, and the more often it is read the closer it comes.
 *
 *   Date.now()       |    41    |    42    |    43    |
 *   offset + now()          ^ taken as it is      ^ 43.7 said 42: the offset grows by what is missing to 43.0
 */
import type { HrTime } from "@opentelemetry/api";

export interface Clocks {
  /** Unix milliseconds, whole. */
  readonly wallMs: () => number;
  /** Milliseconds since any point, with fractions; never runs backwards. */
  readonly monotonicMs: () => number;
}

const SYSTEM: Clocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
/** The end of a wall millisecond, as fine as a double can hold Unix milliseconds. */
const ALMOST_ONE = 0.999;

export const createWallClock = ({ wallMs, monotonicMs }: Clocks = SYSTEM): (() => HrTime) => {
  let offsetMs = performance.timeOrigin;
  return () => {
    const wall = wallMs();
    const monotonic = monotonicMs();
    const now = Math.min(Math.max(offsetMs + monotonic, wall), wall + ALMOST_ONE);
    offsetMs = now - monotonic;
    return hrTimeOf(now);
  };
};

export const hrTimeOf = (unixMs: number): HrTime => {
  const seconds = Math.floor(unixMs / 1_000);
  return [seconds, Math.round((unixMs - seconds * 1_000) * 1e6)];
};
