/**
 * The terms of a full partition in a file beside it, so that however many wait for their sealing, no reader needs them in
 * memory, and a question reads a page of those that may hold what it asks for.
 *
 * In form a sealed file that has nothing else, with pages of its own (term-buckets.ts). It is made from the partition
 * alone and goes with it; where it is missing or damaged, whoever asks reads the partition. So it is not synced: most are
 * gone before the system would have put them on the disk.
 *
 *   000042.active.db-terms.new ─▶ 000042.active.db-terms
 *
 * Memory  while it is written, 16 bytes an entry.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { StoreError } from "../../errors.ts";
import { giveBack } from "../../give-back.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { placesOf, wordsOf } from "./block-terms.ts";
import { type FiledTerms, openFiledTerms } from "./filed-terms.ts";
import { SIGNALS, type Signal } from "./partition-reader.ts";
import { termsPath } from "./partitions.ts";
import type { PageEntry, SignalDirectory } from "./sealed-directory.ts";
import { createSealedFile, openSealedFile, type SealedFile, type SealedFileWriter } from "./sealed-file.ts";
import { numbersInBucket, termBuckets } from "./term-buckets.ts";
import { type FilterMemory, termFilter } from "./term-filter.ts";

interface Gathered {
  records: number;
  /** Of each block: term, record, … */
  readonly places: Uint32Array[];
  /** Likewise: term, block, … */
  readonly words: Uint32Array[];
}

/** `active`: where the partition lies. */
export const writeFullTerms = (active: string): void => {
  const path = termsPath(active);
  const gathered = gatheredFrom(active);
  const file = createSealedFile(`${path}.new`);
  try {
    const signals = Object.fromEntries(
      SIGNALS.map((signal) => [signal, appendSignal(gathered[signal], file)]),
    ) as Record<Signal, SignalDirectory>;
    file.end({ firstArrival: 0n, lastArrival: 0n, origins: 0, chunks: [], signals });
    file.close();
    renameSync(`${path}.new`, path);
  } catch (error) {
    rmSync(`${path}.new`, { force: true }); // the disk may be full of it
    throw error;
  } finally {
    file.close();
  }
};

const gatheredFrom = (active: string): Record<Signal, Gathered> => {
  const nothing = (): Gathered => ({ records: 0, places: [], words: [] });
  const gathered = { spans: nothing(), logs: nothing(), metrics: nothing() };
  const db = openActiveFileForReading(active);
  try {
    const rows = db.prepare<[], { signal: Signal; records: number; places: Buffer; words: Buffer }>(
      "SELECT signal, records, places, words FROM blocks ORDER BY id",
    );
    for (const { signal, records, places, words } of rows.iterate()) {
      const ofSignal = gathered[signal];
      ofSignal.words.push(wordsOf(words, ofSignal.words.length));
      ofSignal.places.push(placesOf(places, ofSignal.records));
      ofSignal.records += records;
    }
    return gathered;
  } finally {
    db.close();
  }
};

const appendSignal = ({ records, places, words }: Gathered, file: SealedFileWriter): SignalDirectory => ({
  records,
  items: 0,
  duplicates: 0,
  blocks: [],
  places: appendPages(places, file),
  words: appendPages(words, file),
  filter: file.append(termFilter(termsIn(places))),
});

const appendPages = (lists: readonly Uint32Array[], file: SealedFileWriter): readonly PageEntry[] => {
  const { bytes, pages } = termBuckets(lists);
  let { offset } = file.append(bytes);
  giveBack(bytes.buffer);
  return pages.map(({ firstTerm, length }) => {
    const entry = { offset, length, firstTerm };
    offset += length;
    return entry;
  });
};

const termsIn = (lists: readonly Uint32Array[]): Uint32Array => {
  const terms = new Uint32Array(lists.reduce((sum, { length }) => sum + length / 2, 0));
  let count = 0;
  for (const list of lists) for (let at = 0; at < list.length; at += 2) terms[count++] = list[at]!;
  return terms;
};

/** undefined: there is none that can be read and is of as many records. */
export const openFullTerms = (
  active: string,
  recordsOf: (signal: Signal) => number,
  memory: FilterMemory,
): FiledTerms | undefined => {
  const file = opened(termsPath(active));
  if (file === undefined) return undefined;
  const terms = openFiledTerms(file, numbersInBucket, memory);
  const close = (): void => {
    terms.close();
    file.close();
  };
  if (SIGNALS.every((signal) => file.directory.signals[signal].records === recordsOf(signal)))
    return { ...terms, close };
  close();
  return undefined;
};

const opened = (path: string): SealedFile | undefined => {
  try {
    return existsSync(path) ? openSealedFile(path) : undefined;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
};
