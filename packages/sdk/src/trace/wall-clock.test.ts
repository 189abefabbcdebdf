import { expect, test } from "vitest";
import { createWallClock } from "./wall-clock.ts";

/** Both clocks under the test's hand; `millis` reads ours as Unix milliseconds. */
const clocks = (wall: number, monotonic: number) => {
  const time = { wall, monotonic };
  const read = createWallClock({ wallMs: () => Math.floor(time.wall), monotonicMs: () => time.monotonic });
  const pass = (ms: number): void => {
    time.wall += ms;
    time.monotonic += ms;
  };
  const millis = (): number => {
    const [seconds, nanos] = read().time;
    return seconds * 1_000 + nanos / 1e6;
  };
  return { time, pass, millis };
};

const WALL = 1_800_000_000_000;

test("two readings within one millisecond differ", () => {
  const { pass, millis } = clocks(WALL + 0.1, 50);
  const first = millis();
  pass(0.4);
  expect(millis() - first).toBeCloseTo(0.4, 2);
});

test("a reading lies in the wall's millisecond, also after the process was frozen and its own clock stood still", () => {
  const { time, pass, millis } = clocks(WALL + 0.5, 50);
  millis();
  time.wall += 60_000;
  pass(0.25);
  expect(Math.floor(millis())).toBe(WALL + 60_000);
});

test("a wall clock that was set back is followed", () => {
  const { time, millis } = clocks(WALL, 50);
  millis();
  time.wall -= 5_000;
  expect(Math.floor(millis())).toBe(WALL - 5_000);
});

test("reading often brings it closer to the truth than a millisecond", () => {
  const { time, pass, millis } = clocks(WALL + 0.9, 50);
  for (let reading = 0; reading < 200; reading += 1) {
    millis();
    pass(0.07);
  }
  expect(Math.abs(millis() - time.wall)).toBeLessThan(0.08);
});

test("a thread that is put aside between the readings of the two clocks does not mix two moments", () => {
  const time = { wall: WALL + 0.1, monotonic: 50 };
  let isPutAside = true;
  const read = createWallClock({
    wallMs() {
      const wall = Math.floor(time.wall);
      if (isPutAside) [time.wall, time.monotonic, isPutAside] = [time.wall + 2.7, time.monotonic + 2.7, false];
      return wall;
    },
    monotonicMs: () => time.monotonic,
  });
  const { time: hrTime, monotonicMs } = read();
  expect([hrTime[0] * 1_000 + Math.floor(hrTime[1] / 1e6), monotonicMs]).toEqual([WALL + 2, 52.7]);
});
