/** The active partition, as the one that writes has it open: whole commits, and what it knows of itself. */
import { rmSync } from "node:fs";
import type Database from "better-sqlite3";
import type { NewBlock } from "./blocks-of.ts";
import { type Durability, openActiveFile } from "./active-file.ts";
import { type Count, createLedgerWrite, readLedger } from "./ledger.ts";
import { ACTIVE_SUFFIXES, activePath, damagePath } from "./partitions.ts";
import { ENTRY_BYTES } from "./request-memory.ts";

/** What goes on from one partition to the next. */
export interface Carried {
  readonly counts: readonly Count[];
  readonly sketches: Readonly<Record<string, Buffer>>;
}

export interface Commit {
  readonly blocks: readonly NewBlock[];
  /** Of its requests, one after the other. */
  readonly entries: Buffer;
  readonly counts: readonly Count[];
}

export interface ActiveWriter {
  readonly number: number;
  /** Of records, before compression. */
  readonly bytes: number;
  readonly blocks: number;
  /** How many requests it has. */
  readonly requests: number;
  append(commit: Commit): void;
  /** As it is on disk. */
  carried(): Carried;
  /** Terms of every span in it. */
  spanPlaces(): IterableIterator<Buffer>;
  entries(from: number, to: number): Buffer;
  /** Really writes: whether a disk is full shows nowhere else. */
  probe(): void;
  close(): void;
}

/** As much as a small batch takes, so that a disk with a few free bytes left counts as full. */
const PROBE_BYTES = 65_536;

export const openActive = (dataDir: string, number: number, durability: Durability): ActiveWriter =>
  activeOn(openActiveFile(activePath(dataDir, number), durability), number);

/** Leaves nothing behind where it fails: what lies there counts as the partition that is written to. */
export const createActive = (
  dataDir: string,
  number: number,
  durability: Durability,
  { counts, sketches }: Carried,
): ActiveWriter => {
  const path = activePath(dataDir, number);
  rmSync(damagePath(dataDir, number), { force: true }); // of one that somebody took away
  try {
    const db = openActiveFile(path, durability, (fresh) => {
      createLedgerWrite(fresh)(counts);
      const put = fresh.prepare<[string, Buffer]>("INSERT INTO sketches (name, body) VALUES (?, ?)");
      for (const [name, body] of Object.entries(sketches)) put.run(name, body);
    });
    return activeOn(db, number);
  } catch (error) {
    removeActive(dataDir, number);
    throw error;
  }
};

export const removeActive = (dataDir: string, number: number): void => {
  for (const suffix of ACTIVE_SUFFIXES) rmSync(activePath(dataDir, number) + suffix, { force: true });
};

const activeOn = (db: Database.Database, number: number): ActiveWriter => {
  const writeLedger = createLedgerWrite(db);
  const insertBlock = db.prepare(
    "INSERT INTO blocks (signal, records, min_ns, max_ns, bytes, places, words, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertRequests = db.prepare<[number, Buffer]>("INSERT INTO requests (first, digests) VALUES (?, ?)");
  const selectRequests = db.prepare<[number, number], { first: number; digests: Buffer }>(
    `SELECT first, digests FROM requests
      WHERE first >= (SELECT coalesce(max(first), 0) FROM requests WHERE first <= ?) AND first < ? ORDER BY first`,
  );
  const insertProbe = db.prepare("INSERT INTO probes (filler) VALUES (zeroblob(?))");
  const clearProbes = db.prepare("DELETE FROM probes");

  let { bytes, blocks } = db
    .prepare<[], { bytes: number; blocks: number }>(
      "SELECT coalesce(sum(bytes), 0) AS bytes, count(*) AS blocks FROM blocks",
    )
    .get() ?? { bytes: 0, blocks: 0 };
  let requests =
    db
      .prepare<[], number>(`SELECT coalesce(max(first + length(digests) / ${ENTRY_BYTES}), 0) FROM requests`)
      .pluck()
      .get() ?? 0;

  const write = db.transaction(({ blocks: fresh, entries, counts }: Commit) => {
    for (const one of fresh) {
      const { signal, records, minTime, maxTime } = one;
      insertBlock.run(signal, records, minTime, maxTime, one.bytes, one.places, one.words, one.body);
    }
    if (entries.length > 0) insertRequests.run(requests, entries);
    writeLedger(counts);
  });
  const probe = db.transaction(() => {
    insertProbe.run(PROBE_BYTES);
    clearProbes.run();
  });

  return {
    number,
    get bytes() {
      return bytes;
    },
    get blocks() {
      return blocks;
    },
    get requests() {
      return requests;
    },
    append(commit) {
      write.immediate(commit);
      for (const block of commit.blocks) bytes += block.bytes;
      blocks += commit.blocks.length;
      requests += commit.entries.length / ENTRY_BYTES;
    },
    carried: () => readCarried(db),
    spanPlaces: () => db.prepare<[], Buffer>("SELECT places FROM blocks WHERE signal = 'spans'").pluck().iterate(),
    entries(from, to) {
      const rows = selectRequests.all(from, to);
      const first = rows[0]?.first ?? from;
      const all = Buffer.concat(rows.map((row) => row.digests));
      return all.subarray((from - first) * ENTRY_BYTES, (to - first) * ENTRY_BYTES);
    },
    probe: () => probe.immediate(),
    close: () => void db.close(),
  };
};

export const readCarried = (db: Database.Database): Carried => ({
  counts: readLedger(db),
  sketches: Object.fromEntries(
    db
      .prepare<[], { name: string; body: Buffer }>("SELECT name, body FROM sketches")
      .all()
      .map(({ name, body }) => [name, body]),
  ),
});
