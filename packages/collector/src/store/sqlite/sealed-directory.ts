/**
 * What a sealed file's end says of the rest of it: where its blocks, pages and origins lie.
 *
 *   numbers as varints
 *   first arrival (signed) │ last arrival, from the first (signed)
 *   per signal           records │ items │ duplicates │
 *                        blocks, then each one's length, records, earliest time (signed, from the one before's), extent │
 *                        place pages, then each one's length and first term (from the one before's) │ word pages, likewise │
 *                        length of the filter of places (from version 2 on; those of version 2 are not read)
 *   origins │ chunks, then each one's length
 *
 * Parts lie one after the other in just this order, so that lengths say where. Reading checks that they fill the file.
 */
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { SIGNALS, type Signal } from "./partition-reader.ts";

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export interface SealedBlockEntry extends Extent {
  readonly records: number;
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

export interface PageEntry extends Extent {
  readonly firstTerm: number;
}

export interface SignalDirectory {
  readonly records: number;
  /** What OTLP counts by: of metrics, their data points. */
  readonly items: number;
  /** Items that were copies of what another request had brought, left out when this was sealed. */
  readonly duplicates: number;
  readonly blocks: readonly SealedBlockEntry[];
  readonly places: readonly PageEntry[];
  readonly words: readonly PageEntry[];
  /** What places there may be (term-filter.ts); of no length where there is none. */
  readonly filter: Extent;
}

export interface SealedDirectory {
  /** When its records arrived, Unix ns; both 0 when it has none. */
  readonly firstArrival: bigint;
  readonly lastArrival: bigint;
  readonly origins: number;
  readonly chunks: readonly Extent[];
  readonly signals: Readonly<Record<Signal, SignalDirectory>>;
}

/** Filters were others before, and are passed over. */
const [FIRST_WITH_FILTERS, FIRST_WITH_THESE] = [2, 3];

export const writeDirectory = (directory: SealedDirectory): Buffer => {
  const { firstArrival, lastArrival, origins, chunks, signals } = directory;
  const out = new ByteWriter();
  out.signedVarint(firstArrival);
  out.signedVarint(lastArrival - firstArrival);
  const pages = (entries: readonly PageEntry[]): void => {
    let before = 0;
    out.varint(entries.length);
    for (const { length, firstTerm } of entries) {
      out.varint(length);
      out.varint(firstTerm - before);
      before = firstTerm;
    }
  };
  for (const signal of SIGNALS) {
    const { records, items, duplicates, blocks, places, words, filter } = signals[signal];
    for (const number of [records, items, duplicates, blocks.length]) out.varint(number);
    let before = 0n;
    for (const block of blocks) {
      out.varint(block.length);
      out.varint(block.records);
      out.signedVarint(block.minTime - before);
      out.signedVarint(block.maxTime - block.minTime);
      before = block.minTime;
    }
    pages(places);
    pages(words);
    out.varint(filter.length);
  }
  out.varint(origins);
  out.varint(chunks.length);
  for (const { length } of chunks) out.varint(length);
  return out.written();
};

/** `start` and `end`: where the parts lie in the file; `version`: the file's. */
export const readDirectory = (bytes: Uint8Array, start: number, end: number, version: number): SealedDirectory => {
  const input = new ByteReader(bytes, "a sealed partition's directory");
  let offset = start;
  const part = (): Extent => {
    const length = input.varint();
    const here = { offset, length };
    offset += length;
    return offset <= end ? here : input.fail("speaks of more than the file has");
  };
  /** How many entries follow, each of some bytes. */
  const several = <T>(read: () => T): T[] => {
    const count = input.varint();
    if (count > input.remaining) input.fail(`is too short for ${count} entries`);
    return Array.from({ length: count }, read);
  };
  const pages = (): PageEntry[] => {
    let firstTerm = 0;
    return several(() => ({ ...part(), firstTerm: (firstTerm += input.varint()) }));
  };
  const firstArrival = input.signedVarint();
  const lastArrival = firstArrival + input.signedVarint();
  const signals = Object.fromEntries(
    SIGNALS.map((signal): [Signal, SignalDirectory] => {
      const [records, items, duplicates] = [input.varint(), input.varint(), input.varint()];
      let minTime = 0n;
      const blocks = several(() => {
        const entry = { ...part(), records: input.varint() };
        minTime += input.signedVarint();
        return { ...entry, minTime, maxTime: minTime + input.signedVarint() };
      });
      const [places, words] = [pages(), pages()];
      const found = version < FIRST_WITH_FILTERS ? { offset, length: 0 } : part();
      const filter = version < FIRST_WITH_THESE ? { offset, length: 0 } : found;
      return [signal, { records, items, duplicates, blocks, places, words, filter }];
    }),
  ) as Record<Signal, SignalDirectory>;
  const origins = input.varint();
  const chunks = several(part);
  if (offset !== end || input.remaining > 0) input.fail("does not fill the file");
  return { firstArrival, lastArrival, origins, chunks, signals };
};
