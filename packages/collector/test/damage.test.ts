/** Damaged files in the data folder of a real collector: what it does about each. */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openKeeper } from "../src/store/sqlite/keeper.ts";
import { activePath } from "../src/store/sqlite/partitions.ts";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { batch, span, START } from "./builders.ts";
import { buildProgram, mayfly } from "./program.ts";
import { createServings, sendSpan, spanCounts, statsOf } from "./serving.ts";

vi.setConfig({ testTimeout: 120_000 }); // several processes each
const servings = createServings();
const { serve } = servings;
let dataDir: string;
beforeAll(buildProgram);
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "mayfly-damage-"));
});
afterEach(async () => {
  await servings.end();
  rmSync(dataDir, { recursive: true });
});

const fill = (path: string, from: number, to: number): void => {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, from, Math.min(to, bytes.length)));
};

test.each<[what: string, spoil: (path: string) => void]>([
  ["cut short", (path) => truncateSync(path, 20_000)],
  ["garbage from the start", (path) => fill(path, 0, 4_096)],
  ["without a good page", (path) => fill(path, 16_384, Number.MAX_SAFE_INTEGER)],
])("a newest partition that is %s is named everywhere, and the others answer and take what comes", async (_, spoil) => {
  const store = openStore({ dataDir, partitionBytes: 1 });
  await store.append(batch([span("kept", { trace: "kept" })]));
  await store.close();
  const first = await serve(dataDir);
  expect((await sendSpan(first.url, 1)).status).toBe(200);
  await first.kill("SIGTERM");
  const path = activePath(dataDir, 2);
  spoil(path);

  const { url } = await serve(dataDir);

  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await sendSpan(url, 2)).status).toBe(200);
  expect(await spanCounts(url, [1, 2])).toEqual([0, 1]);
  expect((await statsOf(url)).damagedPartitions).toMatchObject([{ partition: 2, code: "store-corrupt" }]);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^mayfly_damaged_partitions 1$/m);
  const doctor = await mayfly(["doctor", "--url", url, "--data", dataDir]);
  expect(doctor).toMatchObject({ code: 1, stdout: expect.stringMatching(/partition 2 is set aside/) });
  expect(statSync(path).size).toBeGreaterThan(0);
});

test("a page that goes bad while it runs: the batch is refused with a time to come back, and then stored", async () => {
  const { url } = await serve(dataDir);
  for (let n = 1; n <= 20; n += 1) expect((await sendSpan(url, n)).status).toBe(200);
  const path = activePath(dataDir, 1);
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const page = db.prepare<[], number>("SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'").pluck().get() ?? 0;
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(16_384, 0xa5), 0, 16_384, (page - 1) * 16_384);
  closeSync(file);
  db.pragma("user_version = 1"); // another one writes: what the collector has in memory counts no more
  db.close();

  const refused = await sendSpan(url, 21);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect((await sendSpan(url, 21)).status).toBe(200);

  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await spanCounts(url, [21])).toEqual([1]);
  const { damagedPartitions, receivedSpans } = await statsOf(url);
  expect(damagedPartitions).toMatchObject([{ partition: 1 }]);
  expect(receivedSpans).toBe(21);
});

test("what a power loss tears off the log: everything before the tear is there, nothing twice, and it goes on", async () => {
  const first = await serve(dataDir);
  for (let n = 1; n <= 30; n += 1) expect((await sendSpan(first.url, n)).status).toBe(200);
  const log = `${activePath(dataDir, 1)}-wal`;
  const whole = statSync(log).size;
  for (let n = 31; n <= 34; n += 1) await sendSpan(first.url, n);
  await first.kill("SIGKILL");
  // Of the commits after `whole`, half reached the disk, and the last page of that half is garbage.
  const torn = whole + Math.floor((statSync(log).size - whole) / 2);
  const file = openSync(log, "r+");
  ftruncateSync(file, torn);
  writeSync(file, Buffer.alloc(3_000, 0x5a), 0, 3_000, torn - 3_000);
  closeSync(file);

  const { url } = await serve(dataDir);

  const before = Array.from({ length: 30 }, (_, n) => n + 1);
  expect(await spanCounts(url, before)).toEqual(before.map(() => 1));
  const there = await spanCounts(url, [31, 32, 33, 34]);
  expect(there).toEqual([...there].toSorted((a, b) => b - a)); // a prefix
  const { spans, receivedSpans, damagedPartitions } = await statsOf(url);
  expect(spans).toBe(30 + there.reduce((sum, count) => sum + count, 0));
  expect(receivedSpans).toBe(spans);
  expect(damagedPartitions).toEqual([]);
  for (const n of [1, 31, 32, 33, 34]) expect((await sendSpan(url, n)).status).toBe(200); // the senders' retries
  expect(await statsOf(url)).toMatchObject({ spans: 34 });
  expect(await spanCounts(url, [1, 31, 32, 33, 34])).toEqual([1, 1, 1, 1, 1]);
});

test("a catalog that is damaged is made anew from its copy, and the ledger says what it said", async () => {
  const store = openStore({ dataDir, partitionBytes: 1 });
  const one = span("a");
  await store.append(batch([one, one]));
  await store.append(batch([span("b")]));
  const keeper = openKeeper({ dataDir, clock: () => START, retentionDays: 14, retentionBytes: 1, keyRetentionDays: 0 });
  while (keeper.step() !== undefined);
  keeper.close();
  const before = await store.stats();
  await store.close();
  expect(before).toMatchObject({ spans: 0, receivedSpans: 3, duplicateSpans: 0, droppedSpans: { expired: 3 } });
  writeFileSync(join(dataDir, "catalog.db"), "garbage ".repeat(1_000));
  for (const suffix of ["-wal", "-shm"]) rmSync(join(dataDir, `catalog.db${suffix}`), { force: true });

  const { url } = await serve(dataDir, "--retention-bytes", "1");

  const { spans, receivedSpans, duplicateSpans, droppedSpans } = before;
  expect(await statsOf(url)).toMatchObject({ spans, receivedSpans, duplicateSpans, droppedSpans });
  expect(readdirSync(dataDir)).toEqual(expect.arrayContaining(["catalog.db", "catalog.db.damaged"]));
  expect((await sendSpan(url, 1)).status).toBe(200);
});

test("summaries that are damaged are built again", async () => {
  const first = await serve(dataDir);
  expect((await sendSpan(first.url, 1)).status).toBe(200);
  await first.kill("SIGTERM");
  writeFileSync(join(dataDir, "derived.db"), "garbage ".repeat(1_000));
  const { url } = await serve(dataDir);
  const { traces } = (await (await fetch(`${url}/api/traces`)).json()) as { traces: unknown[] };
  expect(traces).toHaveLength(1);
});

test("a file of keys that is damaged: a start is refused and names it; who runs keeps the last good keys", async () => {
  const { stdout } = await mayfly(["keys", "create", "--name", "ci", "--scope", "admin", "--data", dataDir]);
  const headers = { "x-mayfly-key": stdout.trim() };
  const { url, kill } = await serve(dataDir);
  const statuses = async (): Promise<number[]> =>
    Promise.all([{}, headers].map(async (one) => (await fetch(`${url}/api/stats`, { headers: one })).status));
  expect(await statuses()).toEqual([401, 200]);

  writeFileSync(join(dataDir, "keys.json"), "{");
  expect(await statuses()).toEqual([401, 200]);
  await kill("SIGTERM");

  const refused = await mayfly(["serve", "--port", "0", "--data", dataDir]);
  expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(join(dataDir, "keys.json")) });
});
