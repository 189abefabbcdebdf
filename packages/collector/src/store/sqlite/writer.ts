/**
 * The one that writes records: whole commits into the active partition, and a new partition when it is full.
 *
 * Everything that waits when the disk is free is one transaction, and so one fsync (group commit). A group that fails is
 * tried again batch by batch, so that one bad batch does not take its neighbours with it. What memory knows (filter of
 * requests, sums of the ledger, distinct traces) follows the commit and never runs ahead of it: after a disk that was
 * full, the next append finds everything as it was.
 *
 *   append a ─┐                     ┌─ a resolves
 *   append b ─┼─ setImmediate ─ commit ─ b resolves
 *   append c ─┘   (c arrives while committing: the next group)
 *
 * A commit that fails because the partition is damaged (not because the disk is full) is refused like any other; the
 * partition is set aside and the next one begun, so that the sender's next try is stored. So it is where a reader has set
 * it aside.
 *
 * Bounds  `maxWaiting` batches of `maxWaitingBytes`; one more is refused with OverloadError.
 * Errors  StoreError: the disk. A partition that is full and cannot be followed by another goes on growing.
 */
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { OverloadError, StoreError } from "../../errors.ts";
import { giveBack } from "../../give-back.ts";
import type { UnixNano } from "../../model/time.ts";
import { createSteadyTime, type Leaps } from "../../steady-time.ts";
import { type AppendResult, type Batch, SIGNALS, type StoreStats, type StoreWriter } from "../store.ts";
import type { Durability } from "./active-file.ts";
import { type Commit, createActive } from "./active-writer.ts";
import { beginWriting, countDistinct } from "./begin.ts";
import { createBlockMaker } from "./blocks-of.ts";
import { openMendedCatalog } from "./catalog.ts";
import { isDamage } from "./damage.ts";
import { attempt, failed } from "./failures.ts";
import { type Count, Ledger } from "./ledger.ts";
import { damagePath, listRequestFiles, makePartitionsFolder, partitionStates, requestsPath } from "./partitions.ts";
import { ENTRY_BYTES, createRequestMemory, entryOf } from "./request-memory.ts";
import { forgetLedgers, saveLedger } from "./saved-ledger.ts";
import { setAside } from "./set-aside.ts";
import { rememberUnindexed } from "./unindexed.ts";
import { writeWhole } from "./write-whole.ts";

export interface WriterOptions {
  readonly dataDir: string;
  readonly durability?: Durability;
  /** Of records, before compression; a partition that has more is followed by the next. */
  readonly partitionBytes?: number;
  /** Likewise: one block a commit and signal. */
  readonly partitionBlocks?: number;
  readonly maxWaiting?: number;
  readonly maxWaitingBytes?: number;
  /** Attributes, beside UNINDEXED_ATTRIBUTES, whose values are scanned for in place of looked up. */
  readonly unindexed?: readonly string[];
}

