/**
 * Where partitions lie, and what their names say.
 *
 *   DIR/partitions/000040.keys          of a partition that is gone: the stitch keys of its spans
 *              …/000041.sealed          never written again
 *              …/000042.active.db       full, waits to be sealed
 *              …/000043.active.db       the highest active one takes what arrives
 *
 * The name is the state: a sealed file is complete before it gets its name, so that where both are, the sealed one
 * counts and the active one is what a crash left.
 */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { opening } from "./active-file.ts";

export interface Partition {
  readonly number: number;
  readonly isSealed: boolean;
  readonly path: string;
}

const FILE = /^(\d{6,})\.(active\.db|sealed)$/;

export const partitionsFolder = (dataDir: string): string => join(dataDir, "partitions");

const digits = (number: number): string => String(number).padStart(6, "0");

export const activePath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.active.db`);

export const sealedPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.sealed`);

export const keysPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.keys`);

/** Digests of a full partition's requests, while they are less than an hour old. */
export const requestsPath = (dataDir: string, number: number): string =>
  join(partitionsFolder(dataDir), `${digits(number)}.requests`);

export const makePartitionsFolder = (dataDir: string): void => {
  const folder = partitionsFolder(dataDir);
  opening(folder, () => mkdirSync(folder, { recursive: true }));
};

/** Oldest first; each once. */
export const listPartitions = (dataDir: string): readonly Partition[] => {
  const folder = partitionsFolder(dataDir);
  const byNumber = new Map<number, Partition>();
  for (const name of readdirSync(folder)) {
    const [, number, state] = FILE.exec(name) ?? [];
    if (number === undefined) continue;
    const partition = { number: Number(number), isSealed: state === "sealed", path: join(folder, name) };
    if (partition.isSealed || !byNumber.has(partition.number)) byNumber.set(partition.number, partition);
  }
  return [...byNumber.values()].toSorted((a, b) => a.number - b.number);
};

/** Numbers of partitions whose requests are still known. */
export const listRequestFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.requests$/);

/** Numbers of partitions that are gone and whose keys are still known. */
export const listKeyFiles = (dataDir: string): readonly number[] => numbersOf(dataDir, /^(\d{6,})\.keys$/);

const numbersOf = (dataDir: string, file: RegExp): readonly number[] =>
  readdirSync(partitionsFolder(dataDir))
    .flatMap((name) => file.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
