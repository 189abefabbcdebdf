/**
 * The active partition, as readers see it beside the one that writes. `refresh` learns of the commits since; their terms
 * are read by the first question for one. When it is full its terms may come to stand in a file (full-terms.ts): then
 * that answers, and nothing of it is looked for or kept any more.
 *
 * Memory  its terms, as active-terms.ts says, until they stand in their file; pages of SQLite.
 */
import { StoreError } from "../../errors.ts";
import type { Signal } from "../store.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { createActiveTerms } from "./active-terms.ts";
import { type Block, unpackBlock } from "./block.ts";
import { isDamage } from "./damage.ts";
import type { FiledTerms, FoundTerm, TermLookup } from "./filed-terms.ts";
import { openFullTerms } from "./full-terms.ts";
import type { BlockEntry, PartitionReader } from "./partition-reader.ts";
import { placesAmong } from "./places-among.ts";
import type { SoughtTerms } from "./sought-terms.ts";
import type { FilterMemory } from "./term-filter.ts";

export interface ActiveReader extends PartitionReader {
  /** Of its terms in memory. */
  readonly bytes: number;
  forget(): void;
  /** Looks whether there is a file of its terms, which has those of all blocks that are known. */
  lookForTerms(): void;
}

interface SignalBlocks {
  readonly blocks: BlockEntry[];
  /** Of each block, the records before it. */
  readonly firstRecords: number[];
  records: number;
}

const noBlocks = (): SignalBlocks => ({ blocks: [], firstRecords: [], records: 0 });

interface BlockRow {
  readonly id: bigint;
  readonly signal: Signal;
  readonly records: bigint;
  readonly min_ns: bigint;
  readonly max_ns: bigint;
}

/** Of a full partition only blocks are read, each once, before they are kept decoded. */
const FULL_CACHE_KIB = 64;

export const openActiveReader = (path: string, memory: FilterMemory): ActiveReader => {
  const db = openActiveFileForReading(path);
  const selectBlocks = db
    .prepare<[number], BlockRow>("SELECT id, signal, records, min_ns, max_ns FROM blocks WHERE id > ? ORDER BY id")
    .safeIntegers();
  const selectLast = db.prepare<[], number | null>("SELECT max(id) FROM blocks").pluck();
  const selectBody = db.prepare<[number], Buffer>("SELECT body FROM blocks WHERE id = ?").pluck();
  const known: Record<Signal, SignalBlocks> = { spans: noBlocks(), logs: noBlocks(), metrics: noBlocks() };
  let last = 0;
  const inMemory = createActiveTerms(db, {
    get last() {
      return last;
    },
    firstRecords: (signal) => known[signal].firstRecords,
  });
  let inFile: FiledTerms | undefined;
  /** One that was found to be damaged is not tried again. */
  let isFileDamaged = false;

  const refresh = (): void => {
    if (inFile || (selectLast.get() ?? 0) === last) return;
    for (const row of selectBlocks.iterate(last)) {
      const ofSignal = known[row.signal];
      const records = Number(row.records);
      last = Number(row.id);
      ofSignal.blocks.push({ id: last, records, minTime: row.min_ns, maxTime: row.max_ns });
      ofSignal.firstRecords.push(ofSignal.records);
      ofSignal.records += records;
    }
  };

  const lookForTerms = (): void => {
    if (inFile || isFileDamaged) return;
    inFile = openFullTerms(path, (signal) => known[signal].records, memory);
    if (inFile === undefined) return;
    inMemory.forget();
    db.pragma(`cache_size = -${FULL_CACHE_KIB}`);
  };

  const lookUp = <T>(ask: (terms: TermLookup) => T): T => {
    if (inFile === undefined) return ask(inMemory);
    try {
      return ask(inFile);
    } catch (error) {
      if (!isDamage(error)) throw error;
      isFileDamaged = true;
      inFile.close();
      inFile = undefined;
      return ask(inMemory);
    }
  };

  const found = (signal: Signal, sought: SoughtTerms): readonly FoundTerm[] =>
    lookUp((terms) => terms.places(signal, sought));

  const block = (id: number): Block => {
    const body = selectBody.get(id);
    if (body === undefined) throw new StoreError("store-corrupt", `${path} has no block ${id}`);
    return unpackBlock(body);
  };

  return {
    block,
    refresh,
    lookForTerms,
    blocks: (signal) => known[signal].blocks,
    places(signal, sought) {
      const { blocks, firstRecords } = known[signal];
      return placesAmong(found(signal, sought), firstRecords, (n) => blocks[n]!.id);
    },
    leading: (signal, sought) => found(signal, sought).map(({ term }) => term),
    words: (signal, term) =>
      lookUp((terms) => terms.words(signal, term)).map((index) => known[signal].blocks[index]!.id),
    get bytes() {
      return inMemory.bytes;
    },
    forget: () => inMemory.forget(),
    close() {
      inMemory.forget();
      inFile?.close();
      db.close();
    },
  };
};
