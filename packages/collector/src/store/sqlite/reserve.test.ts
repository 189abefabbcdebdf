import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mayMount, mountDisk, unmountDisk } from "../../../test/small-disk.ts";
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

describe.skipIf(!mayMount())("on a disk of 8 MiB", () => {
  beforeEach(() => mountDisk(folder, 8));
  afterEach(() => unmountDisk(folder));

  test.each([
    [1.5, 3, "whole"],
    [0.5, 3, "the disk is full"],
  ])("with %d MiB of it there already, as while another thread fills it, and %d MiB free: %s", (there, free, what) => {
    const put = (name: string, mebibytes: number): void =>
      writeFileSync(join(folder, name), Buffer.alloc(mebibytes * 1_048_576));
    put(RESERVE_FILE, there);
    put("others", 8 - there - free);
    if (what === "whole") refillReserve(folder);
    else expect(() => refillReserve(folder)).toThrow(what);
    expect(bytes()).toBe(what === "whole" ? RESERVE_BYTES : there * 1_048_576);
  });
});
