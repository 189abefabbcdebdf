/** What the thread adds to the writer: the rest is in ../contract.test.ts, which holds for both. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batch, span, traceId } from "../../../test/builders.ts";
import type { Batch, Store } from "../store.ts";
import { packed, unpacked } from "./parcel.ts";
import { startStore } from "./sqlite-store.ts";
import { startThread, startWriter } from "./writer-thread.ts";

let dataDir: string;
let bugs: unknown[];
let stores: Pick<Store, "close">[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-thread-"));
  bugs = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  await rm(dataDir, { recursive: true });
});

const isWritable = (writer: Pick<Store, "checkWritable">): Promise<boolean> =>
  writer.checkWritable().then(
    () => true,
    () => false,
  );

const onBug = (error: unknown): void => void bugs.push(error);

test("what cannot be opened is refused by name, as without a thread", async () => {
  await writeFile(join(dataDir, "mayfly.db"), "");
  const error = await startWriter({ dataDir }, onBug).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "StoreError", code: "store-unreadable" });
  expect(String(error)).toContain("written by Mayfly 0.1.0");
  expect(bugs).toEqual([]);
});

test("large and small batches arrive as they were, and a large one is handed over", () => {
  const small = batch([span("a"), span("b", { in: "g" })]);
  const text = "x".repeat(100_000);
  const large = batch([span("c", { attributes: { text } })]);
  const copies = [small, large].map((one) => structuredClone(one));

  const { parcel, transfer } = packed([small, large]);
  const arrived = unpacked(structuredClone(parcel, { transfer }));

  const plain = (one: Batch) => ({
    ...one,
    requestDigest: Buffer.from(one.requestDigest).toString("hex"),
    records: {
      items: one.records.items,
      slices: [...one.records.slices],
      bytes: Buffer.from(one.records.bytes).toString("hex"),
      origins: one.records.origins.map((origin) => Buffer.from(origin).toString("hex")),
    },
  });
  expect(arrived.map(plain)).toEqual(copies.map(plain));
  expect([small.records.bytes.length > 0, large.records.bytes.length]).toEqual([true, 0]);
});

test("more than may wait is refused, and what waits is stored", async () => {
  const store = await startStore({ dataDir, maxWaiting: 2 }, onBug);
  stores.push(store);
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => store.append(batch([span(name)]))));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(results[2]).toMatchObject({ reason: { name: "OverloadError", code: "overloaded" } });
  expect(await store.spansOfTraces([traceId("t")], 10)).toHaveLength(2);
});

test("a store that is closed has no thread any more", async () => {
  let thread: Worker | undefined;
  const writer = await startWriter({ dataDir }, onBug, (options) => (thread = startThread(options)));
  await writer.append(batch([span("a")]));
  expect(thread?.threadId).toBeGreaterThan(0);
  await Promise.all([writer.close(), writer.close()]);
  expect(thread?.threadId).toBe(-1);
});

test("a thread that dies is told, what waits is refused, and another goes on with what was acknowledged", async () => {
  const threads: Worker[] = [];
  const writer = await startWriter({ dataDir }, onBug, (options) => {
    const started = startThread(options);
    threads.push(started);
    return started;
  });
  stores.push(writer);
  await writer.append(batch([span("a")]));

  threads[0]?.postMessage(null); // nothing that it knows: it throws
  const waiting = writer.append(batch([span("b")])).catch((reason: unknown) => reason);

  expect(await waiting).toMatchObject({ name: "StoreError", code: "store-failed" });
  expect(bugs.map(String)).toEqual([expect.stringContaining("TypeError"), "Error: the thread that writes has stopped"]);
  await expect.poll(() => isWritable(writer), { timeout: 20_000 }).toBe(true);
  expect(threads).toHaveLength(2);
  await writer.append(batch([span("c")]));
  const { spans, receivedSpans } = await writer.stats();
  expect([spans, receivedSpans]).toEqual([2, 2]);
});
