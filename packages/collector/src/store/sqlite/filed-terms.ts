/**
 * Terms in a file that is written once: pages of places and of words, each from its first term up to the next page's, and
 * a filter of places. A place costs a look at the filter, and one page where it may be there; a word one page.
 *
 * Memory  the filters, as far as their memory goes (some 2 bytes a span).
 */
import { firstWhere } from "./first-where.ts";
import { SIGNALS, type Signal } from "./partition-reader.ts";
import type { Extent, PageEntry } from "./sealed-directory.ts";
import type { SealedFile } from "./sealed-file.ts";
import { SoughtTerms } from "./sought-terms.ts";
import { type FilterMemory, openTermFilter } from "./term-filter.ts";

export interface FoundTerm {
  readonly term: number;
  /** Ascending, and at least one. */
  readonly numbers: readonly number[];
}

/** Where terms lead, as numbers in ascending order. */
export interface TermLookup {
  /** Records, counted over all blocks of the signal, term by term. */
  places(signal: Signal, sought: SoughtTerms): readonly FoundTerm[];
  /** Blocks of the signal, counted in their order. */
  words(signal: Signal, term: number): readonly number[];
}

export interface FiledTerms extends TermLookup {
  /** Reads every page; throws at a damaged one. */
  check(signal: Signal): void;
  /** Not the file. */
  close(): void;
}

/** Of a page: the numbers of a term. */
type NumbersOf = (page: Buffer, term: number) => readonly number[];

export const openFiledTerms = (file: SealedFile, numbersOf: NumbersOf, memory: FilterMemory): FiledTerms => {
  const { signals } = file.directory;
  const read = (part: Extent): Buffer => file.read(part);
  const filters = Object.fromEntries(
    SIGNALS.map((signal) => [signal, openTermFilter(signals[signal].filter, read, memory)]),
  ) as Record<Signal, ReturnType<typeof openTermFilter>>;

  const numbers = (pages: readonly PageEntry[], term: number): readonly number[] => {
    const after = firstWhere(pages.length, (n) => pages[n]!.firstTerm > term);
    return after === 0 ? [] : numbersOf(read(pages[after - 1]!), term);
  };

  return {
    places(signal, sought) {
      const found: FoundTerm[] = [];
      for (const term of filters[signal].among(sought)) {
        const records = numbers(signals[signal].places, term);
        if (records.length > 0) found.push({ term, numbers: records });
      }
      return found;
    },
    words: (signal, term) => numbers(signals[signal].words, term),
    check(signal) {
      filters[signal].among(new SoughtTerms([0]));
      for (const page of [...signals[signal].places, ...signals[signal].words]) numbersOf(read(page), page.firstTerm);
    },
    close() {
      for (const signal of SIGNALS) filters[signal].close();
    },
  };
};
