/**
 * A copy of a store, made while a collector writes to it, and the way back.
 *
 * The newest partition is copied first, in one read transaction: that is the moment that the copy is of. What is older
 * does not change but for being sealed or removed meanwhile, which is looked at file by file. The catalog comes last,
 * and is made to say what holds for the files that were copied: of one that was not sealed yet, no duplicates.
 *
 * Summaries are not copied; they are built again.
 * Errors  ConfigError where something would be overwritten; NotFoundError, StoreError.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { ConfigError } from "../../errors.ts";
import { SIGNALS } from "../store.ts";
import { catalogPath, openCatalog } from "./catalog.ts";
import { isDamage, storeErrorOf } from "./damage.ts";
import type { Count } from "./ledger.ts";
import { activePath, partitionsFolder, partitionsIn, sealedPath } from "./partitions.ts";
import { sealingCounts } from "./sealing-counts.ts";
import { openSealedFile } from "./sealed-file.ts";
import { syncFolder } from "./sync-folder.ts";
import { UNINDEXED_FILE } from "./unindexed.ts";

export interface BackupReport {
  readonly partitions: number;
  readonly bytes: number;
}

/** Beside the partitions: API keys. */
const OTHER_FILES = ["keys.json", UNINDEXED_FILE];
const SIDE_FILE = /^\d{6,}\.(?:keys|requests|ledger|damaged)$/;

export const backupStore = (dataDir: string, target: string): BackupReport => {
  const partitions = partitionsIn(dataDir);
  refuseToOverwrite(target);
  const folder = partitionsFolder(target);
  mkdirSync(folder, { recursive: true });
  try {
    const copied = partitions.toReversed().flatMap(({ number }) => copyPartition(dataDir, target, number) ?? []);
    for (const name of readdirSync(partitionsFolder(dataDir)).filter((one) => SIDE_FILE.test(one)))
      copyIfThere(join(partitionsFolder(dataDir), name), join(folder, name));
    for (const name of OTHER_FILES) copyIfThere(join(dataDir, name), join(target, name));
    if (existsSync(catalogPath(dataDir))) copyCatalog(dataDir, target, copied);
    syncAll(target);
    return { partitions: copied.length, bytes: bytesBelow(target) };
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw storeErrorOf(`copy ${dataDir} to ${target}`, error);
  }
};

/** A partition's number, and whether it was sealed when it was copied. */
interface Copied {
  readonly number: number;
  readonly isSealed: boolean;
}

/** undefined: it is gone. Looked at twice, because it may be sealed, or go, while we look. */
const copyPartition = (dataDir: string, target: string, number: number): Copied | undefined => {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (copyIfThere(sealedPath(dataDir, number), sealedPath(target, number))) return { number, isSealed: true };
    const path = activePath(dataDir, number);
    if (existsSync(path) && copyDatabase(path, activePath(target, number))) return { number, isSealed: false };
  }
  return undefined;
};

const copyIfThere = (from: string, to: string): boolean => {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
};

/** One read transaction, which holds up nobody who writes. A damaged one is copied as it lies. False: it went. */
const copyDatabase = (from: string, to: string): boolean => {
  try {
    const db = new Database(from, { fileMustExist: true, timeout: 5_000 });
    try {
      db.prepare("VACUUM INTO ?").run(to);
    } finally {
      db.close();
    }
    return true;
  } catch (error) {
    rmSync(to, { force: true });
    if (!existsSync(from)) return false;
    if (!isDamage(error)) throw error;
    copyIfThere(`${from}-wal`, `${to}-wal`);
    return copyIfThere(from, to);
  }
};

const copyCatalog = (dataDir: string, target: string, copied: readonly Copied[]): void => {
  copyDatabase(catalogPath(dataDir), catalogPath(target));
  const catalog = openCatalog(target);
  for (const { number, isSealed } of copied) {
    const counts = isSealed ? countsOf(sealedPath(target, number)) : NOTHING;
    if (counts !== undefined) catalog.adjust(number, counts);
  }
  catalog.close();
};

/** undefined: it is damaged, and what the catalog says of it stays. */
const countsOf = (path: string): readonly Count[] | undefined => {
  try {
    const file = openSealedFile(path);
    file.close();
    return [...NOTHING, ...sealingCounts(file.directory)];
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
};

const NOTHING: readonly Count[] = SIGNALS.flatMap((signal) => [
  { signal, fate: "stored", reason: "", amount: 0 } as const,
  { signal, fate: "duplicate", reason: "", amount: 0 } as const,
  { signal, fate: "dropped", reason: "expired", amount: 0 } as const,
]);

/** From a copy to a data folder that is not there or empty; complete beside it before it takes its place. */
export const restoreStore = (source: string, dataDir: string): BackupReport => {
  const partitions = partitionsIn(source);
  refuseToOverwrite(dataDir);
  const beside = join(dirname(dataDir), `${basename(dataDir)}.restoring`);
  rmSync(beside, { recursive: true, force: true });
  try {
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const from = join(entry.parentPath, entry.name);
      const to = join(beside, from.slice(source.length));
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, to, constants.COPYFILE_FICLONE);
    }
    syncAll(beside);
    if (existsSync(dataDir)) rmdirSync(dataDir);
    renameSync(beside, dataDir);
    syncFolder(dirname(dataDir));
    return { partitions: partitions.length, bytes: bytesBelow(dataDir) };
  } catch (error) {
    throw storeErrorOf(`restore ${source} to ${dataDir}`, error);
  }
};

const refuseToOverwrite = (folder: string): void => {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new ConfigError("config-invalid", `${folder} is not empty, and nothing is overwritten`);
};

const syncAll = (folder: string): void => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) syncFolder(path);
    else syncFile(path);
  }
  syncFolder(folder);
};

const syncFile = (path: string): void => {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
