/**
 * Sealing: a full partition is written anew, to be read and not to be written any more.
 *
 * Records stand in the order of record-order.ts, each once, in blocks of some 256 kB; terms are merged into sorted pages.
 * The file is written under another name, synced, and only then gets its own:
 *
 *   000041.active.db ─▶ 000041.sealed.new ─ sync ─▶ 000041.sealed ─ sync folder ─▶ (its caller removes the active one)
 *
 * A crash leaves one of the two, or both, or a `.new` that nobody reads and the next attempt writes over.
 *
 * Memory  as seal-records.ts says, and 8 bytes for each posting: less than 100 MB for a partition of 48 MB.
 */
import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { ByteWriter } from "./byte-writer.ts";
import type { ArrivalRun } from "./columns.ts";
import { OriginTable } from "./origin-table.ts";
import { type PartitionReader, SIGNALS, type Signal } from "./partition-reader.ts";
import { itemsOf } from "./record-order.ts";
import { sortRecords, type SortedRecord } from "./seal-records.ts";
import { encodeSealedBlock, type SealedRows } from "./sealed-block.ts";
import type { PageEntry, SealedBlockEntry, SealedDirectory, SignalDirectory } from "./sealed-directory.ts";
import { createSealedFile, type SealedFileWriter } from "./sealed-file.ts";
import { posting, type TermPage, termPages } from "./term-pages.ts";

/** What the records of one block hold. */
export interface BlockTerms {
  /** u32 term, u32 row, … */
  readonly places: Uint32Array;
  readonly words: Uint32Array;
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

export type TermsOf = (signal: Signal, rows: SealedRows, origin: (number: number) => Uint8Array) => BlockTerms;

export type SealStep = "write" | "sync" | "rename" | "sync folder";

export interface SealOptions {
  readonly source: PartitionReader;
  /** Of the sealed file. */
  readonly path: string;
  readonly termsOf: TermsOf;
  /** Of zstd. */
  readonly level?: number;
  readonly blockBytes?: number;
  readonly bufferBytes?: number;
  /** Called before each step; for tests, which let it fail. */
  readonly beforeStep?: (step: SealStep) => void;
}

const LEVEL = 3;
/** A question reads at least one block: larger ones save two bytes a span and cost each question twice the time. */
const BLOCK_BYTES = 256 * 1024;
/** A trace is not torn apart before its block has as many times the usual. */
const MAX_BLOCK_FACTOR = 4;

export const sealPartition = (options: SealOptions): SealedDirectory => {
  const { source, path, beforeStep = () => {} } = options;
  const beside = `${path}.new`;
  beforeStep("write");
  const file = createSealedFile(beside);
  try {
    const origins = new OriginTable();
    const signals = Object.fromEntries(
      SIGNALS.map((signal) => [signal, sealSignal(source, signal, origins, file, options)]),
    ) as Record<Signal, SignalDirectory>;
    const chunks = Array.from(origins.chunks(LEVEL), (chunk) => file.append(chunk));
    const directory = { origins: origins.count, chunks, signals };
    beforeStep("sync");
    file.end(directory);
    file.close();
    beforeStep("rename");
    renameSync(beside, path);
    beforeStep("sync folder");
    syncFolder(dirname(path));
    return directory;
  } finally {
    file.close();
  }
};

/** A new name is there after a power loss only when its folder was synced. */
const syncFolder = (folder: string): void => {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

const sealSignal = (
  source: PartitionReader,
  signal: Signal,
  origins: OriginTable,
  file: SealedFileWriter,
  { termsOf, level = LEVEL, blockBytes = BLOCK_BYTES, bufferBytes }: SealOptions,
): SignalDirectory => {
  const blocks: SealedBlockEntry[] = [];
  const places = new Postings();
  const words = new Postings();
  let records = 0;
  let items = 0;
  const rows = new RowBuffer();

  const endBlock = (): void => {
    const gathered = rows.rows();
    const terms = termsOf(signal, gathered, (number) => origins.at(number));
    for (let at = 0; at < terms.places.length; at += 2) places.add(terms.places[at]!, records + terms.places[at + 1]!);
    for (const word of terms.words) words.add(word, blocks.length);
    const part = file.append(encodeSealedBlock(signal, gathered, { level }));
    const { minTime, maxTime } = terms;
    blocks.push({ ...part, records: rows.count, minTime, maxTime });
    records += rows.count;
    rows.clear();
  };

  const sorted = sortRecords(source, signal, origins, bufferBytes);
  for (const record of sorted.records()) {
    const isFull = rows.bytes >= blockBytes && record.isFirstOfKey;
    if (isFull || rows.bytes >= blockBytes * MAX_BLOCK_FACTOR) endBlock();
    rows.add(record);
    items += itemsOf(signal, record.bytes);
  }
  if (rows.count > 0) endBlock();

  const append = ({ firstTerm, bytes }: TermPage): PageEntry => ({ ...file.append(bytes), firstTerm });
  return {
    records,
    items,
    duplicates: sorted.duplicates,
    blocks,
    places: termPages(places.taken(), records).map(append),
    words: termPages(words.taken(), blocks.length).map(append),
  };
};

/** The rows of the block that is being filled. */
class RowBuffer {
  #bytes = new ByteWriter();
  #ends: number[] = [];
  #origins: number[] = [];
  #arrivals: { rows: number; arrivedAt: bigint }[] = [];

  get count(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  add({ bytes, origin, arrivedAt }: SortedRecord): void {
    this.#bytes.bytes(bytes);
    this.#ends.push(this.#bytes.length);
    this.#origins.push(origin);
    const run = this.#arrivals.at(-1);
    if (run?.arrivedAt === arrivedAt) run.rows += 1;
    else this.#arrivals.push({ rows: 1, arrivedAt });
  }

  rows(): SealedRows {
    const arrivals: readonly ArrivalRun[] = this.#arrivals;
    return { bytes: this.#bytes.written(), ends: this.#ends, origins: this.#origins, arrivals };
  }

  clear(): void {
    this.#bytes.clear();
    this.#ends = [];
    this.#origins = [];
    this.#arrivals = [];
  }
}

const FIRST_POSTINGS = 4_096;

/** Terms with the numbers they lead to, growing. */
class Postings {
  #postings = new Float64Array(FIRST_POSTINGS);
  #length = 0;

  add(term: number, number: number): void {
    if (this.#length === this.#postings.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#postings);
      this.#postings = larger;
    }
    this.#postings[this.#length++] = posting(term, number);
  }

  taken(): Float64Array {
    return this.#postings.subarray(0, this.#length);
  }
}
