/**
 * Looks after partitions that are full: seals them, removes what is older or more than wanted, and keeps the stitch keys
 * of what it removed.
 *
 *   active ── seal ──▶ sealed ── retention ──▶ keys ── keyRetention ──▶ nothing
 *      └ terms: of those that must wait, until they are sealed (full-terms.ts)
 *
 * One `step` is one such change, whole on disk when it returns; whoever calls it decides when the next one may come. A
 * step that a crash interrupted is done again: the ledger's adjustments are said anew, not added.
 *
 * On a full disk what makes room goes on, with the reserve (reserve.ts) and, where that is not enough for them, without the
 * keys and traces of what it removes, which is told; what needs room waits, and is tried once a minute.
 * Where there is no room either to say how the ledger changed, the partition goes first, and it is said as soon as there is
 * some; a crash before that leaves its records counted as stored.
 *
 * A partition that cannot be read is left where it is (the reader names it) and not tried again; it is never removed.
 * Times are those of arrival by the receiver's clock. One that leaps ahead would make everything old at once: so it is
 * doubted for a day. What is the newest arrival tells a leap that came while nobody ran.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../../errors.ts";
import type { Clock } from "../../clock.ts";
import type { UnixNano } from "../../model/time.ts";
import { createSteadyTime, type Leaps } from "../../steady-time.ts";
import { isUnmade, lastArrival } from "./active-file.ts";
import { openCatalog } from "./catalog.ts";
import { isRefusal, storeErrorOf } from "./damage.ts";
import { writeFullTerms } from "./full-terms.ts";
import { writeKeys } from "./key-records.ts";
import type { Count } from "./ledger.ts";
import {
  ACTIVE_SUFFIXES,
  activePath,
  damagePath,
  keysPath,
  listKeyFiles,
  listPartitions,
  makePartitionsFolder,
  type Partition,
  partitionsFolder,
  sealedPath,
  termsPath,
  tracesPath,
} from "./partitions.ts";
import { writeTraces } from "./removals.ts";
import { giveUpReserve, refillReserve } from "./reserve.ts";
import { sealPartition, type SealStep } from "./seal.ts";
import { openSealSource } from "./seal-source.ts";
import type { SealedDirectory } from "./sealed-directory.ts";
import { openSealedFile } from "./sealed-file.ts";
import { createWordsOf } from "./sealed-words.ts";
import { expiryCounts, sealingCounts } from "./sealing-counts.ts";
import { syncFolder } from "./sync-folder.ts";
import { rememberUnindexed } from "./unindexed.ts";

export interface KeeperOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly retentionDays: number;
  /** Of all partitions. */
  readonly retentionBytes?: number | undefined;
  readonly keyRetentionDays: number;
  /** While it is true, sealing waits, but not with more than `maxWaiting` full partitions. */
  readonly isBusy?: () => boolean;
  readonly maxWaiting?: number;
  /** Full partitions whose terms stand in no file. */
  readonly maxTermsInMemory?: number;
  /** As the writer has them. */
  readonly unindexed?: readonly string[];
  /** Told of a partition that could not be sealed or removed; without one, of a folder that cannot be looked at. */
  readonly onProblem?: (error: StoreError, partition?: number) => void;
  /** Called before each part of a step; for tests, which let it fail. */
  readonly beforePart?: (part: KeeperPart) => void;
}

export type KeeperPart =
  | SealStep
  | "terms"
  | "adjust"
  | "remove active"
  | "keep traces"
  | "keep keys"
  | "remove sealed"
  | "remove keys";

export interface Keeper {
  /** Does what is due next; undefined when nothing is. */
  step(): KeeperStep | undefined;
  /** Twice is safe. */
  close(): void;
}

export interface KeeperStep {
  readonly done: "terms" | "sealed" | "finished" | "expired" | "keys expired";
  readonly partition: number;
}

const DAY_NS = 86_400_000_000_000n;
/** Between two looks lie seconds, unless the machine sleeps. */
const LEAPS: Leaps = { leapNs: DAY_NS / 24n, doubtNs: DAY_NS };
const MAX_WAITING = 4;
/** 5 MB in every thread that reads, which has the newest one's from when it was written to. */
const MAX_TERMS_IN_MEMORY = 1;
/** After there was no room for a file. Each try fills the disk for a moment, and others are refused then. */
const NO_ROOM_PAUSE_NS = 60_000_000_000n;

