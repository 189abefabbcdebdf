import { expect, test } from "vitest";
import { createSteadyTime } from "./steady-time.ts";

const MINUTE = 60_000_000_000n;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const YEAR = 365n * DAY;
const START = 1_767_225_600_000_000_000n;
const LEAPS = { leapNs: HOUR, doubtNs: DAY };

const after = (...offsets: bigint[]): bigint[] => {
  const steady = createSteadyTime(LEAPS);
  return offsets.map((offset) => steady(START + offset) - START);
};

test("time that passes is time", () => {
  expect(after(0n, MINUTE, HOUR, 2n * HOUR)).toEqual([0n, MINUTE, HOUR, 2n * HOUR]);
});

test("a leap ahead does not count, and what passes after it does", () => {
  expect(after(0n, YEAR, YEAR + MINUTE, YEAR + HOUR)).toEqual([0n, 0n, MINUTE, HOUR]);
});

test("a leap that is undone leaves nothing behind", () => {
  expect(after(0n, YEAR, YEAR + MINUTE, 2n * MINUTE, HOUR)).toEqual([0n, 0n, MINUTE, 2n * MINUTE, HOUR]);
});

test("a clock that was set right by a year is believed after a day", () => {
  const hours = Array.from({ length: 26 }, (_, hour) => YEAR + BigInt(hour) * HOUR);
  expect(after(0n, ...hours).slice(-3)).toEqual([23n * HOUR, 24n * HOUR, YEAR + 25n * HOUR]);
});

test("who looks seldom is not left behind for ever", () => {
  const days = Array.from({ length: 10 }, (_, day) => BigInt(day) * DAY);
  expect(after(...days).at(-1)).toBe(7n * DAY);
});

test("going back is no leap, and coming from there neither", () => {
  expect(after(2n * HOUR, HOUR, HOUR + MINUTE)).toEqual([2n * HOUR, HOUR, HOUR + MINUTE]);
});

test("a leap between two runs is one: the last time that is known says so", () => {
  const steady = createSteadyTime(LEAPS, START);
  expect(steady(START + YEAR)).toBe(START);
  expect(createSteadyTime(LEAPS, START)(START + MINUTE)).toBe(START + MINUTE);
});
