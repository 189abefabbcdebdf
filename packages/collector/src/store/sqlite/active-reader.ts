/**
 * The active partition, as readers see it beside the one that writes. `refresh` learns of the commits since; their terms
 * are read by the first question for one.
 *
 * Memory  8 bytes a place and a word (a word once a block); `forget` gives them back, and the next question for a term
 *         reads them again.
 */
import { StoreError } from "../../errors.ts";
import { SIGNALS, type Signal } from "../store.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { type Block, decodeBlock } from "./block.ts";
import { firstWhere } from "./first-where.ts";
import type { BlockEntry, PartitionReader, Place } from "./partition-reader.ts";
import { TermIndex } from "./term-index.ts";

export interface ActiveReader extends PartitionReader {
  /** Of its terms in memory. */
  readonly bytes: number;
  forget(): void;
}

interface SignalBlocks {
  readonly blocks: BlockEntry[];
  /** Of each block, the records before it. */
  readonly firstRecords: number[];
  records: number;
  terms: SignalTerms;
}

interface SignalTerms {
  /** How many blocks' terms these are. */
  blocks: number;
  /** Lead to records, counted over all blocks. */
  readonly places: TermIndex;
  /** Lead to ids of blocks. */
  readonly words: TermIndex;
}

const noTerms = (): SignalTerms => ({ blocks: 0, places: new TermIndex(), words: new TermIndex() });
const noBlocks = (): SignalBlocks => ({ blocks: [], firstRecords: [], records: 0, terms: noTerms() });

interface BlockRow {
  readonly id: bigint;
  readonly signal: Signal;
  readonly records: bigint;
  readonly min_ns: bigint;
  readonly max_ns: bigint;
}

interface TermsRow {
  readonly id: number;
  readonly signal: Signal;
  readonly places: Buffer;
  readonly words: Buffer;
}

export const openActiveReader = (path: string): ActiveReader => {
  const db = openActiveFileForReading(path);
  const selectBlocks = db
    .prepare<[number], BlockRow>("SELECT id, signal, records, min_ns, max_ns FROM blocks WHERE id > ? ORDER BY id")
    .safeIntegers();
  const selectTerms = db.prepare<[number, number], TermsRow>(
    "SELECT id, signal, places, words FROM blocks WHERE id > ? AND id <= ? ORDER BY id",
  );
  const selectFirst = db.prepare<[], number | null>("SELECT min(id) FROM blocks").pluck();
  const selectLast = db.prepare<[], number | null>("SELECT max(id) FROM blocks").pluck();
  const selectBody = db.prepare<[number], Buffer>("SELECT body FROM blocks WHERE id = ?").pluck();
  const known: Record<Signal, SignalBlocks> = { spans: noBlocks(), logs: noBlocks(), metrics: noBlocks() };
  /** The last block that is known, and the last whose terms are. */
  let last = 0;
  let lastTerms = 0;

  const refresh = (): void => {
    if ((selectLast.get() ?? 0) === last) return;
    for (const row of selectBlocks.iterate(last)) {
      const ofSignal = known[row.signal];
      const records = Number(row.records);
      last = Number(row.id);
      ofSignal.blocks.push({ id: last, records, minTime: row.min_ns, maxTime: row.max_ns });
      ofSignal.firstRecords.push(ofSignal.records);
      ofSignal.records += records;
    }
  };

  const termsOf = (signal: Signal): SignalTerms => {
    if (lastTerms < last) {
      for (const { id, signal: of, places, words } of selectTerms.iterate(lastTerms, last)) {
        const { terms, firstRecords } = known[of];
        terms.places.add(placesOf(places, firstRecords[terms.blocks]!));
        terms.words.add(wordsOf(words, id));
        terms.blocks += 1;
      }
      lastTerms = last;
      for (const one of SIGNALS) {
        known[one].terms.places.settle();
        known[one].terms.words.settle();
      }
    }
    return known[signal].terms;
  };

  const forget = (): void => {
    for (const signal of SIGNALS) {
      known[signal].terms.places.clear();
      known[signal].terms.words.clear();
      known[signal].terms = noTerms();
    }
    lastTerms = 0;
  };

  const block = (id: number): Block => {
    const body = selectBody.get(id);
    if (body === undefined) throw new StoreError("store-corrupt", `${path} has no block ${id}`);
    return decodeBlock(body);
  };

  return {
    block,
    refresh,
    blocks: (signal) => known[signal].blocks,
    places: (signal, term) =>
      termsOf(signal)
        .places.numbers(term)
        .map((number) => placeIn(known[signal], number)),
    words: (signal, term) => termsOf(signal).words.numbers(term),
    firstArrival() {
      const first = selectFirst.get();
      return typeof first === "number" ? block(first).arrivedAt(0) : undefined;
    },
    get bytes() {
      return SIGNALS.reduce(
        (sum, signal) => sum + known[signal].terms.places.bytes + known[signal].terms.words.bytes,
        0,
      );
    },
    forget,
    close() {
      forget();
      db.close();
    },
  };
};

const placeIn = ({ blocks, firstRecords }: SignalBlocks, record: number): Place => {
  const at = firstWhere(firstRecords.length, (n) => firstRecords[n]! > record) - 1;
  return { block: blocks[at]!.id, row: record - firstRecords[at]! };
};

/** Term, row, … of a block → term, record, … */
const placesOf = (bytes: Buffer, firstRecord: number): Uint32Array => {
  const pairs = numbersOf(bytes);
  for (let at = 1; at < pairs.length; at += 2) pairs[at]! += firstRecord;
  return pairs;
};

/** Term, … of a block → term, block, … */
const wordsOf = (bytes: Buffer, block: number): Uint32Array => {
  const words = numbersOf(bytes);
  const pairs = new Uint32Array(words.length * 2).fill(block);
  for (const [index, word] of words.entries()) pairs[index * 2] = word;
  return pairs;
};

/** A copy where the bytes do not lie as numbers must. */
const numbersOf = (bytes: Buffer): Uint32Array => {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
};