const PARTITION_BYTES = 64 * 1024 * 1024;
/** Of requests that come one by one: a question whose times are in all of them takes half a second then. */
const PARTITION_BLOCKS = 20_000;
const PARTITION_NS = 86_400_000_000_000n;
export const MAX_WAITING = 10_000;
export const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const EXPIRY_EVERY_NS = 60_000_000_000n;
/** A clock that leaps is doubted, or requests would be forgotten whose senders try again. */
const LEAPS: Leaps = { leapNs: 600_000_000_000n, doubtNs: 3_600_000_000_000n };

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export const openWriter = (options: WriterOptions): StoreWriter => {
  const {
    dataDir,
    durability = "fsync",
    partitionBytes = PARTITION_BYTES,
    partitionBlocks = PARTITION_BLOCKS,
    maxWaiting = MAX_WAITING,
    maxWaitingBytes = MAX_WAITING_BYTES,
    unindexed = [],
  } = options;
  refuseFirstVersion(dataDir);
  makePartitionsFolder(dataDir);
  const blocksOf = createBlockMaker(rememberUnindexed(dataDir, unindexed));
  const beginning = beginWriting(dataDir, durability);
  const { ledger, traces, invocations } = beginning;
  let { active } = beginning;
  const catalog = openMendedCatalog(dataDir);
  const requests = createRequestMemory((partition, from, to) =>
    partition === active.number ? active.entries(from, to) : entriesOfFile(dataDir, partition, from, to),
  );
  recallRequests();
  const steady = createSteadyTime(LEAPS);
  let began: UnixNano | undefined;
  let expiredAt: UnixNano | undefined;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let isClosed = false;

  function recallRequests(): void {
    for (const partition of listRequestFiles(dataDir)) {
      // A crash came between writing it and beginning the next partition: its entries are still in this one.
      if (partition >= active.number) rmSync(requestsPath(dataDir, partition), { force: true });
      else requests.add(partition, readFileSync(requestsPath(dataDir, partition)));
    }
    requests.add(active.number, beginning.entries);
  }

  /** The commit of these batches, and what each is told. */
  const commitOf = (batches: readonly Batch[]): Commit & { readonly results: readonly AppendResult[] } => {
    const seen = new Set<string>();
    const times = batches.map(({ receivedAt }) => steady(receivedAt));
    const isRepeat = ({ requestDigest }: Batch, n: number): boolean => {
      const name = Buffer.from(requestDigest).toString("latin1");
      if (seen.has(name) || requests.has(requestDigest, times[n]!)) return true;
      seen.add(name);
      return false;
    };
    const results = batches.map((batch, n): AppendResult => (isRepeat(batch, n) ? "duplicate" : "stored"));
    const fresh = batches.filter((_, n) => results[n] === "stored");
    return {
      results,
      blocks: SIGNALS.flatMap((signal) =>
        blocksOf(
          signal,
          fresh.filter((batch) => batch.signal === signal),
        ),
      ),
      entries: Buffer.concat(
        batches.flatMap(({ requestDigest }, n) => (results[n] === "stored" ? entryOf(requestDigest, times[n]!) : [])),
      ),
      counts: countsOf(batches, results),
    };
  };

  const write = (batches: readonly Batch[]): readonly AppendResult[] => {
    const commit = commitOf(batches);
    active.append(commit);
    ledger.addAll(commit.counts);
    requests.add(active.number, commit.entries);
    for (const { signal, places, words, body } of commit.blocks) {
      if (signal === "spans") countDistinct(places, { traces, invocations });
      for (const part of [places, words, body]) giveBack(part.buffer);
    }
    return commit.results;
  };

  const settle = (group: readonly Waiting[]): void => {
    try {
      const results = write(group.map(({ batch }) => batch));
      for (const [n, { resolve }] of group.entries()) resolve(results[n] ?? "stored");
    } catch (error) {
      if (group.length > 1 && !(error instanceof Database.SqliteError)) for (const one of group) settle([one]);
      else for (const one of group) one.reject(error);
      if (isDamage(error)) leave(error);
    }
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    waitingBytes = 0;
    if (group.length === 0) return;
    if (existsSync(damagePath(dataDir, active.number))) moveOn(() => {});
    settle(group);
    const now = group.at(-1)?.batch.receivedAt ?? 0n;
    expire(steady(now));
    if (began === undefined || now < began) began = now; // a clock that goes back ends no day early, and makes none long
    const isFull = active.bytes >= partitionBytes || active.blocks >= partitionBlocks;
    if (isFull || now - began >= PARTITION_NS) rollOver();
  };

  const rollOver = (): void => {
    const { number } = active;
    moveOn(() => writeWhole(requestsPath(dataDir, number), active.entries(0, active.requests)));
  };

  /** What a retry would be compared with is lost: it is stored again, which is right, for its first copy is not read. */
  const leave = (damage: unknown): void => moveOn(() => setAside(dataDir, active.number, damage));

  /** To the next partition, after `left`. Where the disk refuses, that is tried again with the next commit. */
  const moveOn = (left: () => void): void => {
    const before = active;
    const sketches = { traces: traces.saved(), invocations: invocations.saved() };
    const carried = { counts: ledger.counts(), sketches };
    try {
      try {
        left();
      } catch (error) {
        if (!isDamage(error)) throw error;
        setAside(dataDir, before.number, error);
      }
      saveLedger(dataDir, before.number, carried);
      forgetLedgers(dataDir, before.number);
      active = createActive(dataDir, before.number + 1, durability, carried);
    } catch (error) {
      if (error instanceof StoreError || isDiskError(error)) return;
      throw error;
    }
    began = undefined;
    before.close();
  };

  const expire = (now: UnixNano): void => {
    if (expiredAt !== undefined && now - expiredAt < EXPIRY_EVERY_NS && now >= expiredAt) return;
    expiredAt = now;
    for (const partition of requests.expire(now, active.number))
      rmSync(requestsPath(dataDir, partition), { force: true });
  };

  return {
    append: (batch) =>
      new Promise<AppendResult>((resolve, reject) => {
        if (isClosed) throw new Error("the store is closed");
        const bytes = batch.records.bytes.length;
        if (waiting.length >= maxWaiting || (waiting.length > 0 && waitingBytes + bytes > maxWaitingBytes)) {
          const problem = `${waiting.length} batches of ${waitingBytes} bytes wait for the disk already`;
          throw new OverloadError("overloaded", problem);
        }
        if (waiting.length === 0) setImmediate(flush);
        waitingBytes += bytes;
        waiting.push({ batch, resolve, reject });
      }).catch(failed("store a batch")),
    async stats() {
      return {
        ...attempt("read the ledger", sums),
        bytesOnDisk: bytesBelow(dataDir),
        partitions: partitionStates(dataDir),
      };
    },
    checkWritable: async () => attempt("write", probe),
    async close() {
      if (isClosed) return;
      flush();
      isClosed = true;
      active.close();
      catalog.close();
    },
  };

  function probe(): void {
    try {
      active.probe();
    } catch (error) {
      if (!isDamage(error)) throw error;
      leave(error); // or whoever waits for it to be ready would wait for ever
      active.probe();
    }
  }

  function sums(): Omit<StoreStats, "bytesOnDisk" | "partitions"> {
    const all = new Ledger();
    all.addAll(ledger.counts());
    all.addAll(catalog.adjustments());
    return {
      spans: all.of("spans", "stored"),
      traces: traces.count(),
      invocations: invocations.count(),
      receivedSpans: all.received("spans"),
      duplicateSpans: all.of("spans", "duplicate"),
      rejectedSpans: all.reasons("spans", "rejected"),
      droppedSpans: all.reasons("spans", "dropped"),
      logs: all.of("logs", "stored"),
      receivedLogs: all.received("logs"),
      duplicateLogs: all.of("logs", "duplicate"),
      rejectedLogs: all.reasons("logs", "rejected"),
      droppedLogs: all.reasons("logs", "dropped"),
      metricPoints: all.of("metrics", "stored"),
      receivedMetricPoints: all.received("metrics"),
      duplicateMetricPoints: all.of("metrics", "duplicate"),
      rejectedMetricPoints: all.reasons("metrics", "rejected"),
      droppedMetricPoints: all.reasons("metrics", "dropped"),
    };
  }
};