export const openKeeper = (options: KeeperOptions): Keeper => {
  const { dataDir, retentionBytes, isBusy = () => false } = options;
  const { maxWaiting = MAX_WAITING, maxTermsInMemory = MAX_TERMS_IN_MEMORY } = options;
  const { onProblem = () => {}, beforePart = () => {} } = options;
  makePartitionsFolder(dataDir);
  const catalog = openCatalog(dataDir);
  const wordsOf = createWordsOf(rememberUnindexed(dataDir, options.unindexed ?? []));
  const failed = new Set<number>();
  const directories = new Map<number, SealedDirectory>();
  const steady = createSteadyTime(LEAPS, newestArrival(dataDir));
  const clock = (): UnixNano => steady(options.clock());
  let noRoomSince: UnixNano | undefined;
  let isClosed = false;
  /** What the ledger is not told yet of partitions that are gone. */
  const owed = new Map<number, readonly Count[]>();

  const attempt = (partition: number, action: () => KeeperStep): KeeperStep | undefined => {
    try {
      return action();
    } catch (thrown) {
      const error = storeErrorOf(`keep up partition ${partition}`, thrown);
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== "store-failed") failed.add(partition); // a full disk may have room again
      onProblem(error, partition);
      return undefined;
    }
  };

  /** What needs room. */
  const attemptToFill = (partition: number, action: () => KeeperStep): KeeperStep | undefined => {
    const waitedNs = options.clock() - (noRoomSince ?? -NO_ROOM_PAUSE_NS);
    if (waitedNs >= 0n && waitedNs < NO_ROOM_PAUSE_NS) return undefined; // less: somebody set the clock back
    return attempt(partition, () => {
      try {
        refillReserve(dataDir);
        return action();
      } catch (error) {
        if (isRefusal(error)) noRoomSince = options.clock();
        throw error;
      }
    });
  };

  /** What makes room: the reserve is there for it. */
  const withReserve = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (!isRefusal(error) || !giveUpReserve(dataDir)) throw error;
      return action();
    }
  };

  const directoryOf = (number: number): SealedDirectory => {
    const known = directories.get(number);
    if (known !== undefined) return known;
    const file = openSealedFile(sealedPath(dataDir, number));
    file.close();
    directories.set(number, file.directory);
    return file.directory;
  };

  const adjust = (number: number, counts: readonly Count[]): void => {
    beforePart("adjust");
    catalog.adjust(number, counts);
  };

  const adjustOrOwe = (number: number, counts: readonly Count[]): void => {
    let isOwed = false;
    try {
      withReserve(() => adjust(number, counts));
    } catch (error) {
      isOwed = isRefusal(error);
      if (!isOwed) throw error;
    } finally {
      if (isOwed) owed.set(number, counts);
      else owed.delete(number);
    }
  };

  const settle = (): void => {
    for (const [number, counts] of owed)
      attempt(number, () => {
        adjustOrOwe(number, counts);
        return { done: "expired", partition: number };
      });
  };

  const removeActive = (number: number): void => {
    for (const suffix of ACTIVE_SUFFIXES) rmSync(activePath(dataDir, number) + suffix, { force: true });
    rmSync(damagePath(dataDir, number), { force: true }); // its blocks could all be read
  };

  /** From the sealed file on: what is left to do is the same after a crash. */
  const finish = (number: number, done: KeeperStep["done"]): KeeperStep => {
    adjust(number, sealingCounts(directoryOf(number)));
    beforePart("remove active");
    removeActive(number);
    syncFolder(partitionsFolder(dataDir));
    return { done, partition: number };
  };

  const seal = (number: number): KeeperStep => {
    const source = openSealSource(activePath(dataDir, number));
    try {
      sealPartition({ source, path: sealedPath(dataDir, number), wordsOf, beforeStep: beforePart });
    } catch (error) {
      throw storeErrorOf(`seal ${activePath(dataDir, number)}`, error);
    } finally {
      source.close();
    }
    return finish(number, "sealed");
  };

  const putTerms = (number: number): KeeperStep => {
    const path = activePath(dataDir, number);
    beforePart("terms");
    try {
      writeFullTerms(path);
    } catch (error) {
      throw storeErrorOf(`write the terms of ${path}`, error);
    }
    return { done: "terms", partition: number };
  };

  const expire = (number: number): KeeperStep => {
    const directory = directoryOf(number);
    const path = sealedPath(dataDir, number);
    keep(number, "traces", () => writeTraces(path, tracesPath(dataDir, number)));
    if (directory.lastArrival >= keysSince()) keep(number, "keys", () => writeKeys(path, keysPath(dataDir, number)));
    adjustOrOwe(number, expiryCounts(directory));
    beforePart("remove sealed");
    removeActive(number); // where its sealing could not be finished
    rmSync(path, { force: true });
    syncFolder(partitionsFolder(dataDir));
    directories.delete(number);
    return { done: "expired", partition: number };
  };

  /** A disk that is full for good must lose its oldest partition: what is kept of it is worth less than what comes in. */
  const keep = (number: number, what: "traces" | "keys", write: () => void): void => {
    try {
      beforePart(`keep ${what}`);
      write();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (giveUpReserve(dataDir)) return keep(number, what, write);
      onProblem(
        new StoreError("store-failed", `no room for the ${what} of partition ${number}`, { cause: error }),
        number,
      );
    }
  };

  const keysSince = (): UnixNano => clock() - BigInt(options.keyRetentionDays) * DAY_NS;
  const recordsSince = (): UnixNano => clock() - BigInt(options.retentionDays) * DAY_NS;

  const isOld = (partition: Partition, since: UnixNano): boolean =>
    attemptRead(partition.number, () => directoryOf(partition.number).lastArrival < since);

  const attemptRead = (partition: number, read: () => boolean): boolean => {
    let answer = false;
    attempt(partition, () => {
      answer = read();
      return { done: "finished", partition };
    });
    return answer;
  };

  const expiring = (sealed: readonly Partition[]): Partition | undefined => {
    const since = recordsSince();
    const old = sealed.find((one) => isOld(one, since));
    if (old !== undefined || retentionBytes === undefined) return old;
    return bytesBelow(partitionsFolder(dataDir)) > retentionBytes ? sealed[0] : undefined;
  };

  const nextStep = (): KeeperStep | undefined => {
    settle();
    const partitions = listPartitions(dataDir);
    const sealed = partitions.filter((one) => one.isSealed && !failed.has(one.number));
    const interrupted = sealed.find(({ number }) => existsSync(activePath(dataDir, number)))?.number;
    const finished = interrupted && attempt(interrupted, () => withReserve(() => finish(interrupted, "finished")));
    if (finished) return finished;

    const gone = expiring(sealed.filter(({ number }) => !failed.has(number)));
    if (gone !== undefined) return attempt(gone.number, () => expire(gone.number));

    const keys = listKeyFiles(dataDir).find(
      (number) => !failed.has(number) && attemptRead(number, () => areKeysOld(dataDir, number, keysSince())),
    );
    if (keys !== undefined) {
      beforePart("remove keys");
      rmSync(keysPath(dataDir, keys), { force: true });
      return { done: "keys expired", partition: keys };
    }
    if (interrupted !== undefined) return undefined; // it goes before what needs more room

    const full = fullOf(partitions).filter((one) => !one.isSealed && !failed.has(one.number));
    const inMemory = full.filter(({ path }) => !existsSync(termsPath(path)));
    const [oldest] = inMemory;
    if (oldest !== undefined && inMemory.length > maxTermsInMemory)
      return attemptToFill(oldest.number, () => putTerms(oldest.number));

    const [next] = full;
    if (next === undefined || (isBusy() && full.length <= maxWaiting)) return undefined;
    return attemptToFill(next.number, () => seal(next.number));
  };

  return {
    step() {
      try {
        return nextStep();
      } catch (thrown) {
        const error = storeErrorOf(`look after ${partitionsFolder(dataDir)}`, thrown);
        if (!(error instanceof StoreError)) throw error;
        onProblem(error);
        return undefined;
      }
    },
    close() {
      if (!isClosed) settle();
      isClosed = true;
      catalog.close();
    },
  };
};

