/**
 * Reads a whole store, every byte of it, and says what it found: each block's checksum, each page of terms, and whether
 * the ledger says as much as there is.
 *
 * Cost    what reading and decompressing all of it costs; a collector may run meanwhile, which then counts on.
 */
import { existsSync, statSync } from "node:fs";
import { StoreError } from "../../errors.ts";
import { SIGNALS, type Signal } from "../store.ts";
import { openActiveFileForReading } from "./active-file.ts";
import type { Block } from "./block.ts";
import { catalogPath, openCatalog } from "./catalog.ts";
import { storeErrorOf } from "./damage.ts";
import { Ledger, readLedger } from "./ledger.ts";
import { partitionsIn, type Partition } from "./partitions.ts";
import { itemsOf } from "./record-order.ts";
import { openSealSource } from "./seal-source.ts";
import { openSealedReader } from "./sealed-reader.ts";

/** Spans, log records and data points. */
export type Items = Readonly<Record<Signal, number>>;

export interface PartitionReport {
  readonly number: number;
  readonly isSealed: boolean;
  readonly path: string;
  readonly bytes: number;
  /** As many as could be read. */
  readonly items: Items;
  /** What is wrong with it. */
  readonly problem: StoreError | undefined;
}

export interface StoreReport {
  readonly partitions: readonly PartitionReport[];
  /** What the partitions have. */
  readonly found: Items;
  /** What the ledger says that they have; undefined: it cannot be read. */
  readonly ledger: Items | undefined;
  /** In words; empty where all is well. */
  readonly problems: readonly string[];
}

export const inspectStore = (dataDir: string): StoreReport => {
  const partitions = partitionsIn(dataDir).map(inspectPartition);
  const found = itemsBy((signal) => partitions.reduce((sum, { items }) => sum + items[signal], 0));
  const damaged = partitions.flatMap(({ problem }) => (problem ? [problem.message] : []));
  const { ledger, problem } = ledgerOf(dataDir, partitions.at(-1));
  const wrong = SIGNALS.filter((signal) => ledger !== undefined && ledger[signal] !== found[signal]);
  return {
    partitions,
    found,
    ledger,
    problems: [
      ...damaged,
      ...(problem === undefined ? [] : [problem]),
      ...wrong.map(
        (signal) => `the ledger says ${ledger?.[signal]} ${NAMES[signal]}, the partitions have ${found[signal]}`,
      ),
    ],
  };
};

export const NAMES: Readonly<Record<Signal, string>> = {
  spans: "spans",
  logs: "log records",
  metrics: "data points",
};

const itemsBy = (count: (signal: Signal) => number): Items => ({
  spans: count("spans"),
  logs: count("logs"),
  metrics: count("metrics"),
});

const inspectPartition = ({ number, isSealed, path }: Partition): PartitionReport => {
  const items = { spans: 0, logs: 0, metrics: 0 };
  let problem: StoreError | undefined;
  try {
    if (isSealed) readSealed(path, items);
    else readActive(path, items);
  } catch (error) {
    const known = storeErrorOf(`read ${path}`, error);
    if (!(known instanceof StoreError)) throw known;
    const message = known.message.includes(path) ? known.message : `${path}: ${known.message}`;
    problem = new StoreError(known.code, message, { cause: error });
  }
  return { number, isSealed, path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0, items, problem };
};

type Counts = { -readonly [signal in Signal]: number };

const readSealed = (path: string, items: Counts): void => {
  const reader = openSealedReader(path);
  try {
    for (const signal of SIGNALS) {
      for (const { id } of reader.blocks(signal)) items[signal] += itemsIn(signal, reader.block(id));
      reader.checkPages(signal);
    }
  } finally {
    reader.close();
  }
};

const readActive = (path: string, items: Counts): void => {
  const source = openSealSource(path);
  try {
    for (const signal of SIGNALS) {
      for (const { id } of source.blocks(signal)) items[signal] += itemsIn(signal, source.block(id));
    }
  } finally {
    source.close();
  }
};

const itemsIn = (signal: Signal, block: Block): number => {
  let items = 0;
  let start = 0;
  for (let row = 0; row < block.count; row += 1) {
    const end = block.ends[row]!;
    items += itemsOf(signal, block.bytes, start, end);
    block.origin(row);
    start = end;
  }
  return items;
};

/** The newest partition has the sums; the catalog, what became of the others since. */
const ledgerOf = (
  dataDir: string,
  newest: PartitionReport | undefined,
): { readonly ledger: Items | undefined; readonly problem?: string } => {
  if (newest === undefined) return { ledger: itemsBy(() => 0) };
  if (newest.isSealed)
    return { ledger: undefined, problem: `${newest.path} is the newest partition, and has no ledger` };
  try {
    const ledger = new Ledger();
    const db = openActiveFileForReading(newest.path);
    ledger.addAll(readLedger(db));
    db.close();
    if (existsSync(catalogPath(dataDir))) {
      const catalog = openCatalog(dataDir);
      ledger.addAll(catalog.adjustments());
      catalog.close();
    }
    return { ledger: itemsBy((signal) => ledger.of(signal, "stored")) };
  } catch (error) {
    return {
      ledger: undefined,
      problem: `the ledger cannot be read: ${error instanceof Error ? error.message : error}`,
    };
  }
};
