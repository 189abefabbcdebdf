/** A summary as it stands in derived.db. */
import type Database from "better-sqlite3";
import { clamped } from "../term-set.ts";
import type { PlacedRow, SummaryRow } from "../summaries.ts";
import { type Packable, packed, unpacked } from "./packed.ts";
import { createWords } from "./words.ts";

export interface StoredRow {
  readonly seq: number;
  readonly body: Buffer;
}

export interface SummaryRows {
  packed(row: SummaryRow): Buffer;
  unpacked(body: Buffer): SummaryRow;
  placed(stored: StoredRow): PlacedRow;
  /** After what was written was taken back. */
  forget(): void;
}

export const createSummaryRows = (db: Database.Database): SummaryRows => {
  const words = createWords(db);
  const rowOf = (body: Buffer): SummaryRow => unpacked(body, words) as unknown as SummaryRow;
  return {
    packed: (row) => packed(row as unknown as Packable, words),
    unpacked: rowOf,
    placed({ seq, body }) {
      const row = rowOf(body);
      return { row, position: { start: clamped(row.start), tie: seq } };
    },
    forget: () => words.forget(),
  };
};
