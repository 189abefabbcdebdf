import { expect, test } from "vitest";
import {
  axisTimes,
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatOffset,
  formatShare,
  formatWholeMsOffset,
  formatTick,
  formatTime,
  plural,
} from "./format.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test.each([
  [0, "0 ms"],
  [1, "1 ns"],
  [999, "999 ns"],
  [4_100, "4.10 µs"],
  [999_499, "999 µs"],
  [999_500, "1.00 ms"],
  [9_000_000, "9.00 ms"],
  [9_996_000, "10.0 ms"],
  [12_345_678, "12.3 ms"],
  [99_960_000, "100 ms"],
  [318_400_000, "318 ms"],
  [999_499_999, "999 ms"],
  [999_500_000, "1.00 s"],
  [1_240_000_000, "1.24 s"],
  [59_940_000_000, "59.9 s"],
  [59_960_000_000, "1 m 00 s"],
  [125_000_000_000, "2 m 05 s"],
  [3_599_600_000_000, "1 h 00 m"],
  [11_520_000_000_000, "3 h 12 m"],
  [200_000_000_000_000, "2 d 7 h"],
  [-318_000_000, "-318 ms"],
])("a duration of %d ns reads %s", (ns, text) => {
  expect(plain(formatDuration(ns))).toBe(text);
});

test("a duration never breaks between number and unit", () => {
  expect(formatDuration(318_000_000)).toBe("318\u00a0ms");
});

test.each([
  [0, "0 B"],
  [812, "812 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_100_000, "4.1 MB"],
  [3_104_768, "3.1 MB"],
  [99_960_000, "100 MB"],
  [318_200_000, "318 MB"],
  [999_600_000, "1.0 GB"],
  [2.5e15, "2500 TB"],
])("%d bytes read %s", (bytes, text) => {
  expect(plain(formatBytes(bytes))).toBe(text);
});

test.each([
  [842, "842"],
  [9_999, "9,999"],
  [41_213, "41.2 k"],
  [999_499, "999 k"],
  [999_500, "1.00 M"],
  [3_100_000, "3.10 M"],
])("a count of %d reads %s", (count, text) => {
  expect(plain(formatCount(count))).toBe(text);
});

test.each([
  [-5_000, "now"],
  [1_999, "now"],
  [12_900, "12 s"],
  [240_000, "4 min"],
  [3 * 3_600_000, "3 h"],
  [47.9 * 3_600_000, "47 h"],
  [48 * 3_600_000, "2 d"],
])("%d ms ago reads %s", (ms, text) => {
  expect(plain(formatAge(ms))).toBe(text);
});

test("a moment says on which side of the beginning it lies", () => {
  expect([0, 318e6, -12e6].map((ns) => plain(formatOffset(ns)))).toEqual(["+0 ms", "+318 ms", "−12.0 ms"]);
});

test("ticks of one axis share a unit and have as many decimals as their step needs", () => {
  const ticks = (stepNs: number, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => plain(formatTick(index * stepNs, stepNs, stepNs * (count - 1))));

  expect(ticks(500_000_000, 4)).toEqual(["0", "0.5 s", "1.0 s", "1.5 s"]);
  expect(ticks(50_000_000, 3)).toEqual(["0", "50 ms", "100 ms"]);
  expect(ticks(50_000_000, 22).at(-1)).toBe("1.05 s");
  expect(ticks(200, 3)).toEqual(["0", "200 ns", "400 ns"]);
});

test("a wall time is local, to the millisecond", () => {
  const moment = new Date(2026, 0, 31, 4, 5, 6, 7).getTime();

  expect(formatTime(moment)).toBe("2026-01-31 04:05:06.007");
});

test("a share is whole percents, and tenths below one", () => {
  expect([0, 0.0004, 0.004, 0.0096, 0.257, 1].map((share) => plain(formatShare(share)))).toEqual([
    "0 %",
    "0.0 %",
    "0.4 %",
    "1 %",
    "26 %",
    "100 %",
  ]);
});

test("one thing, two things", () => {
  expect([0, 1, 2].map((count) => plural(count, "gap"))).toEqual(["0 gaps", "1 gap", "2 gaps"]);
  expect(plural(2, "query", "queries")).toBe("2 queries");
});

test("a moment known to the millisecond has no digits below it", () => {
  const said = [0, 2_885_000, -400_000, -1_115_000, 318.4e6, 1.24e9].map((ns) => plain(formatWholeMsOffset(ns)));

  expect(said).toEqual(["+0 ms", "+3 ms", "+0 ms", "−1 ms", "+318 ms", "+1.24 s"]);
});

test("an axis of times is told by what its ends differ by: hours of one day, days of many", () => {
  const at = (day: number, hour: number): number => new Date(2026, 0, day, hour, 4, 5, 6).getTime();

  expect(axisTimes(at(30, 9), at(30, 21))).toEqual(["09:04:05", "21:04:05"]);
  expect(axisTimes(at(30, 23), at(31, 1))).toEqual(["01-30 23:04", "01-31 01:04"]);
  expect(axisTimes(at(1, 23), at(30, 1))).toEqual(["2026-01-01", "2026-01-30"]);
});
