/**
 * All partitions, as one reader has them open: learns of new ones from the folder, of sealed ones that take an active
 * one's place, and of those that are gone.
 *
 * A damaged one is set aside and named; the others answer. Of an active one that is left to a mark, which its writer
 * sees: what it wrote there from then on would not be read.
 * One that is replaced or gone stays open for a minute, unseen, for whoever is reading it.
 *
 * Bounds  terms of active partitions in memory; those that were asked last are forgotten first. Filters of those that have
 *         their terms in a file.
 */
import { existsSync, statSync } from "node:fs";
import { StoreError } from "../../errors.ts";
import { type ActiveReader, openActiveReader } from "./active-reader.ts";
import { isUnmade } from "./active-file.ts";
import { isDamage, isRefusal, storeErrorOf } from "./damage.ts";
import {
  keysPath,
  listKeyFiles,
  type Partition,
  listPartitions,
  makePartitionsFolder,
  partitionsFolder,
} from "./partitions.ts";
import type { PartitionReader } from "./partition-reader.ts";
import { damageOf, setAside as leaveMark } from "./set-aside.ts";
import { createFilterMemory } from "./term-filter.ts";

export interface OpenPartition {
  readonly number: number;
  readonly isSealed: boolean;
  readonly reader: PartitionReader;
}

export interface PartitionSet {
  /** With all that is written by now. Oldest first. */
  list(): readonly OpenPartition[];
  /** Those, and before them what is left of partitions that are gone: their spans' stitch keys. */
  all(): readonly OpenPartition[];
  /** How many were closed so far: with another number, a list that was given before may name one of them. */
  readonly closings: number;
  /** What `ask` makes of the partition; undefined when it turns out to be damaged, which sets it aside. */
  ask<T>(partition: OpenPartition, ask: (reader: PartitionReader) => T): T | undefined;
  /** By number, and what is wrong with them. */
  readonly setAside: ReadonlyMap<number, StoreError>;
  close(): void;
}

/**
 * Of some eight partitions; the keeper puts those of more than a few in files. Only where it comes to nothing for long,
 * every question reads what is beyond this anew.
 */
const MAX_TERM_BYTES = 40 * 1024 * 1024;
/** Of some sixty that are full. */
const MAX_FILTER_BYTES = 16 * 1024 * 1024;

/** Longer than nearly any question takes; what takes longer asks for the list again (`closings`). */
const RETIRED_MS = 60_000;

/** How often it looks by itself what is gone: where nobody asks, such files would keep their room on the disk. */
const LOOK_MS = 10_000;

/** Opens a sealed partition's file. */
export type OpenSealed = (path: string) => PartitionReader;

