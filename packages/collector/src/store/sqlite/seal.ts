/**
 * Sealing: a full partition is written anew, to be read and not to be written any more.
 *
 * Records stand in the order of record-order.ts, each once, in blocks of some 256 kB; terms are merged into sorted pages.
 * Places move with their records; words are read anew, because they lead to blocks, and those are others now.
 * The file is written under another name, synced, and only then gets its own:
 *
 *   000041.active.db ─▶ 000041.sealed.new ─ sync ─▶ 000041.sealed ─ sync folder ─▶ (its caller removes the active one)
 *
 * A crash leaves one of the two, or both, or a `.new` that nobody reads and the next attempt writes over; an attempt that fails removes it.
 *
 * Memory  as seal-records.ts says, and 16 bytes for each posting: some 60 MB for a partition of 64 MB.
 */
import { renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { giveBack } from "../../give-back.ts";
import { ByteWriter } from "./byte-writer.ts";
import { OriginTable } from "./origin-table.ts";
import { SIGNALS, type Signal } from "./partition-reader.ts";
import { itemsOf } from "./record-order.ts";
import type { SortedRecord } from "./record-range.ts";
import { sortRecords, type SortLimits } from "./seal-records.ts";
import type { SealSource } from "./seal-source.ts";
import { encodeSealedBlock, type SealedRows } from "./sealed-block.ts";
import type { PageEntry, SealedBlockEntry, SealedDirectory, SignalDirectory } from "./sealed-directory.ts";
import { createSealedFile, type SealedFileWriter } from "./sealed-file.ts";
import { termFilter } from "./term-filter.ts";
import { posting, type TermPage, termPages } from "./term-pages.ts";
import { syncFolder } from "./sync-folder.ts";

/** What the records of one block hold, but for places. */
export interface BlockWords {
  readonly words: Uint32Array;
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

export type WordsOf = (signal: Signal, rows: SealedRows, origin: (number: number) => Uint8Array) => BlockWords;

export type SealStep = "write" | "sync" | "rename" | "sync folder";

export interface SealOptions extends SortLimits {
  readonly source: SealSource;
  /** Of the sealed file. */
  readonly path: string;
  readonly wordsOf: WordsOf;
  /** Of zstd. */
  readonly level?: number;
  readonly blockBytes?: number;
  /** Called before each step; for tests, which let it fail. */
  readonly beforeStep?: (step: SealStep) => void;
}

/** Once ids and times are taken out, zstd's first level makes blocks smaller than its third (60 against 64 bytes a span). */
const LEVEL = 1;
/** A question reads at least one block: larger ones save two bytes a span and cost each question twice the time. */
const BLOCK_BYTES = 256 * 1024;
/** A trace is not torn apart before its block has as many times the usual. */
const MAX_BLOCK_FACTOR = 4;

export const sealPartition = (options: SealOptions): SealedDirectory => {
  const { path, beforeStep = () => {} } = options;
  const beside = `${path}.new`;
  beforeStep("write");
  const file = createSealedFile(beside);
  try {
    const origins = new OriginTable();
    const arrivals = new Arrivals();
    const signals = Object.fromEntries(
      SIGNALS.map((signal) => [signal, sealSignal(signal, origins, arrivals, file, options)]),
    ) as Record<Signal, SignalDirectory>;
    const chunks = Array.from(origins.chunks(LEVEL), (chunk) => file.append(chunk));
    const directory = { ...arrivals.bounds(), origins: origins.count, chunks, signals };
    beforeStep("sync");
    file.end(directory);
    file.sync();
    file.close();
    beforeStep("rename");
    renameSync(beside, path);
    beforeStep("sync folder");
    syncFolder(dirname(path));
    return directory;
  } catch (error) {
    rmSync(beside, { force: true }); // the disk may be full of it
    throw error;
  } finally {
    file.close();
  }
};

const sealSignal = (
  signal: Signal,
  origins: OriginTable,
  arrivals: Arrivals,
  file: SealedFileWriter,
  { source, wordsOf, level = LEVEL, blockBytes = BLOCK_BYTES, ...limits }: SealOptions,
): SignalDirectory => {
  const entries = source.blocks(signal);
  const blocks: SealedBlockEntry[] = [];
  const words = new Postings();
  const rows = new RowBuffer();
  /** By number in the source, the number in the sealed partition; -1: left out. */
  const moved = new Int32Array(entries.reduce((sum, { records }) => sum + records, 0)).fill(-1);
  let records = 0;
  let items = 0;
  let duplicates = 0;

  const endBlock = (): void => {
    const sealed = rows.rows();
    const { words: found, minTime, maxTime } = wordsOf(signal, sealed, (number) => origins.at(number));
    for (const word of found) words.add(word, blocks.length);
    const block = encodeSealedBlock(signal, sealed, { level });
    const part = file.append(block);
    giveBack(block.buffer);
    blocks.push({ ...part, records: rows.count, minTime, maxTime });
    rows.clear();
  };

  const keep = (record: SortedRecord): void => {
    const isFull = rows.length >= blockBytes && record.isFirstOfKey;
    if (isFull || rows.length >= blockBytes * MAX_BLOCK_FACTOR) endBlock();
    rows.add(record);
    arrivals.add(record.arrivedAt);
    moved[record.number] = records;
    records += 1;
    items += itemsOf(signal, record.bytes, record.start, record.end);
  };
  const leaveOut = ({ bytes, start, end }: SortedRecord): void => {
    duplicates += itemsOf(signal, bytes, start, end);
  };
  sortRecords(source, signal, origins, { keep, leaveOut }, limits);
  if (rows.count > 0) endBlock();

  const append = ({ firstTerm, bytes }: TermPage): PageEntry => ({ ...file.append(bytes), firstTerm });
  const places = movedPlaces(source, signal, moved);
  const pages = {
    places: termPages(places.taken(), records).map(append),
    words: termPages(words.taken(), blocks.length).map(append),
    filter: file.append(termFilter(places.terms())),
  };
  for (const part of [places, words]) part.giveBack();
  return { records, items, duplicates, blocks, ...pages };
};

/** Places of a record that was left out are those of the one that it is a copy of. */
const movedPlaces = (source: SealSource, signal: Signal, moved: Int32Array): Postings => {
  const places = new Postings();
  let first = 0;
  for (const { id, records } of source.blocks(signal)) {
    const pairs = source.places(id);
    for (let at = 0; at < pairs.length; at += 2) {
      const number = moved[first + pairs[at + 1]!] ?? -1;
      if (number >= 0) places.add(pairs[at]!, number);
    }
    first += records;
  }
  return places;
};

/** The first and the last. */
class Arrivals {
  #first: bigint | undefined;
  #last = 0n;

  add(arrivedAt: bigint): void {
    if (this.#first === undefined || arrivedAt < this.#first) this.#first = arrivedAt;
    if (arrivedAt > this.#last) this.#last = arrivedAt;
  }

  bounds(): { readonly firstArrival: bigint; readonly lastArrival: bigint } {
    return { firstArrival: this.#first ?? 0n, lastArrival: this.#last };
  }
}

/** The rows of the block that is being filled. */
class RowBuffer {
  #bytes = new ByteWriter(BLOCK_BYTES);
  #ends: number[] = [];
  #origins: number[] = [];
  #arrivals: { rows: number; arrivedAt: bigint }[] = [];
  #request = -1;

  get count(): number {
    return this.#ends.length;
  }

  /** Of their bytes. */
  get length(): number {
    return this.#bytes.length;
  }

  add({ bytes, start, end, origin, request, arrivedAt }: SortedRecord): void {
    this.#bytes.bytes(bytes, start, end);
    this.#ends.push(this.#bytes.length);
    this.#origins.push(origin);
    const run = this.#arrivals.at(-1);
    if (run !== undefined && (request === this.#request || run.arrivedAt === arrivedAt)) run.rows += 1;
    else this.#arrivals.push({ rows: 1, arrivedAt });
    this.#request = request;
  }

  rows(): SealedRows {
    return { bytes: this.#bytes.written(), ends: this.#ends, origins: this.#origins, arrivals: this.#arrivals };
  }

  clear(): void {
    this.#bytes.clear();
    this.#ends = [];
    this.#origins = [];
    this.#arrivals = [];
    this.#request = -1;
  }
}

const FIRST_POSTINGS = 4_096;

/** Terms with the numbers they lead to, growing. */
class Postings {
  #postings = new Float64Array(FIRST_POSTINGS);
  #terms = new Uint32Array(FIRST_POSTINGS);
  #length = 0;

  add(term: number, number: number): void {
    if (this.#length === this.#postings.length) this.#grow();
    this.#terms[this.#length] = term;
    this.#postings[this.#length++] = posting(term, number);
  }

  #grow(): void {
    const postings = new Float64Array(this.#length * 2);
    postings.set(this.#postings);
    const terms = new Uint32Array(this.#length * 2);
    terms.set(this.#terms);
    this.giveBack();
    this.#postings = postings;
    this.#terms = terms;
  }

  /** A view, which may be sorted. */
  taken(): Float64Array {
    return this.#postings.subarray(0, this.#length);
  }

  terms(): Uint32Array {
    return this.#terms.subarray(0, this.#length);
  }

  /** Of its memory; nothing may be added any more. */
  giveBack(): void {
    for (const part of [this.#postings, this.#terms]) giveBack(part.buffer);
  }
}
