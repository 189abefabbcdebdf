import { expect, test } from "vitest";
import { barsOf } from "./histogram.ts";

test("the fullest step is as high as the box, and the steps stand side by side", () => {
  const bars = barsOf([
    { count: 10, errorCount: 0 },
    { count: 40, errorCount: 10 },
  ]);
  expect(bars).toMatchObject([
    { left: 0, width: 0.5, height: 0.25, failedHeight: 0 },
    { left: 0.5, width: 0.5, height: 1, failedHeight: 0.25 },
  ]);
});

test("one among a thousand is seen, and none is not", () => {
  const [many, one, none] = barsOf([
    { count: 1000, errorCount: 1 },
    { count: 1, errorCount: 1 },
    { count: 0, errorCount: 0 },
  ]);
  expect(many?.failedHeight).toBeGreaterThan(0.02);
  expect(one?.height).toBeGreaterThan(0.05);
  expect(one?.failedHeight).toBe(one?.height);
  expect(none).toMatchObject({ height: 0, failedHeight: 0 });
});

test("of a low bar its failures are only a part, unless all failed", () => {
  const [, low] = barsOf([
    { count: 1000, errorCount: 0 },
    { count: 20, errorCount: 19 },
  ]);
  expect(low?.failedHeight).toBeLessThan(low?.height ?? 0);
});

test("without a step there is no bar", () => {
  expect(barsOf([])).toEqual([]);
});
