/**
 * Texts that rows share (names of functions and spans, the keys of their parts), each with a number for ever: `words` in
 * derived.db. Others find what one connection has added.
 *
 * Bounds  MAX_WORDS texts of MAX_LENGTH; what comes later or is longer gets no number and stands in its rows.
 */
import type Database from "better-sqlite3";
import type { WordList } from "./packed.ts";

const MAX_WORDS = 8_192;
const MAX_LENGTH = 256;

export interface Words extends WordList {
  /** After what was written was taken back. */
  forget(): void;
}

export const createWords = (db: Database.Database): Words => {
  const add = db.prepare(
    `INSERT OR IGNORE INTO words (id, value)
     SELECT coalesce(max(id) + 1, 0), ? FROM words HAVING count(*) < ${MAX_WORDS}`,
  );
  const find = db.prepare<[string], number>("SELECT id FROM words WHERE value = ?").pluck();
  const read = db.prepare<[number], string>("SELECT value FROM words WHERE id = ?").pluck();
  const numbers = new Map<string, number>();
  const texts = new Map<number, string>();

  const added = (word: string): number | undefined => {
    const known = find.get(word);
    if (known !== undefined) return known;
    add.run(word);
    return find.get(word);
  };

  return {
    numberOf(word) {
      if (word.length > MAX_LENGTH || !word.isWellFormed() || word.includes("\0")) return undefined;
      const known = numbers.get(word) ?? added(word);
      if (known !== undefined) numbers.set(word, known);
      return known;
    },
    wordAt(number) {
      const known = texts.get(number) ?? read.get(number);
      if (known === undefined) throw new RangeError(`there is no word ${number}`);
      texts.set(number, known);
      return known;
    },
    forget() {
      numbers.clear();
      texts.clear();
    },
  };
};
