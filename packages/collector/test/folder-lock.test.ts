/** One collector at a time works on a data folder; what only reads works beside it. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { lockFolder } from "../src/store/sqlite/folder-lock.ts";
import { buildProgram, mayfly } from "./program.ts";
import { createServings, sendSpan, spanCounts, statsOf } from "./serving.ts";

vi.setConfig({ testTimeout: 120_000 }); // several processes each
const servings = createServings();
const { serve } = servings;
let folder: string;
let dataDir: string;
beforeAll(buildProgram);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-lock-"));
  dataDir = join(folder, "data");
});
afterEach(async () => {
  await servings.end();
  rmSync(folder, { recursive: true });
});

test("a lock is one's until it is given back", () => {
  const lock = lockFolder(dataDir);
  expect(() => lockFolder(dataDir)).toThrow(
    expect.objectContaining({ code: "store-in-use", message: expect.stringContaining(`process ${process.pid} on `) }),
  );
  lock.release();
  lock.release();
  lockFolder(dataDir).release();
});

test("a second collector on the same folder is refused with the name of the first, which goes on", async () => {
  const { url, pid } = await serve(dataDir);
  expect((await sendSpan(url, 1)).status).toBe(200);

  const second = await mayfly(["serve", "--port", "0", "--data", dataDir]);

  expect(second).toMatchObject({ code: 1, stdout: "" });
  expect(second.stderr).toMatch(
    new RegExp(`^mayfly: another Mayfly works on ${dataDir} \\(process ${pid} on .*--data`),
  );
  expect((await sendSpan(url, 2)).status).toBe(200);
  expect(await spanCounts(url, [1, 2])).toEqual([1, 1]);
});

test("what a kill leaves behind hinders nobody", async () => {
  const first = await serve(dataDir);
  expect((await sendSpan(first.url, 1)).status).toBe(200);
  await first.kill("SIGKILL");
  const { url } = await serve(dataDir);
  expect(await spanCounts(url, [1])).toEqual([1]);
});

test("beside a collector that runs: what reads works, and what would write to its folder is refused", async () => {
  const { url } = await serve(dataDir);
  for (const n of [1, 2, 3]) expect((await sendSpan(url, n)).status).toBe(200);
  const copy = join(folder, "copy");

  expect(await mayfly(["backup", copy, "--data", dataDir])).toMatchObject({ code: 0 });
  expect(await mayfly(["reindex", "--data", dataDir])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^3 /) });
  expect(await mayfly(["doctor", "--url", url, "--data", dataDir])).toMatchObject({ code: 0 });
  const exported = await mayfly(["export", "--url", url]);
  expect(exported).toMatchObject({ code: 0 });
  expect(await mayfly(["restore", copy, "--data", dataDir])).toMatchObject({ code: 2 });
  const imported = await mayfly(["import", "-", "--data", dataDir], { input: exported.stdout });
  expect(imported).toMatchObject({ code: 1, stderr: expect.stringContaining("another Mayfly works on") });

  const { traces } = (await (await fetch(`${url}/api/traces`)).json()) as { traces: unknown[] };
  expect(traces).toHaveLength(3);
  expect((await sendSpan(url, 4)).status).toBe(200);
  expect(await statsOf(url)).toMatchObject({ spans: 4, damagedPartitions: [] });

  const created = await mayfly(["keys", "create", "--name", "ci", "--scope", "read", "--data", dataDir]);
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^mfy_/) });
  expect(readdirSync(copy)).not.toContain("lock.db");
});
