/** What is the embedded engine's own: its files, its disk, its groups. The contract is in ../contract.test.ts. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { START, batch, span, spanId, traceId } from "../../../test/builders.ts";
import type { Store } from "../store.ts";
import { openActiveFile } from "./active-file.ts";
import { activePath, partitionsFolder, requestsPath } from "./partitions.ts";
import { openStore } from "./sqlite-store.ts";
import { openWriter } from "./writer.ts";

let dataDir: string;
let stores: Pick<Store, "close">[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-writer-"));
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  await rm(dataDir, { recursive: true });
});

const opened = (options: Partial<Parameters<typeof openStore>[0]> = {}): Store => {
  const store = openStore({ dataDir, ...options });
  stores.push(store);
  return store;
};

const thrownBy = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

test.each([
  ["fsync", 2],
  ["process", 1],
] as const)("durability %s is a write-ahead log with synchronous %i", (durability, synchronous) => {
  const db = openActiveFile(join(dataDir, "one.db"), durability, () => {});
  expect([db.pragma("journal_mode", { simple: true }), db.pragma("synchronous", { simple: true })]).toEqual([
    "wal",
    synchronous,
  ]);
  db.close();
});

test("data of the first version is refused, and it says what to do", async () => {
  await writeFile(join(dataDir, "mayfly.db"), "whatever");
  const error = thrownBy(() => openWriter({ dataDir }));
  expect(error).toMatchObject({ name: "StoreError", code: "store-unreadable" });
  expect(String(error)).toContain("mayfly.db was written by Mayfly 0.1.0");
  expect(await readdir(dataDir)).toEqual(["mayfly.db"]);
});

test("a file of a newer version is refused and left as it is", async () => {
  await openWriter({ dataDir }).close();
  const db = new Database(activePath(dataDir, 1));
  db.pragma("user_version = 99");
  const error = thrownBy(() => openWriter({ dataDir }));
  expect(error).toMatchObject({ name: "StoreError", code: "store-newer" });
  expect(String(error)).toContain("its version is 99, this Mayfly knows 1");
  expect(db.pragma("user_version", { simple: true })).toBe(99);
  db.close();
});

test("a folder that is a file is refused by name", async () => {
  const other = join(dataDir, "other");
  await writeFile(other, "not a folder");
  const error = thrownBy(() => openWriter({ dataDir: other }));
  expect(error).toMatchObject({ code: "store-unreadable" });
  expect(String(error)).toContain(other);
});

test("a full partition is followed by the next; both answer, and the ledger goes on", async () => {
  const store = opened({ partitionBytes: 1 });
  for (const name of ["a", "b", "c"]) await store.append(batch([span(name, { request: `r-${name}` })]));

  expect(await readdir(partitionsFolder(dataDir))).toEqual(
    expect.arrayContaining(["000001.active.db", "000002.active.db", "000003.active.db", "000004.active.db"]),
  );
  expect((await store.spansOfTraces([traceId("t")], 10)).map((one) => one.spanId)).toEqual(
    ["a", "b", "c"].map((name) => spanId(name)),
  );
  const stats = await store.stats();
  expect(stats).toMatchObject({ spans: 3, traces: 1, invocations: 3, receivedSpans: 3 });
  await store.close();
  expect(await opened().stats()).toMatchObject({ ...stats, bytesOnDisk: expect.any(Number) });
});

test("a partition of many small commits is full by their number, also over a restart", async () => {
  const store = opened({ partitionBlocks: 3 });
  for (const name of ["a", "b"]) await store.append(batch([span(name)]));
  await store.close();
  const again = opened({ partitionBlocks: 3 });
  expect(await readdir(partitionsFolder(dataDir))).not.toContain("000002.active.db");
  await again.append(batch([span("c")]));
  expect(await readdir(partitionsFolder(dataDir))).toContain("000002.active.db");
});

test("a request is known whatever partition it is in, also after it was opened again, and its digest goes in time", async () => {
  const first = batch([span("a")]);
  const store = opened({ partitionBytes: 1 });
  await store.append(first);
  await store.append(batch([span("b")]));
  expect(await store.append(first)).toBe("duplicate");
  await store.close();

  const again = opened({ partitionBytes: 1 });
  expect(await again.append(first)).toBe("duplicate");
  expect(await readdir(partitionsFolder(dataDir))).toContain("000001.requests");
  await again.append({ ...batch([span("c")]), receivedAt: START + 3n * 3_600_000_000_000n });
  await again.append({ ...batch([span("d")]), receivedAt: START + 4n * 3_600_000_000_000n });
  await again.append({ ...batch([span("e")]), receivedAt: START + 5n * 3_600_000_000_000n });
  expect(await readdir(partitionsFolder(dataDir))).not.toContain("000001.requests");
});

test("a partition that was being made when the process died is made anew", async () => {
  const store = opened();
  await store.append(batch([span("a")]));
  await store.close();
  await writeFile(activePath(dataDir, 2), "");
  await writeFile(requestsPath(dataDir, 1), "");

  const again = opened();
  expect(await again.stats()).toMatchObject({ spans: 1 });
  await again.append(batch([span("b")]));
  expect(await again.spansOfTraces([traceId("t")], 10)).toHaveLength(2);
});

test("batches that wait share a commit, and a bad one does not take its neighbours with it", async () => {
  const store = opened();
  const bad = { ...batch([span("bad")]), records: { ...batch([span("bad")]).records, origins: [] } };

  const results = await Promise.allSettled(
    [batch([span("a")]), bad, batch([span("b")])].map((one) => store.append(one)),
  );

  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await store.stats()).toMatchObject({ spans: 2, receivedSpans: 2 });
  expect(await store.spansOfTraces([traceId("t")], 10)).toHaveLength(2);
});

test("more batches than may wait are refused, and those that wait are stored", async () => {
  const store = opened({ maxWaiting: 2 });
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => store.append(batch([span(name)]))));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(results[2]).toMatchObject({ reason: { name: "OverloadError", code: "overloaded" } });
  expect(await store.stats()).toMatchObject({ spans: 2 });
});

test("a large request is kept in blocks of a size that can be asked for", async () => {
  const store = opened();
  const text = "x".repeat(1_000);
  const spans = Array.from({ length: 3_000 }, (_, n) => span(`s${n}`, { trace: `t${n}`, attributes: { text } }));
  await store.append(batch(spans));
  const db = new Database(activePath(dataDir, 1), { readonly: true });
  const sizes = db.prepare<[], number>("SELECT bytes FROM blocks").pluck().all();
  db.close();
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
  expect(await store.spansOfTraces([traceId("t0"), traceId("t2999")], 10)).toHaveLength(2);
});

test("a clock that leaps a year ahead and an hour back forgets no request whose sender tries again", async () => {
  const HOUR = 3_600_000_000_000n;
  const YEAR = 365n * 24n * HOUR;
  const store = opened({ partitionBytes: 1 });
  const at = (name: string, offset: bigint) => ({ ...batch([span(name)]), receivedAt: START + offset });
  const [first, second, third] = [at("a", 0n), at("b", YEAR), at("c", -HOUR)] as const;
  await store.append(first);
  expect(await store.append({ ...first, receivedAt: START + YEAR })).toBe("duplicate");
  expect(await store.append(second)).toBe("stored");
  expect(await store.append({ ...first, receivedAt: START + YEAR + HOUR / 2n })).toBe("duplicate");
  expect(await store.append({ ...first, receivedAt: START - HOUR })).toBe("duplicate");
  expect(await store.append({ ...second, receivedAt: START - HOUR })).toBe("duplicate");
  expect(await store.append(third)).toBe("stored");
  await store.close();

  const again = opened();
  for (const one of [first, second, third])
    expect(await again.append({ ...one, receivedAt: START - HOUR })).toBe("duplicate");
  expect(await again.stats()).toMatchObject({ spans: 3, receivedSpans: 10, duplicateSpans: 7 });
  expect(await again.spansOfTraces([traceId("t")], 10)).toHaveLength(3);
});
