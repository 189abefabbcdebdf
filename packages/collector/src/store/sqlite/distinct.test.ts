import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createDistinct } from "./distinct.ts";

const hash = (n: number): number => createHash("sha256").update(String(n)).digest().readUInt32LE() >>> 2;

test("few are counted exactly, each once, also after they were saved", () => {
  const distinct = createDistinct();
  for (let n = 0; n < 2_000; n += 1) distinct.add(hash(n % 1_000));
  expect(distinct.count()).toBe(1_000);
  const again = createDistinct(distinct.saved());
  again.add(hash(5));
  again.add(hash(5_000));
  expect(again.count()).toBe(1_001);
});

test("many are estimated within two hundredths, in few bytes, also after they were saved", () => {
  let distinct = createDistinct();
  for (let n = 0; n < 400_000; n += 1) {
    distinct.add(hash(n));
    if (n === 200_000) distinct = createDistinct(distinct.saved());
  }
  expect(distinct.saved().length).toBeLessThan(20_000);
  expect(Math.abs(distinct.count() - 400_000)).toBeLessThan(8_000);
});
