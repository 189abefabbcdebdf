/**
 * The terms of an active partition in memory. Those of blocks that are new are read by the first question for one.
 *
 * Memory  8 bytes a place and a word (a word once a block); `forget` gives them back, and the next question for a term
 *         reads them again.
 */
import type Database from "better-sqlite3";
import { SIGNALS, type Signal } from "../store.ts";
import { placesOf, wordsOf } from "./block-terms.ts";
import type { FoundTerm, TermLookup } from "./filed-terms.ts";
import { TermIndex } from "./term-index.ts";

export interface ActiveTerms extends TermLookup {
  readonly bytes: number;
  forget(): void;
}

/** Which blocks there are. */
export interface KnownBlocks {
  readonly last: number;
  /** Of each block of the signal, the records before it. */
  firstRecords(signal: Signal): readonly number[];
}

interface SignalTerms {
  /** How many blocks' terms these are. */
  blocks: number;
  readonly places: TermIndex;
  readonly words: TermIndex;
}

interface TermsRow {
  readonly signal: Signal;
  readonly places: Buffer;
  readonly words: Buffer;
}

const noTerms = (): Record<Signal, SignalTerms> => {
  const none = (): SignalTerms => ({ blocks: 0, places: new TermIndex(), words: new TermIndex() });
  return { spans: none(), logs: none(), metrics: none() };
};

export const createActiveTerms = (db: Database.Database, known: KnownBlocks): ActiveTerms => {
  const selectTerms = db.prepare<[number, number], TermsRow>(
    "SELECT signal, places, words FROM blocks WHERE id > ? AND id <= ? ORDER BY id",
  );
  let terms = noTerms();
  let last = 0;

  const termsOf = (signal: Signal): SignalTerms => {
    if (last < known.last) read();
    return terms[signal];
  };

  const read = (): void => {
    for (const { signal, places, words } of selectTerms.iterate(last, known.last)) {
      const ofSignal = terms[signal];
      ofSignal.places.add(placesOf(places, known.firstRecords(signal)[ofSignal.blocks]!));
      ofSignal.words.add(wordsOf(words, ofSignal.blocks));
      ofSignal.blocks += 1;
    }
    ({ last } = known);
    for (const index of indexes()) index.settle();
  };

  const indexes = (): readonly TermIndex[] => SIGNALS.flatMap((signal) => [terms[signal].places, terms[signal].words]);

  return {
    places(signal, { terms: sought }) {
      const { places } = termsOf(signal);
      const found: FoundTerm[] = [];
      for (const term of sought) {
        const numbers = places.numbers(term);
        if (numbers.length > 0) found.push({ term, numbers });
      }
      return found;
    },
    words: (signal, term) => termsOf(signal).words.numbers(term),
    get bytes() {
      return indexes().reduce((sum, { bytes }) => sum + bytes, 0);
    },
    forget() {
      for (const index of indexes()) index.clear();
      terms = noTerms();
      last = 0;
    },
  };
};
