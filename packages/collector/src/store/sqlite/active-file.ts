/**
 * The file of an active partition: what has arrived lately, in the order it arrived.
 *
 *   blocks     one row per signal and commit (more where a commit is large). `places` and `words` are what TermSet gives;
 *              they stand before `body`, so that reading them does not walk over it
 *   requests   digests of its requests (request-memory.ts); `first` counts the requests before it in this file
 *   counters   the ledger since the store was made, not since this file was: the newest file has the sums
 *   sketches   what was counted as distinct before this file began (distinct.ts)
 *   probes     where `checkWritable` writes
 *
 * Times are INTEGER nanoseconds, clamped to what 63 bits hold.
 * Errors  StoreError: `store-newer`, `store-unreadable`; `store-failed` where the disk is full.
 */
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";
import type { UnixNano } from "../../model/time.ts";
import { isRefusal } from "./damage.ts";

export type Durability = "fsync" | "process";

const ACTIVE_VERSION = 1;

const SCHEMA = `
CREATE TABLE blocks (
  id      INTEGER PRIMARY KEY,
  signal  TEXT NOT NULL,
  records INTEGER NOT NULL,
  min_ns  INTEGER NOT NULL,
  max_ns  INTEGER NOT NULL,
  bytes   INTEGER NOT NULL,
  places  BLOB NOT NULL,
  words   BLOB NOT NULL,
  body    BLOB NOT NULL
) STRICT;

CREATE TABLE requests (
  first  INTEGER PRIMARY KEY,
  digests BLOB NOT NULL
) STRICT;

CREATE TABLE counters (
  signal TEXT NOT NULL,
  name   TEXT NOT NULL,
  reason TEXT NOT NULL,
  value  INTEGER NOT NULL,
  PRIMARY KEY (signal, name, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE sketches (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE probes (filler BLOB NOT NULL) STRICT;
`;

/** Blocks are some kilobytes and more: with SQLite's 4 kB, half of the work is finding the next page. */
const PAGE_BYTES = 16_384;
/** 16 MB of log between two checkpoints, which cost two syncs each. */
const CHECKPOINT_PAGES = 1_024;
const BUSY_TIMEOUT_MS = 5_000;
/** Of better-sqlite3's 16 MB a connection nothing comes back: what is appended is not read, what is read is kept decoded. */
const WRITER_CACHE_KIB = 2_048;
const READER_CACHE_KIB = 512;

/** What a new file begins with. */
export type Seed = (db: Database.Database) => void;

/** For the one who writes. A new file is made whole, with its seed, or not at all. */
export const openActiveFile = (path: string, durability: Durability, seed?: Seed): Database.Database =>
  opening(path, () => {
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: seed === undefined });
    try {
      if (seed) db.pragma(`page_size = ${PAGE_BYTES}`);
      db.pragma("journal_mode = WAL");
      // better-sqlite3 sets NORMAL with WAL, under which a commit does not survive a power loss.
      db.pragma(`synchronous = ${durability === "fsync" ? "FULL" : "NORMAL"}`);
      db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      db.pragma(`cache_size = -${WRITER_CACHE_KIB}`);
      if (seed) create(db, seed);
      checkVersion(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });

/** Beside the one who writes. */
export const openActiveFileForReading = (path: string): Database.Database =>
  opening(path, () => {
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
    try {
      db.pragma("query_only = ON");
      db.pragma(`cache_size = -${READER_CACHE_KIB}`);
      checkVersion(db, path);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });

const create = (db: Database.Database, seed: Seed): void =>
  db
    .transaction(() => {
      db.exec(SCHEMA);
      seed(db);
      db.pragma(`user_version = ${ACTIVE_VERSION}`);
    })
    .immediate();

/** A crash came before its first commit: there is nothing in it. */
export const isUnmade = (path: string): boolean =>
  opening(path, () => {
    const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
    try {
      return db.pragma("user_version", { simple: true }) === 0;
    } finally {
      db.close();
    }
  });

/** When the last request came that it has; undefined: none did, or the file does not say. */
export const lastArrival = (path: string): UnixNano | undefined => {
  try {
    const db = openActiveFileForReading(path);
    try {
      const digests = db.prepare<[], Buffer>("SELECT digests FROM requests ORDER BY first DESC LIMIT 1").pluck().get();
      return digests?.readBigUInt64LE(digests.length - 8);
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
};

const checkVersion = (db: Database.Database, path: string): void => {
  const version = db.pragma("user_version", { simple: true });
  if (version === ACTIVE_VERSION) return;
  const message = `cannot open ${path}: its version is ${String(version)}, this Mayfly knows ${ACTIVE_VERSION}`;
  throw new StoreError(Number(version) > ACTIVE_VERSION ? "store-newer" : "store-unreadable", message);
};

export const opening = <T>(path: string, open: () => T): T => {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = isRefusal(cause) ? "store-failed" : "store-unreadable";
    throw new StoreError(code, `cannot open ${path}: ${reason}`, { cause });
  }
};
