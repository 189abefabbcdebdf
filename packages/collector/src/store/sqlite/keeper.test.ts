import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { spanPath } from "../../model/ids.ts";
import { batch, log, logBatch, span, spanId, START, traceId, rewired } from "../../../test/builders.ts";
import type { StoreError } from "../../errors.ts";
import { stitchKeyIdentity } from "../../model/stitch-key.ts";
import type { Batch, Store } from "../store.ts";
import { type Keeper, type KeeperOptions, type KeeperPart, openKeeper } from "./keeper.ts";
import { activePath, partitionsFolder, sealedPath } from "./partitions.ts";
import { openReserve, RESERVE_BYTES, RESERVE_FILE } from "./reserve.ts";
import { openStore, openStoreReader } from "./sqlite-store.ts";

const HOUR = 3_600_000_000_000n;
const DAY = 24n * HOUR;
const YEAR = 365n * DAY;
const ALL = 1_000;

let folder: string;
let store: Store;
let keeper: Keeper | undefined;
let now: bigint;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-keeper-"));
  store = openSmall();
  now = START;
});
afterEach(async () => {
  keeper?.close();
  keeper = undefined;
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Every commit fills a partition. */
const openSmall = (): Store => openStore({ dataDir: folder, partitionBytes: 1 });

const openAt = (time: bigint, options: Partial<KeeperOptions> = {}): Keeper => {
  keeper?.close();
  now = time;
  keeper = openKeeper({
    dataDir: folder,
    clock: () => now,
    retentionDays: 14,
    keyRetentionDays: 15,
    maxTermsInMemory: Infinity,
    ...options,
  });
  return keeper;
};

/** Lives on until then, an hour at a time; what it does on the way. */
const liveUntil = (one: Keeper, time: bigint): string[] => {
  const done: string[] = [];
  for (; now < time; now = now + HOUR < time ? now + HOUR : time) done.push(...allSteps(one));
  return [...done, ...allSteps(one)];
};

const allSteps = (one: Keeper): string[] => {
  const done: string[] = [];
  for (let step = one.step(); step !== undefined; step = one.step()) done.push(`${step.done} ${step.partition}`);
  return done;
};

const files = (): string[] =>
  readdirSync(partitionsFolder(folder)).filter((name) => !/requests$|ledger$|traces$|-wal$|-shm$/.test(name));

const order = (name: string): Batch =>
  batch([span(name, { trace: name, request: `r-${name}`, produces: [`sqs-message m-${name}`] })]);
const namesOf = async (...traces: string[]): Promise<string[]> => {
  const spans = await store.spansOfTraces(traces.map(traceId), ALL);
  return spans.map((one) => traces.find((name) => spanId(name) === one.spanId) ?? "?");
};
const key = (id: string) => stitchKeyIdentity({ kind: "sqs-message", id });

test("full partitions are sealed, oldest first, and the one that is written to is left alone", async () => {
  for (const name of ["a", "b"]) await store.append(order(name));
  await store.append(logBatch([log("hello", { trace: "a" })]));

  expect(allSteps(openAt(START))).toEqual(["sealed 1", "sealed 2", "sealed 3"]);

  expect(files()).toEqual(["000001.sealed", "000002.sealed", "000003.sealed", "000004.active.db"]);
  expect(await namesOf("a", "b")).toEqual(["a", "b"]);
  expect(await store.logs({ traceIds: [traceId("a")], limit: ALL })).toHaveLength(1);
  expect(await store.holdersOfKeys([key("m-b")], ALL)).toHaveLength(1);
  expect(await store.tracesOfRequest("r-a", ALL)).toEqual([traceId("a")]);
  expect(await store.stats()).toMatchObject({ spans: 2, receivedSpans: 2, duplicateSpans: 0, logs: 1 });
});

test("what two requests of a partition brought is one span, and counted as a duplicate", async () => {
  await store.close();
  store = openStore({ dataDir: folder });
  const one = span("a", { trace: "t" });
  await store.append(batch([one, span("b", { trace: "t" })]));
  await store.append(batch([one]));
  expect(await store.stats()).toMatchObject({ spans: 3, duplicateSpans: 0 });
  await store.close();
  store = openSmall();
  await store.append(order("c"));

  expect(allSteps(openAt(START))).toEqual(["sealed 1"]);

  expect(await store.stats()).toMatchObject({ spans: 3, receivedSpans: 4, duplicateSpans: 1 });
  expect(await store.spansOfTraces([traceId("t")], ALL)).toHaveLength(2);
});

test("while the writer is busy sealing waits, but no more than so many partitions do", async () => {
  for (const name of ["a", "b", "c"]) await store.append(order(name));
  expect(allSteps(openAt(START, { isBusy: () => true, maxWaiting: 2 }))).toEqual(["sealed 1"]);
});

test("of more than a few that wait, the oldest get their terms into a file beside them, which goes with them", async () => {
  for (const name of ["a", "b", "c", "d"]) await store.append(order(name));
  const waiting = { isBusy: () => true, maxWaiting: 4, maxTermsInMemory: 2 };
  expect(allSteps(openAt(START, waiting))).toEqual(["terms 1", "terms 2"]);
  expect(files().filter((name) => name.endsWith("-terms"))).toEqual([
    "000001.active.db-terms",
    "000002.active.db-terms",
  ]);
  expect(await namesOf("a", "b", "c", "d")).toEqual(["a", "b", "c", "d"]);

  expect(allSteps(openAt(START))).toEqual(["sealed 1", "sealed 2", "sealed 3", "sealed 4"]);
  expect(files()).toEqual([...[1, 2, 3, 4].map((number) => `00000${number}.sealed`), "000005.active.db"]);
});

test("a crash while terms are written leaves nothing that is taken for them, and they are written again", async () => {
  for (const name of ["a", "b", "c"]) await store.append(order(name));
  writeFileSync(`${activePath(folder, 1)}-terms.new`, "half of th");
  expect(await namesOf("a", "b", "c")).toEqual(["a", "b", "c"]);
  expect(allSteps(openAt(START, { isBusy: () => true, maxTermsInMemory: 2 }))).toEqual(["terms 1"]);
  expect(await namesOf("a", "b", "c")).toEqual(["a", "b", "c"]);
  allSteps(openAt(START));
  expect(files()).toEqual(["000001.sealed", "000002.sealed", "000003.sealed", "000004.active.db"]);
});

test.each<KeeperPart>(["write", "sync", "rename", "sync folder", "adjust", "remove active"])(
  "after a crash before: %s everything is there once, and the next keeper goes on",
  async (fatal) => {
    for (const name of ["a", "b"]) await store.append(order(name));
    const crash = (part: KeeperPart): void => {
      if (part === fatal) throw new Error("crash");
    };
    expect(() => openAt(START, { beforePart: crash }).step()).toThrow("crash");
    await store.close();
    store = openSmall();
    expect(await namesOf("a", "b")).toEqual(["a", "b"]);
    expect(await store.stats()).toMatchObject({ spans: 2, receivedSpans: 2 });

    allSteps(openAt(START));

    expect(files()).toEqual(["000001.sealed", "000002.sealed", "000003.active.db"]);
    expect(await namesOf("a", "b")).toEqual(["a", "b"]);
    expect(await store.stats()).toMatchObject({ spans: 2, receivedSpans: 2, duplicateSpans: 0 });
  },
);

test("what is older than the retention goes and is counted; its keys stay a while longer", async () => {
  await store.append(order("old"));
  const one = openAt(START);
  expect(liveUntil(one, START + 14n * DAY)).toEqual(["sealed 1"]);

  expect(liveUntil(one, START + 14n * DAY + 1n)).toEqual(["expired 1"]);

  expect(files()).toEqual(["000001.keys", "000002.active.db"]);
  expect(await namesOf("old")).toEqual([]);
  expect(await store.tracesOfRequest("r-old", ALL)).toEqual([]);
  expect(await store.holdersOfKeys([key("m-old")], ALL)).toMatchObject([
    {
      side: "produced",
      path: spanPath(traceId("old"), spanId("old")),
      key: { kind: "sqs-message", id: "m-old" },
      by: { start: START },
    },
  ]);
  expect(await store.keysWithId("m-old", ALL)).toHaveLength(1);
  expect(await store.stats()).toMatchObject({ spans: 0, receivedSpans: 1, droppedSpans: { expired: 1 } });

  expect(liveUntil(one, START + 15n * DAY + 1n)).toEqual(["keys expired 1"]);
  expect(await store.holdersOfKeys([key("m-old")], ALL)).toEqual([]);
});

test("which traces had spans in it is told once, also where its file came before a crash", async () => {
  await store.append(batch([span("a", { trace: "a" }), span("b", { trace: "b" }), span("c", { trace: "a" })]));
  await store.append(order("next"));
  const crash = (part: KeeperPart): void => {
    if (part === "adjust") throw new Error("crash");
  };
  allSteps(openAt(START));
  expect(() => liveUntil(openAt(START, { beforePart: crash }), START + 15n * DAY)).toThrow("crash");
  expect(await store.removalAfter(undefined)).toBeUndefined();

  const done = liveUntil(openAt(START), START + 15n * DAY);
  expect(done.filter((step) => step.startsWith("expired"))).toEqual(["expired 1", "expired 2"]);

  const first = await store.removalAfter(undefined);
  expect(first?.traceIds?.toSorted()).toEqual(["a", "b"].map(traceId).toSorted());
  expect(await store.removalAfter(undefined)).toEqual(first);
  await store.forgetRemoval(first!);
  const second = await store.removalAfter(first!.mark);
  expect(second?.traceIds).toEqual([traceId("next")]);
  await store.forgetRemoval(second!);
  expect(await store.removalAfter(second!.mark)).toBeUndefined();
  // To who knows of neither, any trace may have had spans there.
  expect(await store.removalAfter(undefined)).toEqual({ part: "2", mark: second!.mark });
});

test("a question that takes longer than a replaced partition stays open reads what took its place", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  await store.append(order("a"));
  const question = store.asOfNow();
  allSteps(openAt(START + DAY));
  expect(files()).toContain("000001.sealed");
  for (const minutes of [0, 2]) {
    vi.advanceTimersByTime(minutes * 60_000);
    expect(await namesOf("a")).toEqual(["a"]); // and what is replaced is closed when its time has come
    expect(await question.spansOfTraces([traceId("a")], ALL)).toHaveLength(1);
  }
});

test("keys that a batch names on its links outlive it too", async () => {
  const sqs = { "messaging.system": "aws_sqs" };
  const link = { traceId: "", spanId: "", traceState: "", droppedAttributesCount: 0, flags: 0 };
  const named = (id: string) => ({
    ...link,
    attributes: [{ key: "messaging.message.id", value: { stringValue: id } }],
  });
  const poll = rewired(span("poll", { kind: 5, attributes: sqs }), { links: [named("m-1"), named("m-2")] });
  await store.append(batch([poll]));
  expect(liveUntil(openAt(START), START + 14n * DAY + 1n)).toContain("expired 1");
  for (const id of ["m-1", "m-2"])
    expect(await store.holdersOfKeys([key(id)], ALL)).toMatchObject([
      { side: "consumed", path: expect.stringContaining(spanId("poll")) },
    ]);
});

test("bytes that nothing packs, where keys are looked for, keep no partition from expiring", async () => {
  const random = (): Uint8Array => randomBytes(12_000);
  const spans = Array.from({ length: 1_000 }, (_, n) => {
    const one = span(`s${n}`, { trace: `t${n}`, request: "r", consumes: [`sqs-message m${n}`] });
    const attributes = [...one.wire.attributes, { key: "mayfly.keys.produced", value: { bytesValue: random() } }];
    return rewired(one, { attributes });
  });
  await store.append(batch(spans));
  const problems: StoreError[] = [];
  const one = openAt(START, { onProblem: (error) => problems.push(error) });
  expect(liveUntil(one, START + 14n * DAY + 1n)).toEqual(["sealed 1", "expired 1"]);
  expect(problems).toEqual([]);
  expect(await store.holdersOfKeys([key("m7")], ALL)).toHaveLength(1);
});

test.each<KeeperPart>(["keep traces", "keep keys", "adjust", "remove sealed"])(
  "an expiry that was interrupted before: %s is done again and counted once",
  async (fatal) => {
    await store.append(order("old"));
    allSteps(openAt(START));
    const crash = (part: KeeperPart): void => {
      if (part === fatal) throw new Error("crash");
    };
    expect(() => liveUntil(openAt(START, { beforePart: crash }), START + 15n * DAY)).toThrow("crash");

    expect(liveUntil(openAt(START), START + 15n * DAY)).toEqual(["expired 1"]);
    expect(await store.stats()).toMatchObject({ spans: 0, receivedSpans: 1, droppedSpans: { expired: 1 } });
  },
);

const noSpace = (): Error => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

test.each<KeeperPart>(["keep traces", "keep keys", "adjust"])(
  "without room to: %s the reserve is given up for what is old, which goes, and what needs room waits",
  async (fails) => {
    await store.append(order("old"));
    allSteps(openAt(START));
    openReserve(folder);
    const full = (part: KeeperPart): void => {
      if (part === fails && statSync(join(folder, RESERVE_FILE)).size > 0) throw noSpace();
    };

    expect(liveUntil(openAt(START, { beforePart: full }), START + 14n * DAY + 1n)).toEqual(["expired 1"]);

    expect(files()).toEqual(["000001.keys", "000002.active.db"]);
    expect(statSync(join(folder, RESERVE_FILE)).size).toBe(0);
    expect(await store.stats()).toMatchObject({ spans: 0, droppedSpans: { expired: 1 } });
    expect(await store.append(order("new"))).toBe("stored");
    expect(statSync(join(folder, RESERVE_FILE)).size).toBe(RESERVE_BYTES);
  },
);

test("where there is no room for its keys and traces even so, what is old goes without them, which is told", async () => {
  await store.append(order("old"));
  allSteps(openAt(START));
  openReserve(folder);
  const full = (part: KeeperPart): void => {
    if (part === "keep keys" || part === "keep traces") throw noSpace();
  };
  const told: string[] = [];
  const one = openAt(START, {
    beforePart: full,
    onProblem: ({ message }, number) => told.push(`${message} ${number}`),
  });

  expect(liveUntil(one, START + 14n * DAY + 1n)).toEqual(["expired 1"]);

  expect(files()).toEqual(["000002.active.db"]);
  expect(told).toEqual(["no room for the traces of partition 1 1", "no room for the keys of partition 1 1"]);
});

test("a sealing that cannot be finished for want of room holds up no retention, and all is counted once there is some", async () => {
  for (const name of ["a", "b"]) await store.append(order(name));
  let isFull = false;
  const beforePart = (part: KeeperPart): void => {
    if (part === "adjust" && isFull) throw noSpace();
  };
  const one = openAt(START, { beforePart });
  expect(one.step()).toEqual({ done: "sealed", partition: 1 });
  isFull = true;
  expect(allSteps(one)).toEqual([]);
  expect(files()).toEqual(["000001.sealed", "000002.active.db", "000002.sealed", "000003.active.db"]);

  expect(liveUntil(one, START + 14n * DAY + 1n)).toEqual(["expired 1", "expired 2"]);

  expect(files()).toEqual(["000001.keys", "000002.keys", "000003.active.db"]);
  expect(await store.stats()).toMatchObject({ spans: 2 });
  isFull = false;
  expect(allSteps(one)).toEqual([]);
  expect(await store.stats()).toMatchObject({ spans: 0, receivedSpans: 2, droppedSpans: { expired: 2 } });
});

test("a disk that takes no sealed partition is told of, and it is sealed once there is room", async () => {
  await store.append(order("a"));
  let isFull = true;
  const problems: StoreError[] = [];
  const beforePart = (part: KeeperPart): void => {
    if (part === "adjust" && isFull) throw noSpace();
  };
  const one = openAt(START, { beforePart, onProblem: (error) => problems.push(error) });
  expect(one.step()).toBeUndefined();
  expect(problems).toMatchObject([{ code: "store-failed" }]);
  isFull = false;
  expect(allSteps(one)).toEqual(["finished 1"]);
});

test("a folder that cannot be looked at is told of, and it goes on once it can be", async () => {
  await store.append(order("a"));
  const told: string[] = [];
  const one = openAt(START, { onProblem: ({ code, message }) => told.push(`${code}: ${message}`) });
  renameSync(partitionsFolder(folder), `${folder}/away`);
  expect(one.step()).toBeUndefined();
  expect(told).toEqual([expect.stringMatching(/^store-failed: cannot look after .+partitions/)]);
  renameSync(`${folder}/away`, partitionsFolder(folder));
  expect(allSteps(one)).toEqual(["sealed 1"]);
});

const linkOf = (fd: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // of the reading itself
  }
};

