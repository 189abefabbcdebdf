/** Questions to derived.db. */
import type Database from "better-sqlite3";
import { type SpanPath, type TraceId, traceOf } from "../../model/ids.ts";
import type {
  PlacedRow,
  SummaryPage,
  SummaryPosition,
  SummaryQuery,
  SummaryRow,
  SummaryTerm,
  TermCount,
} from "../summaries.ts";
import { clamped } from "../term-set.ts";
import { hashOf } from "./derived-file.ts";
import type { StoredRow, SummaryRows } from "./summary-rows.ts";

/** Entries of an index that one page looks at. */
const MAX_SCANNED = 20_000;
const SCAN_STEP = 1_000;
/** More are not merged: SQLite takes 500 parts in one statement. */
const MAX_MERGED = 200;

export const createReads = (db: Database.Database, rows: SummaryRows) => {
  const selectCheckpoint = db.prepare<[], string>("SELECT value FROM checkpoint").pluck();
  const selectSwept = db.prepare<[], string>("SELECT value FROM swept").pluck();
  const selectRows = db.prepare<[string], StoredRow>(
    `SELECT seq, body FROM rows WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY start_ns DESC, seq DESC`,
  );
  const selectOfTraces = db.prepare<[string], StoredRow>(
    `SELECT seq, body FROM rows
     WHERE seq IN (SELECT seq FROM row_traces WHERE trace IN (SELECT value FROM json_each(?)))
     ORDER BY start_ns DESC, seq DESC`,
  );
  const selectTerms = db.prepare<object, TermCount>(
    `SELECT kind, value, sum(rows) AS rows
     FROM terms JOIN class_terms ON term = terms.id JOIN classes ON classes.id = class
     WHERE kind = @kind AND value >= @prefix AND substr(value, 1, length(@prefix)) = @prefix
     GROUP BY terms.id ORDER BY 3 DESC, value LIMIT @limit`,
  );
  const selectCount = db.prepare<[], number>("SELECT count(*) FROM rows").pluck();

  /** Rows of other traces with the same hash are not among them. */
  const rowsWith = (
    traceIds: Iterable<TraceId>,
    isAsked: (path: SpanPath) => boolean,
    limit: number,
  ): readonly PlacedRow[] => {
    const hashes = JSON.stringify(Array.from(new Set(traceIds), hashOf));
    const found: PlacedRow[] = [];
    for (const stored of selectOfTraces.iterate(hashes)) {
      if (found.length >= limit) break;
      const placed = rows.placed(stored);
      if (placed.row.units.some(({ path }) => isAsked(path))) found.push(placed);
    }
    return found;
  };

  return {
    checkpoint: () => selectCheckpoint.get(),
    sweptTo: () => selectSwept.get(),
    count: () => selectCount.get() ?? 0,
    page: createPageRead(db, (seqs) => selectRows.all(JSON.stringify(seqs)).map((stored) => rows.placed(stored))),
    ofTraces(traceIds: readonly TraceId[], limit: number): readonly PlacedRow[] {
      const asked = new Set(traceIds);
      return rowsWith(asked, (path) => asked.has(traceOf(path)), limit);
    },
    ofUnits(paths: readonly SpanPath[], limit: number): readonly SummaryRow[] {
      const asked = new Set(paths);
      return rowsWith(paths.map(traceOf), (path) => asked.has(path), limit).map(({ row }) => row);
    },
    terms: (kind: string, prefix: string, limit: number) => selectTerms.all({ kind, prefix, limit }),
  };
};

interface Classes {
  readonly ids: readonly number[];
  readonly rows: number;
}

interface Place {
  readonly seq: bigint;
  readonly start_ns: bigint;
  readonly isHit: bigint;
}

/** Behind every row there can be. */
const FIRST: SummaryPosition = { start: 2n ** 63n - 1n, tie: Number.MAX_SAFE_INTEGER };

const createPageRead = (db: Database.Database, rowsOf: (seqs: readonly number[]) => PlacedRow[]) => {
  const classesWith = createClassesRead(db);
  return ({ from = 0n, to = FIRST.start, after = FIRST, all, limit }: SummaryQuery): SummaryPage => {
    const classes = all.length > 0 ? classesWith(all) : undefined;
    if (classes?.rows === 0) return { rows: [] };
    const places = db.prepare<object, Place>(pageStatement(classes)).safeIntegers();
    const ids = JSON.stringify(classes?.ids ?? []);
    const found: number[] = [];
    let { start, tie } = after;
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCAN_STEP) {
      const most = start < to ? start : to; // so that a late page does not begin its search at the first
      const bounds = { from: clamped(from), most: clamped(most), start: clamped(start), tie, step: SCAN_STEP, ids };
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
};

/** Those that hold, of each group, any term. */
const createClassesRead = (db: Database.Database): ((all: readonly (readonly SummaryTerm[])[]) => Classes) => {
  const select = db.prepare<[string, number], { id: number; rows: number }>(
    `SELECT classes.id, rows FROM (
       SELECT class, count(DISTINCT asked.value ->> 0) AS groups
       FROM json_each(?) AS asked
       JOIN terms ON kind = asked.value ->> 1 AND terms.value = asked.value ->> 2
       JOIN class_terms ON term = terms.id
       GROUP BY class
     ) JOIN classes ON classes.id = class WHERE groups = ?`,
  );
  return (all) => {
    const asked = all.flatMap((group, index) => group.map(({ kind, value }) => [index, kind, value]));
    const found = select.all(JSON.stringify(asked), all.length);
    return { ids: found.map(({ id }) => id), rows: found.reduce((sum, { rows }) => sum + rows, 0) };
  };
};

const SLICE = `start_ns BETWEEN @from AND @most AND (start_ns, seq) < (@start, @tie)
  ORDER BY start_ns DESC, seq DESC LIMIT @step`;

/**
 * Few classes are merged in their order; the rows of many are sorted where they are few, and else looked for among all.
 * The ids are our own numbers, so they may stand in the statement.
 */
const pageStatement = (classes: Classes | undefined): string => {
  if (classes === undefined) return `SELECT start_ns, seq, 1 AS isHit FROM rows WHERE ${SLICE}`;
  if (classes.ids.length <= MAX_MERGED) {
    const slices = classes.ids.map(
      (id) => `SELECT * FROM (SELECT start_ns, seq, 1 AS isHit FROM rows WHERE class = ${id} AND ${SLICE})`,
    );
    return `${slices.join(" UNION ALL ")} ORDER BY start_ns DESC, seq DESC LIMIT @step`;
  }
  const isAsked = "class IN (SELECT value FROM json_each(@ids))";
  return classes.rows <= MAX_SCANNED
    ? `SELECT start_ns, seq, 1 AS isHit FROM rows INDEXED BY rows_by_class WHERE ${isAsked} AND ${SLICE}`
    : `SELECT start_ns, seq, ${isAsked} AS isHit FROM rows INDEXED BY rows_by_start WHERE ${SLICE}`;
};
