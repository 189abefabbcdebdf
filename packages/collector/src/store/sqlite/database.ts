/**
 * Opens mayfly.db: durable by default, of our version or refused.
 *
 * Quirk   better-sqlite3 sets synchronous=NORMAL in WAL mode, under which a commit does not survive a power loss; FULL
 *         must be said on every connection.
 * Errors  StoreError: `store-unreadable` for a folder or file that cannot be used, `store-newer` for one of a later
 *         version. Nothing is changed in a file that is refused.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

export const DATABASE_FILE = "mayfly.db";

export const openDatabase = (dataDir: string): Database.Database => {
  const path = join(dataDir, DATABASE_FILE);
  const db = opened(dataDir, path);
  try {
    migrate(db, path);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    return db;
  } catch (error) {
    db.close();
    throw error instanceof Database.SqliteError ? unreadable(path, error) : error;
  }
};

const opened = (dataDir: string, path: string): Database.Database => {
  try {
    mkdirSync(dataDir, { recursive: true });
    return new Database(path);
  } catch (error) {
    throw unreadable(path, error);
  }
};

const migrate = (db: Database.Database, path: string): void => {
  const version = db.pragma("user_version", { simple: true });
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    const message = `cannot open ${path}: its schema version is ${String(version)}, this Mayfly knows ${SCHEMA_VERSION}`;
    throw new StoreError("store-newer", message);
  }
  const create = db.transaction(() => {
    db.exec(SCHEMA);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  });
  create.immediate();
};

const unreadable = (path: string, cause: unknown): StoreError =>
  new StoreError("store-unreadable", `cannot open ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