/** One whose timers are ours to advance. */
const openWatchedReader = () => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  const reader = openStoreReader({ dataDir: folder });
  onTestFinished(async () => {
    vi.useRealTimers();
    await reader.close();
  });
  return reader;
};

const openFiles = (): readonly string[] =>
  readdirSync("/proc/self/fd")
    .map(linkOf)
    .filter((path) => path.startsWith(folder));

test.runIf(process.platform === "linux")("files of what is gone are closed though nobody asks", async () => {
  const reader = openWatchedReader();
  await store.append(order("old"));
  expect(await reader.spansAfter(undefined)).toBe(1);
  const deleted = () => openFiles().filter((path) => path.endsWith("(deleted)"));
  liveUntil(openAt(START), START + 15n * DAY);
  expect(deleted()).not.toEqual([]);
  vi.advanceTimersByTime(100_000);
  expect(deleted()).toEqual([]);
});

test.runIf(process.platform === "linux")("what comes while nobody asks is not opened", async () => {
  const reader = openWatchedReader();
  await store.append(order("a"));
  expect(await reader.spansAfter(undefined)).toBe(1);
  for (const name of ["b", "c", "d"]) await store.append(order(name));
  const before = openFiles();
  vi.advanceTimersByTime(100_000);
  expect(openFiles()).toEqual(before);
  expect(await reader.spansAfter(undefined)).toBe(4);
  expect(openFiles().length).toBeGreaterThan(before.length);
});

