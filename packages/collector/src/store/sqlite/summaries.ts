/**
 * Summaries in derived.db, a file of its own beside the data: whoever deletes it loses only the time to build it again.
 * One that is damaged, or of another version, is deleted here.
 *
 * `terms` is a dictionary with the number of rows of each; `row_terms` has the rows of each in their order, so that a page
 * of rows with several terms is read from the one that fewest rows have, and the others are looked up. `row_units` begins
 * with the trace id, so that one index serves traces and units.
 *
 * Durable only as far as a kill: after a power loss the last moments are worked out again.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { SpanPath, TraceId } from "../../model/ids.ts";
import type { UnixNano } from "../../model/time.ts";
import {
  type PlacedRow,
  type Summaries,
  type SummaryPage,
  type SummaryPosition,
  type SummaryQuery,
  type SummaryRow,
  type SummaryTerm,
  type TermCount,
  termsOf,
} from "../summaries.ts";
import { attempt } from "./failures.ts";
import { clamped } from "../term-set.ts";

export const DERIVED_FILE = "derived.db";
const VERSION = 2;

const SCHEMA = `
CREATE TABLE rows (
  seq      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  start_ns INTEGER NOT NULL,
  due_ns   INTEGER,
  body     TEXT NOT NULL
) STRICT;
CREATE INDEX rows_by_start ON rows (start_ns, seq);
CREATE INDEX rows_by_due ON rows (due_ns) WHERE due_ns IS NOT NULL;

CREATE TABLE terms (
  id    INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,
  value TEXT NOT NULL,
  rows  INTEGER NOT NULL,
  UNIQUE (kind, value)
) STRICT;

CREATE TABLE row_terms (
  term     INTEGER NOT NULL,
  start_ns INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  PRIMARY KEY (term, start_ns, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE row_units (
  path BLOB NOT NULL,
  seq  INTEGER NOT NULL,
  PRIMARY KEY (path, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (value TEXT NOT NULL) STRICT;
PRAGMA user_version = ${VERSION};
`;

/** Entries of an index that one page looks at. */
const MAX_SCANNED = 20_000;
const SCAN_STEP = 1_000;

export const createSqliteSummaries = ({ dataDir }: { readonly dataDir: string }): Summaries =>
  summariesOn(openDerived(dataDir));

const openDerived = (dataDir: string): Database.Database => {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, DERIVED_FILE);
  try {
    return opened(path);
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return opened(path);
  }
};