export const openPartitionSet = (dataDir: string, openSealed: OpenSealed): PartitionSet => {
  makePartitionsFolder(dataDir);
  const open = new Map<number, OpenPartition>();
  const active = new Map<number, ActiveReader>();
  const filters = createFilterMemory(MAX_FILTER_BYTES);
  const keys = new Map<number, OpenPartition>();
  const setAside = new Map<number, StoreError>();
  /** Of those, active ones. */
  const wereActive = new Set<number>();
  let folderChangedAt: bigint | undefined;

  /** Replaced or gone, and perhaps still being read by a question that rests between two blocks. */
  let retired: { readonly reader: PartitionReader; readonly until: number }[] = [];

  const close = (number: number): void => {
    const reader = open.get(number)?.reader;
    if (reader) retired.push({ reader, until: performance.now() + RETIRED_MS });
    active.get(number)?.forget();
    open.delete(number);
    active.delete(number);
  };

  let closings = 0;

  const closeRetired = (now: number): void => {
    for (const { reader, until } of retired) {
      if (until > now) continue;
      reader.close();
      closings += 1;
    }
    retired = retired.filter(({ until }) => until > now);
  };

  const opened = ({ number, isSealed, path }: Partition): void => {
    try {
      if (isSealed) open.set(number, { number, isSealed, reader: openSealed(path) });
      else if (isUnmade(path)) folderChangedAt = undefined; // it is being made: looked at again by the next question
      else {
        const reader = openActiveReader(path, filters);
        active.set(number, reader);
        open.set(number, { number, isSealed, reader });
      }
    } catch (error) {
      const isThere = existsSync(path);
      if (!isThere || isRefusal(error)) folderChangedAt = undefined; // it went while we looked, or there was no room to open it
      if (isThere) note(number, error, !isSealed);
    }
  };

  const note = (number: number, problem: unknown, isActive = false): void => {
    const error = storeErrorOf(`read partition ${number}`, problem);
    if (!(error instanceof StoreError) || error.code === "store-failed") throw error;
    if (isActive) {
      wereActive.add(number);
      if (isDamage(error)) mark(number, error);
    }
    close(number);
    setAside.set(number, error);
  };

  const mark = (number: number, error: StoreError): void => {
    try {
      leaveMark(dataDir, number, error);
    } catch {
      // Whoever may read and not write leaves none; the one that writes meets the damage by itself.
    }
  };

  /** Whether it stays away; a sealed file that has taken a damaged one's place does not. */
  const isAway = ({ number, isSealed, isSetAside }: Partition): boolean => {
    if (isSetAside && !setAside.has(number)) {
      close(number);
      setAside.set(number, damageOf(dataDir, number));
      wereActive.add(number);
    }
    if (isSealed && wereActive.delete(number)) setAside.delete(number);
    return setAside.has(number);
  };

  const refresh = (): void => {
    const changedAt = statSync(partitionsFolder(dataDir), { bigint: true }).mtimeNs;
    closeRetired(performance.now());
    const isFolderChanged = changedAt !== folderChangedAt;
    if (isFolderChanged) refreshFolder(changedAt);
    for (const [number, reader] of active) {
      try {
        reader.refresh();
        if (isFolderChanged) reader.lookForTerms();
      } catch (error) {
        note(number, error, true);
      }
    }
  };

  const refreshFolder = (changedAt: bigint): void => {
    folderChangedAt = changedAt;
    refreshKeys();
    const present = listPartitions(dataDir);
    const numbers = new Set(present.map((one) => one.number));
    for (const number of open.keys()) if (!numbers.has(number)) close(number);
    for (const partition of present) {
      if (isAway(partition) || open.get(partition.number)?.isSealed === partition.isSealed) continue;
      close(partition.number);
      opened(partition);
    }
  };

  const retireKeys = (present: ReadonlySet<number>): void => {
    for (const [number, { reader }] of keys) {
      if (present.has(number)) continue;
      retired.push({ reader, until: performance.now() + RETIRED_MS });
      keys.delete(number);
    }
  };

  const refreshKeys = (): void => {
    const present = new Set(listKeyFiles(dataDir));
    retireKeys(present);
    for (const number of present) {
      if (keys.has(number) || setAside.has(number)) continue;
      try {
        keys.set(number, { number, isSealed: true, reader: openSealed(keysPath(dataDir, number)) });
      } catch (error) {
        note(number, error);
      }
    }
  };

  /** Questions go from the oldest to the newest: the one just asked is the last to be asked again. */
  const bound = (asked: number): void => {
    const reader = active.get(asked);
    if (reader === undefined || reader.bytes === 0) return;
    const bytes = [...active.values()].reduce((sum, one) => sum + one.bytes, 0);
    if (bytes > MAX_TERM_BYTES) reader.forget();
  };

  /** What is gone, or replaced. Nothing is opened: that is for whoever asks, and under a load nobody may. */
  const letGo = (): void => {
    closeRetired(performance.now());
    const present = new Map(listPartitions(dataDir).map((one) => [one.number, one.isSealed]));
    for (const [number, { isSealed }] of open) {
      if (present.get(number) === isSealed) continue;
      close(number);
      folderChangedAt = undefined;
    }
    retireKeys(new Set(listKeyFiles(dataDir)));
  };

  const looks = setInterval(() => {
    try {
      if (open.size + keys.size + retired.length > 0) letGo();
    } catch {
      // Whoever asks next is told.
    }
  }, LOOK_MS);
  looks.unref();

  return {
    list() {
      refresh();
      return inOrder(open);
    },
    all() {
      refresh();
      return [...inOrder(keys), ...inOrder(open)];
    },
    ask(partition, ask) {
      try {
        return ask(partition.reader);
      } catch (error) {
        const isPresent = [open, keys].some((some) => some.get(partition.number) === partition);
        if (isPresent || !isDamage(error)) note(partition.number, error, !partition.isSealed);
        return undefined;
      } finally {
        bound(partition.number);
      }
    },
    setAside,
    get closings() {
      return closings;
    },
    close() {
      clearInterval(looks);
      for (const number of open.keys()) close(number);
      closeRetired(Number.POSITIVE_INFINITY);
      for (const { reader } of keys.values()) reader.close();
      keys.clear();
    },
  };
};

const inOrder = (partitions: ReadonlyMap<number, OpenPartition>): readonly OpenPartition[] =>
  [...partitions.values()].toSorted((a, b) => a.number - b.number);
