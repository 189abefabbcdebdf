import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeKeyFile, keyFileIn, readKeyFile } from "./key-file.ts";
import { openKeyRing } from "./key-ring.ts";
import { createKeyUse, readKeyUse } from "./key-use.ts";
import { type KeyRecord, makeKey, type NewKey, stateOf } from "./keys.ts";

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

let dataDir: string;
let nowMs: number;
let problems: unknown[];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-keys-"));
  nowMs = START_MS;
  problems = [];
});
afterEach(() => rm(dataDir, { recursive: true }));

const newKey = (name = "ci", lifetimeMs?: number): NewKey =>
  makeKey({ name, scope: "ingest", nowMs, lifetimeMs, randomBytes });
const add = (...made: readonly NewKey[]): Promise<void> =>
  changeKeyFile(dataDir, (records) => [...records, ...made.map(({ record }) => record)]);
const revoke = (id: string): Promise<void> =>
  changeKeyFile(dataDir, (records) =>
    records.map((record) => (record.id === id ? { ...record, revokedAt: new Date(nowMs).toISOString() } : record)),
  );
const deps = () => ({ dataDir, nowMs: () => nowMs, onProblem: (error: unknown) => problems.push(error) });

test("a key is 256 random bits behind its id, and its record has no more of it than a SHA-256", () => {
  const { key, record } = newKey();
  expect(key).toMatch(/^mfy_[0-9a-z]{10}_[\w-]{43}$/);
  expect(key.split("_")[1]).toBe(record.id);
  expect(record.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(record)).not.toContain(key.slice(15));
});

test("two keys have nothing in common", () => {
  const [a, b] = [newKey(), newKey()];
  expect(a.key).not.toBe(b.key);
  expect(a.record.sha256).not.toBe(b.record.sha256);
});

test("the file is its owner's alone, and holds no key", async () => {
  const made = newKey();
  await add(made);
  const { mode } = await stat(keyFileIn(dataDir));
  expect((mode & 0o777).toString(8)).toBe("600");
  expect(await readFile(keyFileIn(dataDir), "utf8")).not.toContain(made.key.slice(15));
  expect(readKeyFile(keyFileIn(dataDir))).toEqual([made.record]);
});

test("changes at the same time are made one after the other, and none is lost", async () => {
  const made = Array.from({ length: 12 }, () => newKey());
  await Promise.all(made.map((one) => add(one)));
  const ids = readKeyFile(keyFileIn(dataDir))?.map(({ id }) => id);
  expect(ids?.toSorted()).toEqual(made.map(({ record }) => record.id).toSorted());
});