const opened = (path: string): Database.Database => {
  const db = new Database(path);
  try {
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    const version = db.pragma("user_version", { simple: true });
    if (version === 0) db.transaction(() => db.exec(SCHEMA)).immediate();
    else if (version !== VERSION) throw new Database.SqliteError("of another version", "SQLITE_SCHEMA");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

const summariesOn = (db: Database.Database): Summaries => {
  const reads = createReads(db);
  const writes = createWrites(db, reads.checkpoint);
  const asked = async <T>(action: () => T): Promise<T> => attempt("read summaries", action);
  const told = async <T>(action: () => T): Promise<T> => attempt("write summaries", action);
  return {
    checkpoint: () => asked(reads.checkpoint),
    apply: (change) => told(() => writes.apply.immediate(change)),
    clear: () => told(() => writes.clear.immediate()),
    page: (query) => asked(() => reads.page(query)),
    ofTraces: (traceIds, limit) => asked(() => reads.ofTraces(traceIds, limit)),
    ofUnits: (paths, limit) => asked(() => reads.ofUnits(paths, limit)),
    due: (now, limit) => asked(() => reads.due(now, limit)),
    terms: (kind, prefix, limit) => asked(() => reads.terms(kind, prefix, limit)),
    count: () => asked(reads.count),
    close: async () => void db.close(),
  };
};

interface RowRow {
  readonly seq: number;
  readonly body: string;
}

const encode = (row: SummaryRow): string =>
  JSON.stringify(row, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));

const decode = (body: string): SummaryRow => {
  const { start, end, dueAt, ...rest } = JSON.parse(body) as Omit<SummaryRow, "start" | "end" | "dueAt"> & {
    start: string;
    end: string;
    dueAt?: string;
  };
  return {
    ...rest,
    start: BigInt(start),
    end: BigInt(end),
    ...(dueAt !== undefined && { dueAt: BigInt(dueAt) }),
  };
};

const placed = ({ seq, body }: RowRow): PlacedRow => {
  const row = decode(body);
  return { row, position: { start: clamped(row.start), tie: seq } };
};

const pathBlob = (path: SpanPath): Buffer => Buffer.from(path.replace(".", ""), "hex");

const createWrites = (db: Database.Database, checkpoint: () => string | undefined) => {
  const find = db.prepare<[string], RowRow>("SELECT seq, body FROM rows WHERE id = ?");
  const insert = db.prepare("INSERT INTO rows (id, start_ns, due_ns, body) VALUES (?, ?, ?, ?)");
  const update = db.prepare("UPDATE rows SET start_ns = ?, due_ns = ?, body = ? WHERE seq = ?");
  const remove = db.prepare("DELETE FROM rows WHERE seq = ?");
  const countTerm = db
    .prepare<[string, string, number], number>(
      `INSERT INTO terms (kind, value, rows) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET rows = rows + excluded.rows RETURNING id`,
    )
    .pluck();
  const addTerm = db.prepare("INSERT OR IGNORE INTO row_terms (term, start_ns, seq) VALUES (?, ?, ?)");
  const dropTerm = db.prepare("DELETE FROM row_terms WHERE term = ? AND start_ns = ? AND seq = ?");
  const addUnit = db.prepare("INSERT OR IGNORE INTO row_units (path, seq) VALUES (?, ?)");
  const dropUnit = db.prepare("DELETE FROM row_units WHERE path = ? AND seq = ?");
  const setCheckpoint = db.prepare("INSERT INTO checkpoint (value) VALUES (?)");

  const index = (row: SummaryRow, seq: number | bigint): void => {
    for (const { kind, value } of termsOf(row)) addTerm.run(countTerm.get(kind, value, 1), clamped(row.start), seq);
    for (const { path } of row.units) addUnit.run(pathBlob(path), seq);
  };
  const unindex = (row: SummaryRow, seq: number): void => {
    for (const { kind, value } of termsOf(row)) dropTerm.run(countTerm.get(kind, value, -1), clamped(row.start), seq);
    for (const { path } of row.units) dropUnit.run(pathBlob(path), seq);
  };

  const put = (row: SummaryRow): void => {
    const known = find.get(row.id);
    const body = encode(row);
    if (known?.body === body) return;
    const values = [clamped(row.start), row.dueAt === undefined ? null : clamped(row.dueAt), body];
    if (known) {
      unindex(decode(known.body), known.seq);
      update.run(...values, known.seq);
      index(row, known.seq);
    } else index(row, insert.run(row.id, ...values).lastInsertRowid);
  };
  const drop = (id: string): void => {
    const known = find.get(id);
    if (known === undefined) return;
    unindex(decode(known.body), known.seq);
    remove.run(known.seq);
  };
  const moveTo = (value: string | undefined): void => {
    db.exec("DELETE FROM checkpoint");
    if (value !== undefined) setCheckpoint.run(value);
  };

  return {
    apply: db.transaction(({ from, to, put: rows, remove: ids }: Parameters<Summaries["apply"]>[0]): boolean => {
      if (checkpoint() !== from) return false;
      for (const id of ids) drop(id);
      for (const row of rows) put(row);
      if (to !== from) moveTo(to);
      return true;
    }),
    clear: db.transaction((): void => {
      for (const table of ["rows", "terms", "row_terms", "row_units", "checkpoint"]) db.exec(`DELETE FROM ${table}`);
    }),
  };
};

const createReads = (db: Database.Database) => {
  const selectCheckpoint = db.prepare<[], string>("SELECT value FROM checkpoint").pluck();
  const selectRows = db.prepare<[string], RowRow>(
    `SELECT seq, body FROM rows WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY start_ns DESC, seq DESC`,
  );
  const selectDue = db.prepare<[bigint, number], RowRow>(
    "SELECT seq, body FROM rows WHERE due_ns <= ? ORDER BY due_ns LIMIT ?",
  );
  const unitsFrom = db
    .prepare<[Buffer, Buffer, number], number>("SELECT DISTINCT seq FROM row_units WHERE path BETWEEN ? AND ? LIMIT ?")
    .pluck();
  const selectTerm = db.prepare<[string, string], { id: number; rows: number }>(
    "SELECT id, rows FROM terms WHERE kind = ? AND value = ?",
  );
  const selectTerms = db.prepare<object, TermCount>(
    `SELECT kind, value, rows FROM terms
     WHERE kind = @kind AND value >= @prefix AND substr(value, 1, length(@prefix)) = @prefix AND rows > 0
     ORDER BY rows DESC, value LIMIT @limit`,
  );
  const selectCount = db.prepare<[], number>("SELECT count(*) FROM rows").pluck();

  const rowsOf = (seqs: readonly number[]): PlacedRow[] => selectRows.all(JSON.stringify(seqs)).map(placed);

  const seqsBetween = (ranges: readonly (readonly [Buffer, Buffer])[], limit: number): number[] => {
    const seqs = new Set<number>();
    for (const [first, last] of ranges) {
      if (seqs.size >= limit) break;
      for (const seq of unitsFrom.all(first, last, limit)) seqs.add(seq);
    }
    return [...seqs].slice(0, limit);
  };

  return {
    checkpoint: () => selectCheckpoint.get(),
    count: () => selectCount.get() ?? 0,
    page: createPageRead(db, (term) => selectTerm.get(term.kind, term.value), rowsOf),
    ofTraces: (traceIds: readonly TraceId[], limit: number): PlacedRow[] => {
      const ranges = traceIds.map(
        (id) => [Buffer.from(`${id}${"00".repeat(8)}`, "hex"), Buffer.from(`${id}${"ff".repeat(8)}`, "hex")] as const,
      );
      return rowsOf(seqsBetween(ranges, limit));
    },
    ofUnits: (paths: readonly SpanPath[], limit: number): SummaryRow[] =>
      rowsOf(
        seqsBetween(
          paths.map((path) => [pathBlob(path), pathBlob(path)] as const),
          limit,
        ),
      ).map(({ row }) => row),
    due: (now: UnixNano, limit: number): SummaryRow[] =>
      selectDue.all(clamped(now), limit).map(({ body }) => decode(body)),
    terms: (kind: string, prefix: string, limit: number) => selectTerms.all({ kind, prefix, limit }),
  };
};

interface Term {
  readonly id: number;
  readonly rows: number;
}

interface Place {
  readonly seq: bigint;
  readonly start_ns: bigint;
  readonly isHit: bigint;
}

/** Behind every row there can be. */
const FIRST: SummaryPosition = { start: 2n ** 63n - 1n, tie: Number.MAX_SAFE_INTEGER };

const createPageRead =
  (
    db: Database.Database,
    termOf: (term: SummaryTerm) => Term | undefined,
    rowsOf: (seqs: readonly number[]) => PlacedRow[],
  ) =>
  ({ from = 0n, to = FIRST.start, after = FIRST, all, limit }: SummaryQuery): SummaryPage => {
    const groups = all
      .map((terms) => terms.flatMap((term) => termOf(term) ?? []))
      .toSorted((a, b) => rowsIn(a) - rowsIn(b));
    if (groups.some((group) => rowsIn(group) === 0)) return { rows: [] };
    const places = db.prepare<object, Place>(pageStatement(groups)).safeIntegers();
    const found: number[] = [];
    let { start, tie } = after;
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_STEP) {
      const most = start < to ? start : to; // so that a late page does not begin its search at the first
      const bounds = { from: clamped(from), most: clamped(most), start: clamped(start), tie, step: SCAN_STEP };
      const some = places.all(bounds);
      for (const place of some) {
        start = place.start_ns;
        tie = Number(place.seq);
        if (place.isHit) found.push(tie);
        if (found.length >= limit) return { rows: rowsOf(found), next: { start, tie } };
      }
      if (some.length < SCAN_STEP) return { rows: rowsOf(found) };
    }
    return { rows: rowsOf(found), next: { start, tie } };
  };

const rowsIn = (group: readonly Term[]): number => group.reduce((sum, { rows }) => sum + rows, 0);

const SLICE = `start_ns BETWEEN @from AND @most AND (start_ns, seq) < (@start, @tie)
  ORDER BY start_ns DESC, seq DESC LIMIT @step`;

/** The ids are our own numbers, so they may stand in the statement. */
const pageStatement = ([first, ...others]: readonly (readonly Term[])[]): string => {
  if (first === undefined) return `SELECT start_ns, seq, 1 AS isHit FROM rows WHERE ${SLICE}`;
  const slices = first.map(
    ({ id }) => `SELECT * FROM (SELECT start_ns, seq FROM row_terms WHERE term = ${id} AND ${SLICE})`,
  );
  const hasAll = others.map(
    (group) => `EXISTS (SELECT 1 FROM row_terms WHERE term IN (${group.map(({ id }) => id).join(", ")})
      AND row_terms.start_ns = place.start_ns AND row_terms.seq = place.seq)`,
  );
  return `SELECT start_ns, seq, ${hasAll.length > 0 ? hasAll.join(" AND ") : "1"} AS isHit
    FROM (${slices.join(" UNION ")}) AS place ORDER BY start_ns DESC, seq DESC LIMIT @step`;
};
