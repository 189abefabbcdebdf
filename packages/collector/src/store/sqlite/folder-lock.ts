/**
 * That one process at a time works on a data folder: a lock that the kernel holds for whoever has it, and gives up with
 * the process, however that ends.
 *
 * lock.db is an SQLite database of one row, which says who has it; the lock itself is SQLite's RESERVED lock, held by a
 * transaction that never ends: others may read the row, and none begins a second one. What reads beside a running
 * collector, or changes its keys, does not take it.
 *
 * A process must not open lock.db by other means while it has the lock: on POSIX, closing any of its handles on a file
 * gives up all its locks on it. On a network file system the lock is as good as that system's.
 * Errors  StoreError: `store-in-use`; the disk.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";
import { opening } from "./active-file.ts";
import { isRefusal } from "./damage.ts";
import { makeFolder } from "./folders.ts";
import { giveUpReserve } from "./reserve.ts";

export interface FolderLock {
  /** Twice is safe. */
  release(): void;
}

const SCHEMA =
  "CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL) STRICT";

export const lockFolder = (dataDir: string): FolderLock => {
  const path = join(dataDir, "lock.db");
  makeFolder(dataDir);
  const db = opening(path, () => new Database(path, { timeout: 0 }));
  try {
    try {
      sayWho(db);
    } catch (error) {
      if (!isRefusal(error) || !giveUpReserve(dataDir)) throw error;
      sayWho(db);
    }
    db.exec("BEGIN IMMEDIATE");
  } catch (cause) {
    const error = isBusy(cause) ? inUse(dataDir, db, cause) : undefined;
    db.close();
    throw error ?? new StoreError("store-failed", `cannot lock ${dataDir}: ${reasonOf(cause)}`, { cause });
  }
  return { release: () => void db.close() };
};

const sayWho = (db: Database.Database): void =>
  db
    .transaction(() => {
      db.exec(SCHEMA);
      db.prepare("REPLACE INTO holder VALUES (1, ?, ?, ?)").run(process.pid, hostname(), new Date().toISOString());
    })
    .immediate();

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && /^SQLITE_(?:BUSY|LOCKED)/.test(error.code);

const inUse = (dataDir: string, db: Database.Database, cause: unknown): StoreError => {
  const message = `another Mayfly works on ${dataDir}${holderIn(db)}: stop it, or choose another folder with --data`;
  return new StoreError("store-in-use", message, { cause });
};

const holderIn = (db: Database.Database): string => {
  try {
    const row = db
      .prepare<[], { pid: number; host: string; since: string }>("SELECT pid, host, since FROM holder")
      .get();
    return row === undefined ? "" : ` (process ${row.pid} on ${row.host}, since ${row.since})`;
  } catch {
    return "";
  }
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