/** All but the one that is written to: the last, or, while that is being made, the one before it. */
const fullOf = (partitions: readonly Partition[]): readonly Partition[] => {
  const last = partitions.at(-1);
  return partitions.slice(0, last === undefined || last.isSealed || isMade(last.path) ? -1 : -2);
};

const isMade = (path: string): boolean => {
  try {
    return !isUnmade(path);
  } catch {
    return false;
  }
};

const areKeysOld = (dataDir: string, number: number, since: UnixNano): boolean => {
  const file = openSealedFile(keysPath(dataDir, number));
  file.close();
  return file.directory.lastArrival < since;
};

/** Of what is written to as well as of what is full; undefined: nothing has arrived, or its file does not say. */
const newestArrival = (dataDir: string): UnixNano | undefined => {
  const times = listPartitions(dataDir)
    .slice(-2) // the newest may be empty
    .map(({ isSealed, path }) => (isSealed ? lastArrivalSealed(path) : lastArrival(path)));
  return times.reduce((newest, one) => (one !== undefined && (newest ?? 0n) < one ? one : newest), undefined);
};

const lastArrivalSealed = (path: string): UnixNano | undefined => {
  try {
    const file = openSealedFile(path);
    file.close();
    return file.directory.lastArrival;
  } catch {
    return undefined;
  }
};

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
