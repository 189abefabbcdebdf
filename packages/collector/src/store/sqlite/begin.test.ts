/** The partition that is written to is damaged: at the start, and while it runs. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { START, batch, span, spanId, traceId } from "../../../test/builders.ts";
import type { Store } from "../store.ts";
import { openKeeper } from "./keeper.ts";
import { activePath, damagePath, ledgerPath, sealedPath } from "./partitions.ts";
import { openStore } from "./sqlite-store.ts";

let dataDir: string;
let stores: Store[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "mayfly-begin-"));
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  rmSync(dataDir, { recursive: true });
});

const opened = (options: Partial<Parameters<typeof openStore>[0]> = {}): Store => {
  const store = openStore({ dataDir, ...options });
  stores.push(store);
  return store;
};

const namesIn = async (store: Store, ...names: string[]): Promise<string[]> => {
  const ids = new Set((await store.spansOfTraces([traceId("t")], 1_000)).map((one) => one.spanId));
  return names.filter((name) => ids.has(spanId(name)));
};

/** Two partitions: `kept` is in the first, `lost` in the second, which is written to. */
const twoPartitions = async (): Promise<void> => {
  const first = openStore({ dataDir, partitionBytes: 1 });
  await first.append(batch([span("kept")]));
  await first.close();
  const second = openStore({ dataDir });
  await second.append(
    batch(Array.from({ length: 400 }, (_, n) => span(`lost ${n}`, { attributes: { n: `${n * 7919}` } }))),
  );
  await second.close();
};

const fill = (path: string, from: number, to: number, byte: number): void => {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(byte, Math.min(from, bytes.length), Math.min(to, bytes.length)));
};
const all = Number.MAX_SAFE_INTEGER;

const WAYS: readonly [what: string, spoil: (path: string) => void][] = [
  ["is cut to half", (path) => truncateSync(path, statSync(path).size / 2)],
  ["is cut within its first page", (path) => truncateSync(path, 100)],
  ["has zeros for a header", (path) => fill(path, 0, 100, 0)],
  ["is garbage from its first byte on", (path) => fill(path, 0, all, 0xa5)],
  ["is a text", (path) => writeFileSync(path, "not a database ".repeat(100))],
  ["has a damaged schema", (path) => fill(path, 100, 16_384, 0xa5)],
  ["has damaged pages", (path) => fill(path, 16_384, all, 0xa5)],
  ["is empty beside a log that is not", (path) => (writeFileSync(path, ""), writeFileSync(`${path}-wal`, "frames"))],
];

test.each(WAYS)("a partition that %s is set aside as it lies, and the next one is written to", async (_, spoil) => {
  await twoPartitions();
  spoil(activePath(dataDir, 2));
  const damaged = readFileSync(activePath(dataDir, 2));

  const store = opened();

  expect(readFileSync(activePath(dataDir, 2)).equals(damaged)).toBe(true);
  expect(readFileSync(damagePath(dataDir, 2), "utf8")).toMatch(/\w/);
  expect(await store.damage()).toMatchObject([{ partition: 2, code: "store-corrupt" }]);
  expect(await store.append(batch([span("new")]))).toBe("stored");
  expect(await namesIn(store, "kept", "lost 1", "new")).toEqual(["kept", "new"]);
  expect(existsSync(activePath(dataDir, 3))).toBe(true);
  const { spans, receivedSpans } = await store.stats();
  expect([2, 402]).toContain(spans); // what the damaged one says of itself, or what was before it
  expect(receivedSpans).toBe(spans);

  await store.close();
  const again = opened();
  expect(await again.damage()).toMatchObject([{ partition: 2 }]);
  expect(await again.stats()).toMatchObject({ spans, receivedSpans });
  expect(await namesIn(again, "kept", "new")).toEqual(["kept", "new"]);
});

test("nothing but a damaged partition is no reason not to start", async () => {
  writeFileSync((await opened().close(), activePath(dataDir, 1)), "garbage ".repeat(1_000));
  const store = opened();
  await store.append(batch([span("new")]));
  expect(await store.stats()).toMatchObject({ spans: 1, receivedSpans: 1 });
  expect(await store.damage()).toHaveLength(1);
});

test("the ledger of a partition that tells nothing goes on from the end of the one before", async () => {
  await twoPartitions();
  openKeeperAt().close();
  expect(existsSync(ledgerPath(dataDir, 1))).toBe(true);
  writeFileSync(activePath(dataDir, 2), "garbage ".repeat(1_000));
  const store = opened();
  expect(await store.stats()).toMatchObject({ spans: 1, traces: 1, receivedSpans: 1 });
});

