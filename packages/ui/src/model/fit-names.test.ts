import { expect, test } from "vitest";
import { namesThatFit } from "./fit-names.ts";

/** Ten pixels per letter, five between names, twenty for "+3". */
const fit = (widthPx: number, ...names: readonly string[]): number =>
  namesThatFit(names, { widthPx, gapPx: 5, restPx: 20, widthOf: (name) => name.length * 10 });

test("all names stand where they fit exactly", () => {
  expect(fit(65, "api", "pay")).toBe(2);
  expect(fit(30, "api")).toBe(1);
});

test("what does not fit leaves room for the count of the rest", () => {
  expect(fit(64, "api", "pay")).toBe(1);
  expect(fit(100, "api", "pay", "ful", "shp")).toBe(2);
  expect(fit(84, "api", "pay", "ful", "shp")).toBe(1);
});

test("the first name stands in any room", () => {
  expect(fit(10, "payment", "api")).toBe(1);
  expect(fit(0, "payment")).toBe(1);
});

test("no names are no names", () => {
  expect(fit(100)).toBe(0);
});
