import { expect, test } from "vitest";
import { seldom } from "./seldom.ts";

test("what is said again and again is told once a minute, and anything else at once", () => {
  let now = 0n;
  const told: string[] = [];
  const tell = seldom(
    ({ message }) => told.push(message),
    () => now,
  );
  for (const [seconds, message] of [
    [0, "full"],
    [2, "full"],
    [3, "damaged"],
    [59, "full"],
    [60, "full"],
    [10, "full"],
  ] as const) {
    now = BigInt(seconds) * 1_000_000_000n;
    tell(new Error(message));
  }
  expect(told).toEqual(["full", "damaged", "full", "full"]);
});
