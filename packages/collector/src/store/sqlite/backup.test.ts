import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { batch, log, logBatch, span, START, traceId } from "../../../test/builders.ts";
import type { Store } from "../store.ts";
import { backupStore, restoreStore } from "./backup.ts";
import { inspectStore } from "./inspect.ts";
import { type Keeper, openKeeper } from "./keeper.ts";
import { activePath, sealedPath } from "./partitions.ts";
import { openStore } from "./sqlite-store.ts";

let folder: string;
let store: Store;
let keeper: Keeper;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-backup-"));
  store = openStore({ dataDir: at("data"), partitionBytes: 1 });
  const days = { retentionDays: 14, keyRetentionDays: 15 };
  keeper = openKeeper({ dataDir: at("data"), clock: () => START, ...days, maxTermsInMemory: Infinity });
});
afterEach(async () => {
  keeper.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const fill = async (): Promise<void> => {
  const one = span("a", { trace: "t" });
  await store.append(batch([one, span("b", { trace: "t" })]));
  await store.append(logBatch([log("hello", { trace: "t" }), log("again", {})]));
  await store.append(batch([one]));
};

const restored = async (): Promise<Store> => {
  restoreStore(at("copy"), at("new"));
  return openStore({ dataDir: at("new") });
};

test("a copy taken in the middle has all that was stored before it and nothing of what came after", async () => {
  await fill();
  keeper.step();
  expect(backupStore(at("data"), at("copy")).partitions).toBe(4);
  await store.append(batch([span("later", { trace: "t" })]));
  while (keeper.step() !== undefined);

  const copy = await restored();
  expect(inspectStore(at("copy"))).toMatchObject({ problems: [], found: { spans: 3, logs: 2, metrics: 0 } });
  expect(await copy.stats()).toMatchObject({ spans: 3, receivedSpans: 3, logs: 2, duplicateSpans: 0 });
  expect(await copy.spansOfTraces([traceId("t")], 100)).toHaveLength(2);
  await copy.close();
});

test("what was sealed after the copy was taken counts in the copy as it was", async () => {
  await store.close();
  store = openStore({ dataDir: at("data") });
  await fill();
  await store.close();
  store = openStore({ dataDir: at("data"), partitionBytes: 1 });
  await store.append(batch([span("c")]));
  while (keeper.step() !== undefined);
  expect(await store.stats()).toMatchObject({ duplicateSpans: 1 });
  backupStore(at("data"), at("copy"));
  expect(inspectStore(at("copy")).problems).toEqual([]);
  expect(inspectStore(at("data"))).toMatchObject({ problems: [], ledger: { spans: 3, logs: 2, metrics: 0 } });
});

test("neither a backup nor a restore overwrites anything", async () => {
  await fill();
  backupStore(at("data"), at("copy"));
  expect(() => backupStore(at("data"), at("copy"))).toThrow("is not empty");
  expect(() => restoreStore(at("copy"), at("data"))).toThrow("is not empty");
  expect(() => restoreStore(at("data/partitions"), at("new"))).toThrow("there is no data of Mayfly in");
  expect(() => backupStore(at("nowhere"), at("other"))).toThrow("there is no data of Mayfly in");
  expect(existsSync(at("other"))).toBe(false);
});

test("API keys travel along, readable by their owner alone", async () => {
  await fill();
  writeFileSync(at("data/keys.json"), "[]", { mode: 0o600 });
  backupStore(at("data"), at("copy"));
  restoreStore(at("copy"), at("new"));
  expect(readFileSync(at("new/keys.json"), "utf8")).toBe("[]");
  expect(readdirSync(folder).toSorted()).toEqual(["copy", "data", "new"]);
});

test("inspecting names every damaged partition and what the ledger misses", async () => {
  await fill();
  while (keeper.step() !== undefined);
  const bytes = readFileSync(sealedPath(at("data"), 1));
  bytes[40]! ^= 1;
  writeFileSync(sealedPath(at("data"), 1), bytes);
  truncateSync(sealedPath(at("data"), 2), 50);

  const { partitions, problems } = inspectStore(at("data"));

  expect(partitions.map(({ problem }) => problem?.code)).toEqual([
    "store-corrupt",
    "store-corrupt",
    undefined,
    undefined,
  ]);
  expect(problems).toEqual([
    expect.stringContaining(sealedPath(at("data"), 1)),
    expect.stringContaining(sealedPath(at("data"), 2)),
    "the ledger says 3 spans, the partitions have 1",
    "the ledger says 2 log records, the partitions have 0",
  ]);
});

test("a newest partition that is empty or cut short is named, and nothing throws", async () => {
  await fill();
  await store.close();
  writeFileSync(activePath(at("data"), 4), "");
  const { problems } = inspectStore(at("data"));
  expect(problems.join("\n")).toContain("000004.active.db");
  store = openStore({ dataDir: at("data"), partitionBytes: 1 });
});
