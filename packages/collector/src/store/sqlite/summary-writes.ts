/** What changes in derived.db when traces have changed. Each of these is one transaction of its caller. */
import type Database from "better-sqlite3";
import { traceOf } from "../../model/ids.ts";
import { type SummaryChange, type SummaryRow, termsOf } from "../summaries.ts";
import { clamped } from "../term-set.ts";
import { hashOf } from "./derived-file.ts";
import type { SummaryRows } from "./summary-rows.ts";

interface Known {
  readonly seq: number;
  readonly class: number;
  readonly body: Buffer;
}

export const createWrites = (db: Database.Database, rows: SummaryRows, checkpoint: () => string | undefined) => {
  const selectById = db.prepare<[number], Known>("SELECT seq, class, body FROM rows WHERE id_hash = ?");
  const insert = db.prepare("INSERT INTO rows (id_hash, start_ns, class, body) VALUES (?, ?, ?, ?)");
  const update = db.prepare("UPDATE rows SET start_ns = ?, class = ?, body = ? WHERE seq = ?");
  const remove = db.prepare("DELETE FROM rows WHERE seq = ?");
  const addTrace = db.prepare("INSERT OR IGNORE INTO row_traces (trace, seq) VALUES (?, ?)");
  const dropTrace = db.prepare("DELETE FROM row_traces WHERE trace = ? AND seq = ?");
  const setCheckpoint = db.prepare("INSERT INTO checkpoint (value) VALUES (?)");
  const setSwept = db.prepare("INSERT INTO swept (value) VALUES (?)");
  const classes = createClasses(db);

  const find = (id: string): (Known & { readonly row: SummaryRow }) | undefined => {
    for (const known of selectById.iterate(hashOf(id))) {
      const row = rows.unpacked(known.body);
      if (row.id === id) return { ...known, row };
    }
    return undefined;
  };

  const put = (row: SummaryRow): void => {
    const known = find(row.id);
    const body = rows.packed(row);
    if (known?.body.equals(body)) return;
    const inClass = classes.entered(row);
    if (known === undefined) {
      const { lastInsertRowid } = insert.run(hashOf(row.id), clamped(row.start), inClass, body);
      for (const trace of tracesOf(row)) addTrace.run(trace, lastInsertRowid);
      return;
    }
    classes.left(known.class);
    update.run(clamped(row.start), inClass, body, known.seq);
    const [before, now] = [tracesOf(known.row), tracesOf(row)];
    for (const trace of before) if (!now.has(trace)) dropTrace.run(trace, known.seq);
    for (const trace of now) if (!before.has(trace)) addTrace.run(trace, known.seq);
  };

  const drop = (id: string): void => {
    const known = find(id);
    if (known === undefined) return;
    classes.left(known.class);
    for (const trace of tracesOf(known.row)) dropTrace.run(trace, known.seq);
    remove.run(known.seq);
  };

  const moveTo = (value: string | undefined): void => {
    db.exec("DELETE FROM checkpoint");
    if (value !== undefined) setCheckpoint.run(value);
  };

  return {
    apply({ from, to, put: changed, remove: gone }: SummaryChange): boolean {
      if (checkpoint() !== from) return false;
      for (const id of gone) drop(id);
      for (const row of changed) put(row);
      if (to !== from) moveTo(to);
      return true;
    },
    sweptTo(mark: string): void {
      db.exec("DELETE FROM swept");
      setSwept.run(mark);
    },
    /** Not the words: another connection may know their numbers. */
    clear(): void {
      for (const table of ["rows", "row_traces", "classes", "class_terms", "terms", "checkpoint", "swept"])
        db.exec(`DELETE FROM ${table}`);
    },
  };
};

const tracesOf = (row: SummaryRow): ReadonlySet<number> => new Set(row.units.map(({ path }) => hashOf(traceOf(path))));

/** A class is made for the first row that has its terms, and goes with the last. */
const createClasses = (db: Database.Database) => {
  const enter = db.prepare<[string], number>("UPDATE classes SET rows = rows + 1 WHERE terms = ? RETURNING id").pluck();
  const leave = db.prepare<[number], number>("UPDATE classes SET rows = rows - 1 WHERE id = ? RETURNING rows").pluck();
  const insertClass = db.prepare("INSERT INTO classes (terms, rows) VALUES (?, 1)");
  const removeClass = db.prepare("DELETE FROM classes WHERE id = ?");
  const removeTerms = db.prepare("DELETE FROM class_terms WHERE class = ?");
  const insertTerm = db
    .prepare<[string, string], number>(
      "INSERT INTO terms (kind, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value RETURNING id",
    )
    .pluck();
  const addTerm = db.prepare("INSERT OR IGNORE INTO class_terms (term, class) VALUES (?, ?)");

  return {
    entered(row: SummaryRow): number {
      const terms = termsOf(row);
      const text = JSON.stringify(terms.map(({ kind, value }) => `${kind}=${value}`).toSorted());
      const known = enter.get(text);
      if (known !== undefined) return known;
      const made = Number(insertClass.run(text).lastInsertRowid);
      for (const { kind, value } of terms) addTerm.run(insertTerm.get(kind, value), made);
      return made;
    },
    left(id: number): void {
      if (leave.get(id) !== 0) return;
      removeClass.run(id);
      removeTerms.run(id);
    },
  };
};
