/**
 * The embedded store: one file, mayfly.db, one connection, one writer.
 *
 * An append is durable when it resolves (WAL, synchronous=FULL). SQLite answers synchronously; the promises are the
 * interface's, for engines that do not.
 */
import { stat } from "node:fs/promises";
import type Database from "better-sqlite3";
import type { Store } from "../store.ts";
import { createAppend } from "./append.ts";
import { openDatabase } from "./database.ts";
import { attempt, failed } from "./failures.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createLedgerRead } from "./ledger.ts";
import { createReads } from "./read.ts";

export interface SqliteStoreOptions {
  readonly dataDir: string;
  /** Batches that may wait for the disk. */
  readonly maxWaiting?: number;
}

export const createSqliteStore = ({ dataDir, maxWaiting = 1000 }: SqliteStoreOptions): Store =>
  storeOn(openDatabase(dataDir), maxWaiting);

export const storeOn = (db: Database.Database, maxWaiting: number): Store => {
  const commits = createGroupCommit({ db, append: createAppend(db), maxWaiting });
  const reads = createReads(db);
  const readLedger = createLedgerRead(db);
  const probe = createProbe(db);

  return {
    append: (batch) => commits.append(batch).catch(failed("store a batch")),

    spansOfTraces: (...query) => reads.spansOfTraces(...query).catch(failed("read spans")),
    holdersOfKeys: async (...query) => attempt("read stitch keys", () => reads.holdersOfKeys(...query)),
    keysWithId: async (...query) => attempt("read stitch keys", () => reads.keysWithId(...query)),
    tracesOfRequest: async (...query) => attempt("read invocations", () => reads.tracesOfRequest(...query)),
    linksToTraces: async (...query) => attempt("read links", () => reads.linksToTraces(...query)),
    traceEntries: async (...query) => attempt("list traces", () => reads.traceEntries(...query)),
    spansWith: (...query) => reads.spansWith(...query).catch(failed("search spans")),
    changedTraces: async (...query) => attempt("read changes", () => reads.changedTraces(...query)),
    logs: async (...query) => attempt("read logs", () => reads.logs(...query)),

    async stats() {
      const counts = attempt("read counters", readLedger);
      return { ...counts, bytesOnDisk: await bytesOnDisk(db.name) };
    },
    checkWritable: async () => attempt("write", probe),
    async close() {
      commits.flush();
      db.close();
    },
  };
};

/** As much as a small batch takes, so that a disk with a few free bytes left counts as full. */
const PROBE_BYTES = 65_536;

/** Really writes: whether a disk is full shows nowhere else. */
const createProbe = (db: Database.Database): (() => void) => {
  const insert = db.prepare("INSERT INTO probes (filler) VALUES (zeroblob(?))");
  const clear = db.prepare("DELETE FROM probes");
  return db.transaction(() => {
    insert.run(PROBE_BYTES);
    clear.run();
  });
};

const bytesOnDisk = async (path: string): Promise<number> => {
  const sizes = await Promise.all([path, `${path}-wal`].map(bytesOf));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
};

/** A write-ahead log comes and goes. */
const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