test("more than the wanted bytes: the oldest go until there are fewer", async () => {
  for (const name of ["a", "b", "c"]) await store.append(order(name));
  allSteps(openAt(START));
  const bytes = readdirSync(partitionsFolder(folder))
    .map((name) => statSync(join(partitionsFolder(folder), name)).size)
    .reduce((sum, size) => sum + size);

  expect(allSteps(openAt(START + 1n, { retentionBytes: bytes - 1, keyRetentionDays: 0 }))).toEqual(["expired 1"]);
  expect(await namesOf("a", "b", "c")).toEqual(["b", "c"]);
});

test("a clock that leaps years ahead and back removes nothing", async () => {
  await store.append(order("a"));
  const one = openAt(START);
  allSteps(one);
  now = START + 3_000n * DAY;
  expect(allSteps(one)).toEqual([]);
  expect(liveUntil(one, now + 23n * HOUR)).toEqual([]);
  now = START + 1n;
  expect(liveUntil(one, START + 2n * DAY)).toEqual([]);
  expect(await namesOf("a")).toEqual(["a"]);
});

test("nor does one that is years ahead when the keeper starts, until it has stood for a day", async () => {
  await store.append(order("a"));
  await store.append(order("b"));
  expect(liveUntil(openAt(START + YEAR), START + YEAR + 23n * HOUR)).toEqual(["sealed 1", "sealed 2"]);
  expect(liveUntil(openAt(START), START + DAY)).toEqual([]);
  expect(await namesOf("a", "b")).toEqual(["a", "b"]);

  const done = liveUntil(openAt(START + YEAR), START + YEAR + DAY + HOUR);
  expect(done.filter((step) => step.startsWith("expired"))).toEqual(["expired 1", "expired 2"]);
});

