import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { QUIET_MS, createWatcher, gathered } from "./watch.ts";

test("what changes in quick succession is told once, after a quiet moment", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const told: string[][] = [];
  const changes = gathered((paths) => told.push([...paths]));

  changes.add("a");
  vi.advanceTimersByTime(QUIET_MS - 1);
  changes.add("b");
  changes.add("a");
  vi.advanceTimersByTime(QUIET_MS - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([["a", "b"]]);

  changes.add("c");
  vi.advanceTimersByTime(QUIET_MS);
  changes.add("d");
  changes.drop();
  vi.advanceTimersByTime(QUIET_MS);
  expect(told).toEqual([["a", "b"], ["c"]]);
});

/** A watcher of `src` below a temporary folder, and what it tells, without the folder. */
const watching = async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mayfly-watch-")));
  const told: string[] = [];
  await mkdir(join(folder, "src/node_modules"), { recursive: true });
  await mkdir(join(folder, "src/out"));
  const watcher = createWatcher({
    onChange: (paths) => told.push(...Array.from(paths, (path) => path.slice(folder.length + 1))),
    onError: (problem) => told.push(problem),
    leftOut: [join(folder, "src/out")],
  });
  onTestFinished(async () => {
    watcher.close();
    await rm(folder, { recursive: true });
  });
  watcher.follow({ deep: [join(folder, "src")], shallow: [folder] });
  return { folder, told, write: (path: string) => writeFile(join(folder, path), "") };
};

test("source files are told, in folders made later too; what is installed, hidden or written by us is not", async () => {
  const { folder, told, write } = await watching();

  for (const path of ["src/node_modules/x.js", "src/out/x.json", "src/x.log", "dev.json"]) await write(path);
  await mkdir(join(folder, "src/deep/er"), { recursive: true });
  await write("src/deep/er/a.ts");
  await vi.waitFor(() => expect(told).toContain("src/deep/er/a.ts"));
  await write("src/deep/er/b.mjs");
  await vi.waitFor(() => expect(told).toContain("src/deep/er/b.mjs"));

  expect([...new Set(told)].toSorted()).toEqual(["dev.json", "src/deep/er/a.ts", "src/deep/er/b.mjs"]);
});

test("a folder that is removed and made again is followed again", async () => {
  const { folder, told, write } = await watching();
  await write("src/a.js");
  await vi.waitFor(() => expect(told).toContain("src/a.js"));

  await rm(join(folder, "src"), { recursive: true });
  await mkdir(join(folder, "src"));
  await write("src/b.js");
  await vi.waitFor(() => expect(told).toContain("src/b.js"));
  await write("src/c.js");
  await vi.waitFor(() => expect(told).toContain("src/c.js"));
});
