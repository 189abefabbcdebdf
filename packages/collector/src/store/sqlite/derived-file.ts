/**
 * derived.db, a file of its own beside the data: whoever deletes it loses only the time to build it again. One that is
 * damaged, or of another version, is deleted here; one that a full disk keeps from being opened is not.
 *
 *   rows        one per stitched trace; `body` is the packed row (packed.ts)
 *   classes     which terms a row has, for all rows that have the same: there are few, so that a row is found by any of
 *               its terms at the price of one entry
 *   row_traces  the rows that hold a unit of a trace
 *
 * Ids and traces are found by 32 bits of hash; whoever asks compares the row.
 *
 * Errors  StoreError.
 * Durable only as far as a kill: after a power loss the last moments are worked out again.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { opening } from "./active-file.ts";
import { isRefusal } from "./damage.ts";
import { makeFolder } from "./folders.ts";
import { HASH_START, hashBytes, hashEnd } from "../terms.ts";

export const DERIVED_FILE = "derived.db";
const VERSION = 5;

const SCHEMA = `
CREATE TABLE rows (
  seq      INTEGER PRIMARY KEY,
  id_hash  INTEGER NOT NULL,
  start_ns INTEGER NOT NULL,
  class    INTEGER NOT NULL,
  body     BLOB NOT NULL
) STRICT;
CREATE INDEX rows_by_id ON rows (id_hash);
CREATE INDEX rows_by_start ON rows (start_ns);
CREATE INDEX rows_by_class ON rows (class, start_ns);

CREATE TABLE terms (
  id    INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (kind, value)
) STRICT;

CREATE TABLE classes (
  id    INTEGER PRIMARY KEY,
  terms TEXT NOT NULL UNIQUE,
  rows  INTEGER NOT NULL
) STRICT;

CREATE TABLE class_terms (
  term  INTEGER NOT NULL,
  class INTEGER NOT NULL,
  PRIMARY KEY (term, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE row_traces (
  trace INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  PRIMARY KEY (trace, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE words (
  id    INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE checkpoint (value TEXT NOT NULL) STRICT;
PRAGMA user_version = ${VERSION};
`;

/** Files of this version that are older have none. */
const SWEPT = "CREATE TABLE IF NOT EXISTS swept (value TEXT NOT NULL) STRICT";

export const openDerived = (dataDir: string): Database.Database => {
  makeFolder(dataDir);
  const path = join(dataDir, DERIVED_FILE);
  return opening(path, () => {
    try {
      return opened(path);
    } catch (error) {
      if (!(error instanceof Database.SqliteError) || isRefusal(error)) throw error;
      for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      return opened(path);
    }
  });
};

const opened = (path: string): Database.Database => {
  const db = new Database(path);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    const version = db.pragma("user_version", { simple: true });
    if (version === 0) db.transaction(() => db.exec(SCHEMA)).immediate();
    else if (version !== VERSION) throw new Database.SqliteError("of another version", "SQLITE_SCHEMA");
    db.exec(SWEPT);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Signed, so that SQLite keeps it in four bytes. */
export const hashOf = (text: string): number => {
  const bytes = Buffer.from(text);
  return hashEnd(hashBytes(HASH_START, bytes, 0, bytes.length)) | 0;
};