test.each<[what: string, damage: (path: string) => void]>([
  ["is cut short", (path) => truncateSync(path, 200)],
  ["is empty", (path) => writeFileSync(path, "")],
  ["has a damaged page", (path) => damage(path, 0)],
])("an active partition that %s is told of, left where it is, and the others are sealed", async (_, spoil) => {
  for (const name of ["a", "b"]) await store.append(order(name));
  await store.close();
  spoil(activePath(folder, 1));
  for (const suffix of ["-wal", "-shm"]) rmSync(activePath(folder, 1) + suffix, { force: true });
  store = openSmall();
  const problems: string[] = [];
  const onProblem = ({ message }: StoreError, partition?: number): void =>
    void problems.push(`${partition} ${message}`);

  const one = openAt(START, { onProblem });
  while (!existsSync(sealedPath(folder, 2))) one.step();
  allSteps(one);

  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^1 /);
  expect(existsSync(activePath(folder, 1))).toBe(true);
  expect(await namesOf("a", "b")).toEqual(["b"]);
});

test("a sealed partition that is damaged is never removed, however old", async () => {
  for (const name of ["a", "b"]) await store.append(order(name));
  allSteps(openAt(START));
  copyFileSync(sealedPath(folder, 1), join(folder, "good"));
  truncateSync(sealedPath(folder, 1), 100);
  const one = openAt(START + 100n * DAY);
  one.step();
  liveUntil(one, START + 102n * DAY);
  expect(files()).toEqual(["000001.sealed", "000003.active.db"]);
});

/** Turns bytes around in the middle of each page but the first. */
const damage = (path: string, from: number): void => {
  const bytes = readFileSync(path);
  for (let at = 16_384 + from; at < bytes.length; at += 16_384) bytes.fill(0xa5, at, at + 4_000);
  writeFileSync(path, bytes);
};
