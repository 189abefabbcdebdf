import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { giveUpReserve, openReserve, refillReserve, RESERVE_BYTES, RESERVE_FILE } from "./reserve.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-reserve-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (): number => statSync(join(folder, RESERVE_FILE)).size;

test("a reserve is made, given up once, and filled again", () => {
  expect(openReserve(folder)).toBe(true);
  expect(bytes()).toBe(RESERVE_BYTES);
  expect([giveUpReserve(folder), giveUpReserve(folder)]).toEqual([true, false]);
  expect(bytes()).toBe(0);
  refillReserve(folder);
  expect(bytes()).toBe(RESERVE_BYTES);
  expect(openReserve(folder)).toBe(true);
  expect(readdirSync(folder)).toEqual([RESERVE_FILE]);
});

test("one that was written in part is written anew", () => {
  writeFileSync(join(folder, RESERVE_FILE), "a part");
  refillReserve(folder);
  expect(bytes()).toBe(RESERVE_BYTES);
});

test("without one nothing waits, and there is nothing to give up", () => {
  refillReserve(folder);
  expect(giveUpReserve(folder)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});