const countsOf = (batches: readonly Batch[], results: readonly AppendResult[]): readonly Count[] => {
  const counts = new Ledger();
  for (const [n, { signal, records, rejected }] of batches.entries()) {
    const fate = results[n] === "stored" ? "stored" : "duplicate";
    counts.add({ signal, fate, reason: "", amount: records.items });
    for (const [reason, amount] of Object.entries(rejected)) counts.add({ signal, fate: "rejected", reason, amount });
  }
  return counts.counts();
};

const entriesOfFile = (dataDir: string, partition: number, from: number, to: number): Uint8Array => {
  const path = requestsPath(dataDir, partition);
  return existsSync(path) ? readFileSync(path).subarray(from * ENTRY_BYTES, to * ENTRY_BYTES) : new Uint8Array();
};

/** Version 0.1.0 kept everything in one file of another shape. */
const refuseFirstVersion = (dataDir: string): void => {
  const path = join(dataDir, "mayfly.db");
  if (!existsSync(path)) return;
  throw new StoreError(
    "store-unreadable",
    `${path} was written by Mayfly 0.1.0, whose data this version does not read: move the folder away, or choose another with --data`,
  );
};

const isDiskError = (error: unknown): boolean =>
  error instanceof Database.SqliteError || (error instanceof Error && "code" in error);

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
