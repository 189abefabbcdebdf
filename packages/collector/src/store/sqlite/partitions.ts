/**
 * Where partitions lie, and what their names say.
 *
 *   DIR/partitions/000040.keys          of a partition that is gone: the stitch keys of its spans
 *              …/000040.traces          likewise: the traces that had spans in it, until they were told of (removals.ts)
 *              …/000041.sealed          never written again
 *              …/000042.active.db       full, waits to be sealed
 *              …/000042.active.db-terms its terms, where several wait (full-terms.ts)
 *              …/000043.active.db       the highest active one takes what arrives
 *              …/000041.damaged         why an active one is set aside (set-aside.ts)
 *              …/000042.ledger          the ledger at the end of this partition (saved-ledger.ts)
 *
 * The name is the state: a sealed file is complete before it gets its name, so that where both are, the sealed one
 * counts and the active one is what a crash left.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError } from "../../errors.ts";
import { makeFolder } from "./folders.ts";

export interface Partition {
  readonly number: number;
  readonly isSealed: boolean;
  /** Damaged: nobody writes to it or reads it any more. */
  readonly isSetAside: boolean;
  readonly path: string;
}

const FILE = /^(\d{6,})\.(active\.db|sealed)$/;
const SET_ASIDE = /^(\d{6,})\.damaged$/;

export const partitionsFolder = (dataDir: string): string => join(dataDir, "partitions");

const digits = (number: number): string => String(number).padStart(6, "0");

export const activePath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.active.db`);

export const sealedPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.sealed`);

export const keysPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.keys`);

export const tracesPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.traces`);

/** Digests of a full partition's requests, while they are less than an hour old. */
export const requestsPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.requests`);

export const damagePath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.damaged`);

export const ledgerPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.ledger`);

const TERMS = "-terms";

/** Of the partition that lies here and is full. */
export const termsPath = (active: string): string => active + TERMS;

/** What lies beside a database, and then itself: as long as that is there, a removal that was interrupted goes on. */
export const ACTIVE_SUFFIXES = [`${TERMS}.new`, TERMS, "-shm", "-wal", ""] as const;

export const makePartitionsFolder = (dataDir: string): void => {
  makeFolder(partitionsFolder(dataDir));
};

/** Those of a folder that somebody named. NotFoundError where none is, and nothing is made. */
export const partitionsIn = (dataDir: string): readonly Partition[] => {
  const partitions = existsSync(partitionsFolder(dataDir)) ? listPartitions(dataDir) : [];
  if (partitions.length === 0) throw new NotFoundError("not-found", `there is no data of Mayfly in ${dataDir}`);
  return partitions;
};

/** Oldest first; each once. */
export const listPartitions = (dataDir: string): readonly Partition[] => {
  const folder = partitionsFolder(dataDir);
  const byNumber = new Map<number, Partition>();
  const names = readdirSync(folder);
  const setAside = new Set(names.map((name) => SET_ASIDE.exec(name)?.[1]));
  for (const name of names) {
    const [, digitsOf, state] = FILE.exec(name) ?? [];
    if (digitsOf === undefined) continue;
    const isSealed = state === "sealed";
    const isSetAside = !isSealed && setAside.has(digitsOf);
    const partition = { number: Number(digitsOf), isSealed, isSetAside, path: join(folder, name) };
    if (partition.isSealed || !byNumber.has(partition.number)) byNumber.set(partition.number, partition);
  }
  return [...byNumber.values()].toSorted((a, b) => a.number - b.number);
};

/** How many there are, by what becomes of them next. */
export const partitionStates = (dataDir: string): Readonly<Record<string, number>> => {
  const all = listPartitions(dataDir);
  const states = all.map(({ isSealed, isSetAside }, index) => {
    if (isSealed) return "sealed";
    if (isSetAside) return "set-aside";
    return index === all.length - 1 ? "active" : "full";
  });
  const count = (state: string): number => states.filter((one) => one === state).length;
  const counts = ["active", "full", "sealed", "set-aside"].map((state) => [state, count(state)] as const);
  return { ...Object.fromEntries(counts), "keys-only": listKeyFiles(dataDir).length };
};

/** Numbers of partitions whose requests are still known. */
export const listRequestFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.requests$/);

/** Numbers of partitions at whose end the ledger was saved. */
export const listLedgerFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.ledger$/);

/** Numbers of partitions that are gone and whose keys are still known. */
export const listKeyFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.keys$/);

/** Numbers of partitions that go or are gone, and whose traces are not told of. */
export const listTraceFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.traces$/);

const numbersOf = (dataDir: string, file: RegExp): readonly number[] =>
  readdirSync(partitionsFolder(dataDir))
    .flatMap((name) => file.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
