/**
 * catalog.db: what the partitions' names do not say. Written by whoever keeps partitions, beside the one that appends.
 *
 *   adjustments   how the ledger of what arrived changed since, by the partition it happened to: a copy that sealing
 *                 found moves from stored to duplicate, what retention removed from stored to dropped. Said again, it
 *                 replaces what was said, so that an interrupted step can be repeated
 *
 * catalog.copy is the same once more, as JSON, written after each change. Where catalog.db turns out damaged when the
 * writer starts, it is set aside as catalog.db.damaged and made anew from the copy.
 */
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "../../errors.ts";
import { SIGNALS, type Signal } from "../store.ts";
import { opening } from "./active-file.ts";
import { isDamage } from "./damage.ts";
import { type Count, type Fate, FATES } from "./ledger.ts";
import { writeWhole } from "./write-whole.ts";

const CATALOG_VERSION = 1;

const SCHEMA = `
CREATE TABLE adjustments (
  partition INTEGER NOT NULL,
  signal    TEXT NOT NULL,
  name      TEXT NOT NULL,
  reason    TEXT NOT NULL,
  value     INTEGER NOT NULL,
  PRIMARY KEY (partition, signal, name, reason)
) STRICT, WITHOUT ROWID;
`;

export interface Catalog {
  adjustments(): readonly Count[];
  adjust(partition: number, counts: readonly Count[]): void;
  close(): void;
}

export const catalogPath = (dataDir: string): string => join(dataDir, "catalog.db");
const catalogCopyPath = (dataDir: string): string => join(dataDir, "catalog.copy");

export const openCatalog = (dataDir: string): Catalog => {
  const path = catalogPath(dataDir);
  const db = opening(path, () => opened(path));
  const put = db.prepare<[number, Signal, Fate, string, number]>("REPLACE INTO adjustments VALUES (?, ?, ?, ?, ?)");
  const sums = db.prepare<[], Count>(
    "SELECT signal, name AS fate, reason, sum(value) AS amount FROM adjustments GROUP BY signal, name, reason",
  );
  const all = db.prepare<[], Adjustment>("SELECT * FROM adjustments").raw();
  const adjust = db.transaction((partition: number, counts: readonly Count[]) => {
    for (const { signal, fate, reason, amount } of counts) put.run(partition, signal, fate, reason, amount);
  });
  return {
    adjustments: () => sums.all(),
    adjust(partition, counts) {
      adjust(partition, counts);
      writeWhole(catalogCopyPath(dataDir), Buffer.from(JSON.stringify(all.all())));
    },
    close: () => void db.close(),
  };
};

/** As the columns stand. */
type Adjustment = readonly [partition: number, signal: Signal, fate: Fate, reason: string, amount: number];

/** For the one that starts first; others find it mended. */
export const openMendedCatalog = (dataDir: string): Catalog => {
  try {
    const catalog = openCatalog(dataDir);
    try {
      catalog.adjustments(); // reads all of it
      return catalog;
    } catch (error) {
      catalog.close();
      throw error;
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const path = catalogPath(dataDir);
  renameSync(path, `${path}.damaged`);
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  const catalog = openCatalog(dataDir);
  for (const [partition, signal, fate, reason, amount] of copied(dataDir))
    catalog.adjust(partition, [{ signal, fate, reason, amount }]);
  return catalog;
};

const copied = (dataDir: string): readonly Adjustment[] => {
  try {
    const rows = JSON.parse(readFileSync(catalogCopyPath(dataDir), "utf8")) as readonly Adjustment[];
    return rows.filter(
      ([partition, signal, fate, reason, amount]) =>
        [partition, amount].every(Number.isSafeInteger) &&
        SIGNALS.includes(signal) &&
        FATES.includes(fate) &&
        typeof reason === "string",
    );
  } catch {
    return [];
  }
};

const opened = (path: string): Database.Database => {
  const db = new Database(path, { timeout: 5_000 });
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    const make = db.transaction(() => {
      if (db.pragma("user_version", { simple: true }) !== 0) return;
      db.exec(SCHEMA);
      db.pragma(`user_version = ${CATALOG_VERSION}`);
    });
    make.immediate();
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version !== CATALOG_VERSION) {
      const message = `cannot open ${path}: its version is ${version}, this Mayfly knows ${CATALOG_VERSION}`;
      throw new StoreError(version > CATALOG_VERSION ? "store-newer" : "store-unreadable", message);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
