/**
 * Traces with spans that hold a word.
 *
 * A word that is indexed chooses the blocks; in a block a record's own terms are compared, and nothing is decoded. A word
 * that is not (a long value, a fraction, what the configuration leaves out) is compared on each decoded span of every block.
 *
 * Bounds  MOST_SCANNED records. A block that an index names has a span with the word, so what is in more blocks than spans
 *         are asked for is answered without reading one.
 */
import { holdsWord, type Word } from "../../model/attribute-words.ts";
import type { TraceId } from "../../model/ids.ts";
import { createWordScans } from "../scan.ts";
import type { WordSearch } from "../store.ts";
import { clamped, type Terms } from "../term-set.ts";
import { isIndexed, wordTerm } from "../terms.ts";
import type { Block } from "./block.ts";
import { createOriginWords } from "./blocks-of.ts";
import type { Finder } from "./found.ts";
import type { PartitionSet } from "./partition-set.ts";
import { createTraceIdRead } from "./trace-id-read.ts";
import type { Records } from "./records.ts";

const MOST_SCANNED = 400_000;
const BLOCKS_PER_TURN = 4;

interface Deps {
  readonly finder: Pick<Finder, "blocks" | "block"> & { readonly partitions: Pick<PartitionSet, "list"> };
  readonly records: Records;
  readonly unindexed: ReadonlySet<string>;
}

export const createWordSearch = ({ finder, records, unindexed }: Deps) => {
  const sought = new SoughtWord();
  const scan = createWordScans(sought, unindexed).spans;
  const wordsOfOrigin = createOriginWords(unindexed);
  const traceIdOf = createTraceIdRead();

  const holdsTerm = (block: Block, row: number, term: number): boolean => {
    sought.begin(term);
    const record = block.record(row);
    scan(Buffer.from(record.buffer, record.byteOffset, record.length), 0, record.length, 0, 0);
    return sought.isFound || wordsOfOrigin(block.origin(row)).includes(term);
  };

  /** Whether the record in this row holds it. */
  const testOf = (word: Word, isInIndex: boolean): ((block: Block, row: number) => boolean) => {
    if (!isInIndex) return (block, row) => holdsWord(records.span(block, row), word);
    const term = wordTerm(word);
    return (block, row) => holdsTerm(block, row, term);
  };

  return async ({ word, from = 0n, maxSpans }: WordSearch): Promise<readonly TraceId[] | undefined> => {
    const isInIndex = isIndexed(word, unindexed);
    const holds = testOf(word, isInIndex);
    const since = clamped(from);
    const asked = finder.partitions.list().flatMap((partition) =>
      finder
        .blocks(partition, "spans", isInIndex ? [wordTerm(word)] : [])
        .filter(({ maxTime }) => maxTime >= since)
        .map(({ id }) => ({ partition, id })),
    );
    if (isInIndex && asked.length > maxSpans) return undefined;
    const traceIds = new Set<TraceId>();
    let scanned = 0;
    let spans = 0;
    for (const [turn, { partition, id }] of asked.entries()) {
      const block = finder.block(partition, id);
      if (block === undefined) continue;
      for (let row = 0; row < block.count; row += 1) {
        if (!holds(block, row)) continue;
        if ((spans += 1) > maxSpans) return undefined;
        traceIds.add(traceIdOf(block.record(row)));
      }
      if ((scanned += block.count) > MOST_SCANNED) return undefined;
      if (turn % BLOCKS_PER_TURN === BLOCKS_PER_TURN - 1) await letOthersRun();
    }
    return [...traceIds];
  };
};

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Of a record's words only whether one is among them. */
class SoughtWord implements Terms {
  #term = 0;
  isFound = false;

  begin(term: number): void {
    this.#term = term;
    this.isFound = false;
  }

  word(term: number): void {
    if (term === this.#term) this.isFound = true;
  }

  place(): void {}
  time(): void {}
}
