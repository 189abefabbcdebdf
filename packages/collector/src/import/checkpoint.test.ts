import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-checkpoint-"));
  file = join(folder, "below", "c.json");
});
afterEach(() => rm(folder, { recursive: true }));

test("what was saved is known to the next run, of the same route alone", async () => {
  const first = await openCheckpoint(file, "a");
  first.add("t", 3);
  await first.save({ from: 5n, to: 9n });
  const [same, other] = [await openCheckpoint(file, "a"), await openCheckpoint(file, "b")];
  expect([same.has("t", 3), same.has("t", 4), same.has("u", 3), same.until]).toEqual([true, false, false, 9n]);
  expect([other.has("t", 3), other.until]).toEqual([false, undefined]);
  other.add("u", 1);
  await other.save();
  expect((await openCheckpoint(file, "a")).has("t", 3)).toBe(true);
  expect(await readdir(join(folder, "below"))).toEqual(["c.json"]);
});

test("until moves only where no hole is left", async () => {
  const checkpoint = await openCheckpoint(file, "a");
  const until = async (from: bigint, to: bigint): Promise<bigint | undefined> => {
    await checkpoint.save({ from, to });
    return checkpoint.until;
  };
  expect(await until(10n, 20n)).toBe(20n);
  expect(await until(30n, 40n), "a hole").toBe(20n);
  expect(await until(1n, 5n), "the past").toBe(20n);
  expect(await until(15n, 25n)).toBe(25n);
});

test("a trace without a revision is never known; beyond the bound the oldest are forgotten", async () => {
  const checkpoint = await openCheckpoint(file, "a", 2);
  checkpoint.add("none", undefined);
  for (const id of ["t1", "t2", "t1", "t3"]) checkpoint.add(id, 1);
  expect(["none", "t1", "t2", "t3"].map((id) => checkpoint.has(id, id === "none" ? undefined : 1))).toEqual([
    false,
    true,
    false,
    true,
  ]);
});

test.each(["", "[]", '{"version":2,"routes":{}}', '{"version":1,"routes":{"a":{"until":"x","traces":{}}}}'])(
  "%o is refused, not overwritten",
  async (text) => {
    const here = join(folder, "c.json");
    await writeFile(here, text);
    await expect(openCheckpoint(here, "a")).rejects.toThrow(`${here} is no checkpoint`);
  },
);
