import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hueClass, hueOf } from "./colors.ts";

const SHOP = ["api", "payment", "fulfil", "reserve", "charge", "ship", "notify", "audit"];
const TOKENS = readFileSync(join(import.meta.dirname, "../tokens.css"), "utf8");

test("a function's hue never changes from one release to the next", () => {
  expect(SHOP.map(hueOf)).toEqual([2, 8, 6, 4, 10, 5, 1, 7]);
});

test("the functions of the example shop have hues of their own", () => {
  expect(new Set(SHOP.map(hueOf)).size).toBe(SHOP.length);
});

test("twelve hues are used, all of them, evenly enough", () => {
  const counts = new Map<number, number>();
  for (let index = 0; index < 12_000; index += 1) {
    const hue = hueOf(`function-${index}`);
    counts.set(hue, (counts.get(hue) ?? 0) + 1);
  }

  expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(Math.min(...counts.values())).toBeGreaterThan(700);
});

test("the style sheet has an ink for each of the twelve, light and dark, and a class that takes it", () => {
  for (let hue = 0; hue < 12; hue += 1) {
    expect(TOKENS).toMatch(new RegExp(`--hue-${hue}: light-dark\\(#[0-9a-f]{6}, #[0-9a-f]{6}\\);`));
    expect(TOKENS).toMatch(new RegExp(`\\.hue-${hue} \\{\\s+--hue: var\\(--hue-${hue}\\);`));
  }
  expect(TOKENS).not.toContain("--hue-12");
});

test("every name has one of the twelve hues", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      expect(hueOf(name)).toBeLessThan(12);
      expect(hueClass(name)).toMatch(/^hue-\d\d?$/);
    }),
  );
});

test("what has no function has a hue too, and always the same", () => {
  expect(hueOf(undefined)).toBe(hueOf(""));
});
