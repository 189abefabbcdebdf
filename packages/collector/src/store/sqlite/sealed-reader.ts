/**
 * A sealed partition, as questions see it. Opening reads its directory; terms cost what filed-terms.ts says; a block costs
 * one read.
 *
 * Memory  some 60 bytes for each block and page, the origins that were asked for lately, and the filters.
 */
import { StoreError } from "../../errors.ts";
import { giveBack } from "../../give-back.ts";
import { openFiledTerms } from "./filed-terms.ts";
import { createOriginSource } from "./origin-table.ts";
import { type BlockEntry, type PartitionReader, SIGNALS, type Signal } from "./partition-reader.ts";
import { placesAmong } from "./places-among.ts";
import { decodeSealedBlock } from "./sealed-block.ts";
import type { Extent, SealedDirectory } from "./sealed-directory.ts";
import { openSealedFile } from "./sealed-file.ts";
import { createFilterMemory, type FilterMemory } from "./term-filter.ts";
import { numbersOf } from "./term-pages.ts";

export interface SealedReader extends PartitionReader {
  readonly directory: SealedDirectory;
  /** Reads every page of terms; throws at a damaged one. */
  checkPages(signal: Signal): void;
}

/** For some fifty million spans. */
const MAX_FILTER_BYTES = 96 * 1024 * 1024;

/** Opens files that share one memory of filters. */
export const sealedReaders = (): ((path: string) => SealedReader) => {
  const memory = createFilterMemory(MAX_FILTER_BYTES);
  return (path) => openSealedReader(path, memory);
};

interface SignalBlocks {
  readonly entries: readonly BlockEntry[];
  /** Of each block, the records before it; then of all. */
  readonly firstRecords: readonly number[];
}

/** Ids count from 1, over all signals. */
export const openSealedReader = (
  path: string,
  memory: FilterMemory = createFilterMemory(MAX_FILTER_BYTES),
): SealedReader => {
  const file = openSealedFile(path);
  const { origins, chunks, signals } = file.directory;
  const originSource = createOriginSource(origins, (chunk) => file.read(partAt(chunks, chunk)));
  const blocks: { readonly signal: Signal; readonly part: Extent }[] = [];
  const bySignal = Object.fromEntries(
    SIGNALS.map((signal): [Signal, SignalBlocks] => {
      const entries: BlockEntry[] = [];
      const firstRecords = [0];
      for (const part of signals[signal].blocks) {
        const { records, minTime, maxTime } = part;
        entries.push({ id: blocks.push({ signal, part }), records, minTime, maxTime });
        firstRecords.push((firstRecords.at(-1) ?? 0) + records);
      }
      return [signal, { entries, firstRecords }];
    }),
  ) as Record<Signal, SignalBlocks>;

  const terms = openFiledTerms(file, numbersOf, memory);

  const partAt = <T>(parts: readonly T[], index: number): T => {
    const part = parts[index];
    if (part === undefined) throw new StoreError("store-corrupt", `${path} has no part ${index} of ${parts.length}`);
    return part;
  };

  return {
    directory: file.directory,
    refresh() {},
    blocks: (signal) => bySignal[signal].entries,
    places(signal, sought) {
      const { entries, firstRecords } = bySignal[signal];
      return placesAmong(terms.places(signal, sought), firstRecords, (n) => partAt(entries, n).id);
    },
    leading: (signal, sought) => terms.places(signal, sought).map(({ term }) => term),
    words: (signal, term) => terms.words(signal, term).map((index) => partAt(bySignal[signal].entries, index).id),
    checkPages: (signal) => terms.check(signal),
    block(id) {
      const { signal, part } = partAt(blocks, id - 1);
      const bytes = file.read(part);
      const block = decodeSealedBlock(signal, bytes, originSource);
      giveBack(bytes.buffer); // the block has copies
      return block;
    },
    close() {
      terms.close();
      file.close();
    },
  };
};
