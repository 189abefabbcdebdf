import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { traceId } from "../../../test/builders.ts";
import { activePath, makePartitionsFolder, sealedPath, tracesPath } from "./partitions.ts";
import { forgetRemoval, removalAfter } from "./removals.ts";

let folder: string;
let mark: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-removals-"));
  makePartitionsFolder(folder);
  mark = undefined;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Sealed ones up to the last, which is written to. */
const partitionsTo = (last: number): void => {
  for (let number = 1; number < last; number += 1) writeFileSync(sealedPath(folder, number), "");
  writeFileSync(activePath(folder, last), "");
};
const remove = (number: number, isTold: boolean): void => {
  if (isTold) writeFileSync(tracesPath(folder, number), Buffer.from(traceId(`t${number}`), "hex"));
  rmSync(sealedPath(folder, number));
};
/** As who sweeps does. */
const allTold = (): string[] => {
  const told: string[] = [];
  for (let next = removalAfter(folder, mark); next !== undefined; next = removalAfter(folder, mark)) {
    told.push(`${next.part} ${next.traceIds ? "known" : "unknown"}`);
    ({ mark } = next);
    forgetRemoval(folder, next);
  }
  return told;
};

test.each([
  ["with its traces", true, ["2 known"]],
  ["without them", false, ["2 unknown"]],
])("one that stayed longer than those after it is told of when it goes, %s, and once", (_, isTold, told) => {
  partitionsTo(6);
  for (const number of [1, 3, 4]) remove(number, true);
  expect(allTold()).toEqual(["1 known", "3 known", "4 known"]);
  remove(2, isTold);
  expect(allTold()).toEqual(told);
  remove(5, true);
  expect(allTold()).toEqual(["5 known"]);
  expect(mark).toBe("6");
});

test("those that went unknown around one that stays are told of once, all together", () => {
  partitionsTo(6);
  for (const number of [1, 3, 4]) remove(number, false);
  expect(allTold()).toEqual(["4 unknown"]);
  expect(mark).toBe("5 2");
  expect(allTold()).toEqual([]);
  for (const number of [2, 5]) remove(number, false);
  expect(allTold()).toEqual(["5 unknown"]);
  expect(mark).toBe("6");
});
