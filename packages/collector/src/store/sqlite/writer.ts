/**
 * The one that writes records: whole commits into the current partition (current-partition.ts).
 *
 * Everything that waits when the disk is free is one transaction, and so one fsync (group commit). A group that fails is
 * tried again batch by batch, so that one bad batch does not take its neighbours with it.
 *
 *   append a ─┐                     ┌─ a resolves
 *   append b ─┼─ setImmediate ─ commit ─ b resolves
 *   append c ─┘   (c arrives while committing: the next group)
 *
 * A commit that fails because the partition is damaged (not because the disk is full) is refused like any other; the
 * partition is set aside and the next one begun, so that the sender's next try is stored. So it is where a reader has set
 * it aside.
 *
 * On a full disk, as reserve.ts says, nothing is tried before there is room again.
 *
 * Bounds  `maxWaiting` batches of `maxWaitingBytes`; one more is refused with OverloadError.
 * Errors  StoreError: the disk.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { OverloadError, StoreError } from "../../errors.ts";
import type { AppendResult, Batch, StoreWriter } from "../store.ts";
import type { Durability } from "./active-file.ts";
import { createBlockMaker } from "./blocks-of.ts";
import { openMendedCatalog } from "./catalog.ts";
import { openCurrentPartition } from "./current-partition.ts";
import { attempt, failed } from "./failures.ts";
import { makePartitionsFolder, partitionStates } from "./partitions.ts";
import { sumsOf } from "./sums.ts";
import { refillReserve, RESERVE_FILE } from "./reserve.ts";
import { rememberUnindexed } from "./unindexed.ts";

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
export const MAX_WAITING = 10_000;
export const MAX_WAITING_BYTES = 128 * 1024 * 1024;

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export const openWriter = ({
  dataDir,
  durability = "fsync",
  partitionBytes = PARTITION_BYTES,
  partitionBlocks = PARTITION_BLOCKS,
  maxWaiting = MAX_WAITING,
  maxWaitingBytes = MAX_WAITING_BYTES,
  unindexed = [],
}: WriterOptions): StoreWriter => {
  refuseFirstVersion(dataDir);
  makePartitionsFolder(dataDir);
  const blocksOf = createBlockMaker(rememberUnindexed(dataDir, unindexed));
  const current = openCurrentPartition({ dataDir, durability, partitionBytes, partitionBlocks, blocksOf });
  const catalog = openMendedCatalog(dataDir);
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let isClosed = false;

  const settle = (group: readonly Waiting[]): void => {
    try {
      const results = current.write(group.map(({ batch }) => batch));
      for (const [n, { resolve }] of group.entries()) resolve(results[n] ?? "stored");
    } catch (error) {
      if (group.length > 1 && !(error instanceof Database.SqliteError)) for (const one of group) settle([one]);
      else for (const one of group) one.reject(error);
    }
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    waitingBytes = 0;
    const last = group.at(-1);
    if (last === undefined) return;
    try {
      refillReserve(dataDir);
    } catch (error) {
      for (const one of group) one.reject(error);
      return;
    }
    current.leaveIfSetAside();
    settle(group);
    current.turn(last.batch.receivedAt);
  };

  const probe = (): void => {
    refillReserve(dataDir);
    current.probe();
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
        ...attempt("read the ledger", () => sumsOf(current.ledger, catalog.adjustments())),
        traces: current.traces.count(),
        invocations: current.invocations.count(),
        bytesOnDisk: bytesBelow(dataDir),
        partitions: partitionStates(dataDir),
      };
    },
    checkWritable: async () => attempt("write", probe),
    async close() {
      if (isClosed) return;
      flush();
      isClosed = true;
      current.close();
      catalog.close();
    },
  };
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

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== RESERVE_FILE)
    .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
