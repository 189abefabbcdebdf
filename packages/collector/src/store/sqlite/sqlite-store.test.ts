import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batch, span, traceId } from "../../../test/builders.ts";
import { StoreError } from "../../errors.ts";
import { DATABASE_FILE, openDatabase } from "./database.ts";
import { createGroupCommit } from "./group-commit.ts";
import { READ_STATEMENTS } from "./read.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { createSqliteStore, storeOn } from "./sqlite-store.ts";

let folder: string;
let db: Database.Database;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-sqlite-"));
  db = openDatabase(folder);
});
afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

const thrownBy = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

test("a commit survives a power loss: write-ahead log, synchronous FULL", () => {
  expect(db.pragma("journal_mode", { simple: true })).toBe("wal");
  expect(db.pragma("synchronous", { simple: true })).toBe(2);
});

test("a file of a newer version is refused and left as it is", () => {
  db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);

  const error = thrownBy(() => createSqliteStore({ dataDir: folder }));

  expect(error).toMatchObject({ name: "StoreError", code: "store-newer" });
  expect(String(error)).toContain(`schema version is ${SCHEMA_VERSION + 1}, this Mayfly knows ${SCHEMA_VERSION}`);
  expect(db.pragma("user_version", { simple: true })).toBe(SCHEMA_VERSION + 1);
});

test("a file that is no database, and a folder that is a file, are refused by name", async () => {
  const other = join(folder, "other");
  await writeFile(other, "not a folder");
  expect(thrownBy(() => createSqliteStore({ dataDir: other }))).toMatchObject({ code: "store-unreadable" });

  db.close();
  await writeFile(join(folder, DATABASE_FILE), "not a database ".repeat(100));
  const error = thrownBy(() => createSqliteStore({ dataDir: folder }));
  expect(error).toMatchObject({ code: "store-unreadable" });
  expect(String(error)).toContain(join(folder, DATABASE_FILE));
});

test.each(Object.entries(READ_STATEMENTS))("reading %s searches an index and never scans a table", (_name, sql) => {
  const steps = db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...Array.from(sql.matchAll(/\?/g), () => 1))
    .map((step) => step.detail);
  expect(steps.join("\n")).toContain("SEARCH");
  expect(steps.filter((step) => step.startsWith("SCAN") && !step.startsWith("SCAN json_each"))).toEqual([]);
});

test("a full disk refuses the whole batch and says why; with space again it goes on", async () => {
  const store = storeOn(db, 10);
  await store.append(batch([span("before")]));
  db.pragma(`max_page_count = ${Number(db.pragma("page_count", { simple: true }))}`);
  const large = batch(Array.from({ length: 2000 }, (_, n) => span(`s${n}`, { request: `r${n}` })));

  const error = await store.append(large).catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ code: "store-failed", cause: { code: "SQLITE_FULL" } });
  await expect(store.checkWritable()).rejects.toBeInstanceOf(StoreError);
  expect(await store.stats()).toMatchObject({ spans: 1, receivedSpans: 1, invocations: 0 });
  expect(await store.spansOfTraces([traceId("t")], 10)).toHaveLength(1);

  db.pragma("max_page_count = 1000000");
  await expect(store.checkWritable()).resolves.toBeUndefined();
  expect(await store.append(large)).toBe("stored");
  expect(await store.stats()).toMatchObject({ spans: 2001, receivedSpans: 2001, invocations: 2000 });
});

test("batches that wait share a transaction, and a bad one does not take its neighbours with it", async () => {
  const tried: string[] = [];
  const commits = createGroupCommit({
    db,
    maxWaiting: 10,
    append({ requestDigest }) {
      const name = Buffer.from(requestDigest).toString();
      tried.push(name);
      if (name === "bad") throw new Error("bad batch");
      db.prepare("INSERT INTO requests (digest, received_ns) VALUES (?, 0)").run(requestDigest);
      return "stored";
    },
  });
  const named = (name: string) => ({ ...batch([]), requestDigest: Buffer.from(name) });

  const results = await Promise.allSettled(["a", "bad", "b"].map((name) => commits.append(named(name))));

  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(tried).toEqual(["a", "bad", "a", "bad", "b"]);
  expect(db.prepare("SELECT digest FROM requests").pluck().all()).toEqual([Buffer.from("a"), Buffer.from("b")]);
});

test("more batches than may wait are refused, and those that wait are stored", async () => {
  const store = storeOn(db, 2);
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => store.append(batch([span(name)]))));
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(results[2]).toMatchObject({ reason: { name: "OverloadError", code: "overloaded" } });
  expect(await store.stats()).toMatchObject({ spans: 2 });
});
