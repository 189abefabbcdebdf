/**
 * Wall time finer than Date.now(), whose whole milliseconds are as long as many of our spans.
 *
 * performance.now() has the resolution, Date.now() is right: the first is moved by an offset that the second corrects
 * whenever the two disagree, so an environment that was frozen, or whose wall clock was set, is right again at the next
 * reading, and the more often it is read the closer it comes.
 *
 *   Date.now()       |    41    |    42    |    43    |
 *   offset + now()          ^ taken as it is      ^ 43.7 said 42: the offset grows by what is missing to 43.0
 *
 * A thread may be put aside for milliseconds between the readings of the two, which would then be of two moments: they are read again.
 */
import type { HrTime } from "@opentelemetry/api";

export interface Clocks {
  /** Unix milliseconds, whole. */
  readonly wallMs: () => number;
  /** Milliseconds since any point, with fractions; never runs backwards. */
  readonly monotonicMs: () => number;
}

export interface Reading {
  readonly time: HrTime;
  /** At the same moment. */
  readonly monotonicMs: number;
}

const SYSTEM: Clocks = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
/** The end of a wall millisecond, as fine as a double can hold Unix milliseconds. */
const ALMOST_ONE = 0.999;
/** Two readings that are no further apart are of one moment; without being put aside they take a hundredth of it. */
const MOMENT_MS = 0.05;
const MAX_READINGS = 5;

export const createWallClock = (clocks: Clocks = SYSTEM): (() => Reading) => {
  let offsetMs = performance.timeOrigin;
  return () => {
    const [wall, monotonic] = atOneMoment(clocks);
    const now = Math.min(Math.max(offsetMs + monotonic, wall), wall + ALMOST_ONE);
    offsetMs = now - monotonic;
    return { time: hrTimeOf(now), monotonicMs: monotonic };
  };
};

const atOneMoment = ({ wallMs, monotonicMs }: Clocks): readonly [wall: number, monotonic: number] => {
  for (let reading = 1; ; reading += 1) {
    const before = monotonicMs();
    const wall = wallMs();
    const monotonic = monotonicMs();
    if (monotonic - before < MOMENT_MS || reading === MAX_READINGS) return [wall, monotonic];
  }
};

export const hrTimeOf = (unixMs: number): HrTime => {
  const seconds = Math.floor(unixMs / 1_000);
  return [seconds, Math.round((unixMs - seconds * 1_000) * 1e6)];
};