test("the newest one was taken away: the ledger goes on, and its number is not used again", async () => {
  await twoPartitions();
  allSteps();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(activePath(dataDir, 2) + suffix, { force: true });
  const store = opened();
  await store.append(batch([span("new")]));
  expect(await store.stats()).toMatchObject({ spans: 2, receivedSpans: 2 });
  expect(await namesIn(store, "kept", "new")).toEqual(["kept", "new"]);
});

const openKeeperAt = () =>
  openKeeper({ dataDir, clock: () => START, retentionDays: 14, keyRetentionDays: 15, maxTermsInMemory: Infinity });
const allSteps = (): string[] => {
  const keeper = openKeeperAt();
  const done: string[] = [];
  for (let step = keeper.step(); step !== undefined; step = keeper.step()) done.push(`${step.done} ${step.partition}`);
  keeper.close();
  return done;
};

/** Turns the pages of a table around, in the file of a store that runs: the next look at them finds garbage. */
const spoilTable = (path: string, table: string): void => {
  const db = new Database(path);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const page =
    db.prepare<[string], number>("SELECT rootpage FROM sqlite_schema WHERE name = ?").pluck().get(table) ?? 0;
  fillPage(path, page);
  db.pragma("user_version = 1"); // another one writes: what is in memory counts no more
  db.close();
};
const fillPage = (path: string, page: number): void => fill(path, (page - 1) * 16_384, page * 16_384, 0xa5);

test("damage that a commit meets: it is refused, the partition set aside, and the next try is stored", async () => {
  await twoPartitions();
  const store = opened();
  const one = batch([span("new")]);
  spoilTable(activePath(dataDir, 2), "blocks");

  await expect(store.append(one)).rejects.toMatchObject({
    code: "store-failed",
    message: expect.stringContaining("SQLITE_CORRUPT"),
  });
  expect(await store.append(one)).toBe("stored");
  expect(await store.append(one)).toBe("duplicate");

  expect(await store.damage()).toMatchObject([{ partition: 2 }]);
  expect(await namesIn(store, "kept", "lost 1", "new")).toEqual(["kept", "new"]);
  const stats = { spans: 402, receivedSpans: 403, duplicateSpans: 1 };
  expect(await store.stats()).toMatchObject(stats);
  await store.close();
  expect(await opened().stats()).toMatchObject(stats);
});

test("damage that only the look for a disk that works meets is no reason to be away for ever", async () => {
  await twoPartitions();
  const store = opened();
  spoilTable(activePath(dataDir, 2), "probes");
  await store.checkWritable();
  expect(await store.damage()).toMatchObject([{ partition: 2 }]);
});

test("damage that a reader meets: what is written from then on is read", async () => {
  const store = opened();
  await store.append(batch([span("lost")]));
  const db = new Database(activePath(dataDir, 1));
  db.exec("UPDATE blocks SET body = zeroblob(length(body))");
  db.close();
  expect(await namesIn(store, "lost")).toEqual([]);

  await store.append(batch([span("new")]));

  expect(await namesIn(store, "lost", "new")).toEqual(["new"]);
  expect(await store.damage()).toMatchObject([{ partition: 1, code: "store-corrupt" }]);
});

test("a partition of which every block can be read after all is sealed, and answers again", async () => {
  await twoPartitions();
  const store = opened();
  spoilTable(activePath(dataDir, 2), "requests");
  await expect(store.append(batch([span("new")]))).rejects.toMatchObject({ code: "store-failed" });
  await store.append(batch([span("new")]));
  expect(await namesIn(store, "kept", "lost 1", "new")).toEqual(["kept", "new"]);

  expect(allSteps()).toEqual(["sealed 1", "sealed 2"]);

  expect(existsSync(sealedPath(dataDir, 2))).toBe(true);
  expect(existsSync(damagePath(dataDir, 2))).toBe(false);
  expect(await namesIn(store, "kept", "lost 1", "new")).toEqual(["kept", "lost 1", "new"]);
  expect(await store.damage()).toEqual([]);
});

test("while the next one cannot be made, nobody seals the one that is written to", async () => {
  await twoPartitions();
  copyFileSync(activePath(dataDir, 2), join(dataDir, "copy"));
  writeFileSync(activePath(dataDir, 3), "");
  expect(allSteps()).toEqual(["sealed 1"]);
  expect(readFileSync(activePath(dataDir, 2)).equals(readFileSync(join(dataDir, "copy")))).toBe(true);
});