test("a change that fails leaves the file as it was, and the next one can be made", async () => {
  await add(newKey());
  const before = await readFile(keyFileIn(dataDir), "utf8");
  const failing = changeKeyFile(dataDir, () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toMatchObject({ code: "store-failed" });
  expect(await readFile(keyFileIn(dataDir), "utf8")).toBe(before);
  await add(newKey());
  expect(readKeyFile(keyFileIn(dataDir))).toHaveLength(2);
});

test("a thousand keys are enough: revoked ones make room, others do not", async () => {
  const made = Array.from({ length: 1000 }, () => newKey());
  await add(...made);
  await expect(add(newKey())).rejects.toMatchObject({ code: "keys-full" });
  await revoke(made[500]?.record.id ?? "");
  await add(newKey());
  const records = readKeyFile(keyFileIn(dataDir));
  expect(records).toHaveLength(1000);
  expect(records?.some(({ revokedAt }) => revokedAt !== undefined)).toBe(false);
});

test.each([
  ["{", "keys-unreadable"],
  ["[]", "keys-unreadable"],
  ["null", "keys-unreadable"],
  ['{"version":1,"keys":[{"id":"a"}]}', "keys-unreadable"],
  ['{"version":2,"keys":[]}', "store-newer"],
])("a file that holds %s stops the start with %s", async (content, code) => {
  await writeFile(keyFileIn(dataDir), content);
  expect(() => openKeyRing(deps())).toThrow(expect.objectContaining({ code }));
});

test("a key is found by its whole text, and by nothing less", async () => {
  const made = newKey();
  const other = newKey();
  await add(made, other);
  const ring = openKeyRing(deps());
  expect(ring.find(made.key)).toEqual(made.record);
  for (const wrong of [
    "",
    "mfy_",
    made.record.id,
    made.record.sha256,
    made.key.slice(0, -1),
    `${made.key}x`,
    ` ${made.key}`,
    made.key.slice(0, 14) + other.key.slice(14), // this one's id, that one's secret
    newKey().key,
  ])
    expect(ring.find(wrong)).toBeUndefined();
});

test("what changes in the file holds within a second", async () => {
  const ring = openKeyRing(deps());
  expect(ring.isInUse()).toBe(false);
  const made = newKey();
  await add(made);
  nowMs += 500;
  expect(ring.isInUse()).toBe(true);
  expect(ring.find(made.key)).toEqual(made.record);
  await revoke(made.record.id);
  nowMs += 500;
  expect([ring.find(made.key), ring.byId(made.record.id)]).toEqual([undefined, undefined]);
});

test("a key is good until the moment it expires, also without a look at the file", async () => {
  const made = newKey("short", 400);
  await add(made);
  const ring = openKeyRing(deps());
  nowMs += 399;
  expect(ring.find(made.key)).toBeDefined();
  nowMs += 1;
  expect([ring.find(made.key), stateOf(made.record, nowMs)]).toEqual([undefined, "expired"]);
});

test("once keys were in use nothing opens the collector again: not the last one's revocation, not the file's end", async () => {
  const made = newKey();
  await add(made);
  const ring = openKeyRing(deps());
  await revoke(made.record.id);
  nowMs += 500;
  expect(ring.isInUse()).toBe(true);
  expect(openKeyRing(deps()).isInUse()).toBe(true);
  await rm(keyFileIn(dataDir));
  nowMs += 500;
  expect([ring.isInUse(), ring.find(made.key)]).toEqual([true, undefined]);
});

test("a file that breaks while it runs leaves the last good keys in force, and is told once", async () => {
  const made = newKey();
  await add(made);
  const ring = openKeyRing(deps());
  await writeFile(keyFileIn(dataDir), "{");
  for (let look = 0; look < 3; look += 1) {
    nowMs += 500;
    expect(ring.find(made.key)).toBeDefined();
  }
  expect(problems).toMatchObject([{ code: "keys-unreadable" }]);
});

test("a clock that is set back does not keep it from looking", async () => {
  const ring = openKeyRing(deps());
  nowMs -= 3_600_000;
  await add(newKey());
  expect(ring.isInUse()).toBe(true);
});

test("keys of the process alone are good, and do not close what was open", () => {
  const own = newKey();
  const ring = openKeyRing({ ...deps(), ownKeys: [own.record] });
  expect([ring.isInUse(), ring.find(own.key)]).toEqual([false, own.record]);
});

test("the use of a key is kept to the minute, written once a minute and at the end", () => {
  const key: Pick<KeyRecord, "id"> = { id: "k" };
  const use = createKeyUse(deps());
  use.used(key);
  expect(readKeyUse(dataDir)).toEqual({});
  nowMs += MINUTE_MS + 1;
  use.used(key);
  expect(readKeyUse(dataDir)).toEqual({ k: "2026-01-01T00:01:00.000Z" });
  nowMs += MINUTE_MS - 2;
  use.used({ id: "l" });
  use.close();
  const both = { k: "2026-01-01T00:01:00.000Z", l: "2026-01-01T00:01:00.000Z" };
  expect(readKeyUse(dataDir)).toEqual(both);
  const next = createKeyUse(deps());
  next.close();
  expect(readKeyUse(dataDir)).toEqual(both);
});
