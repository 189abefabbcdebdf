/** Where data can be kept, and what is said where not. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { makeFolder } from "./folders.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mayfly-folders-"));
});
afterEach(() => rmSync(home, { recursive: true }));

test("a folder is made with those above it, and may be there", () => {
  const folder = join(home, "a", "b");
  makeFolder(folder);
  makeFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
});

test("a file in the way is named, and what to choose", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  for (const folder of [file, join(file, "below")])
    expect(() => makeFolder(folder)).toThrow(
      new StoreError(
        "store-unreadable",
        `cannot keep data in ${folder}: ${file} is no folder; choose a folder that can be written, with --data`,
      ),
    );
});

test.runIf(existsSync("/proc/self"))("a file system that takes no folders is told, not tried for ever", () => {
  expect(() => makeFolder("/proc/mayfly/data")).toThrow(/^cannot keep data in \/proc\/mayfly\/data: ENOENT.*--data$/);
});
