/**
 * Spans that hold all of some words, the latest arrivals first.
 *
 * The words that are indexed choose the blocks. In a block a record's own terms are compared before it is decoded, which
 * is five times as fast. Words that are not indexed (long values, fractions, what the configuration leaves out) are
 * compared on the decoded span; with none but those, every block is read.
 *
 * Bounds  MOST_SCANNED records for one question; then the answer has a cursor, however few spans it has.
 */
import { holdsWord } from "../../model/attribute-words.ts";
import type { SpanRecord } from "../../model/span.ts";
import { createWordScans } from "../scan.ts";
import type { SpanHits, SpanSearch } from "../store.ts";
import type { Terms } from "../term-set.ts";
import { isIndexed, wordTerm } from "../terms.ts";
import type { Block } from "./block.ts";
import { createOriginWords } from "./blocks-of.ts";
import type { Finder } from "./found.ts";
import type { OpenPartition } from "./partition-set.ts";
import { type Position, formatPosition, parsePosition } from "./position.ts";
import type { Records } from "./records.ts";

const MOST_SCANNED = 50_000;
const BLOCKS_PER_TURN = 4;

interface Deps {
  readonly finder: Finder;
  readonly records: Records;
  readonly unindexed: ReadonlySet<string>;
}

export const createSpanSearch = ({ finder, records, unindexed }: Deps): ((search: SpanSearch) => Promise<SpanHits>) => {
  const sought = new SoughtWords();
  const scan = createWordScans(sought, unindexed).spans;
  const wordsOfOrigin = createOriginWords(unindexed);

  const mayHold = (block: Block, row: number, words: readonly number[]): boolean => {
    if (words.length === 0) return true;
    sought.begin(words);
    const record = block.record(row);
    scan(Buffer.from(record.buffer, record.byteOffset, record.length), 0, record.length, 0, 0);
    if (sought.areFound) return true;
    for (const word of wordsOfOrigin(block.origin(row))) sought.word(word);
    return sought.areFound;
  };

  return async ({ words, from = 0n, to, limit, cursor }) => {
    const indexed = [...new Set(words.filter((word) => isIndexed(word, unindexed)).map(wordTerm))];
    const matches = (span: SpanRecord): boolean =>
      span.start >= from && (to === undefined || span.start <= to) && words.every((word) => holdsWord(span, word));
    const before = cursor === undefined ? undefined : parsePosition(cursor);
    const spans: SpanRecord[] = [];
    let scanned = 0;
    let turn = 0;
    for (const partition of finder.partitions.list().toReversed()) {
      if (before && partition.number > before.partition) continue;
      const isCut = before?.partition === partition.number && before.isSealed === partition.isSealed;
      const bound = isCut ? before : undefined;
      for (const entry of finder.blocks(partition, "spans", indexed).toReversed()) {
        if (bound && entry.id > bound.block) continue;
        if (entry.maxTime < from || (to !== undefined && entry.minTime > to)) continue;
        const block = finder.block(partition, entry.id);
        if (block === undefined) break;
        const last = bound?.block === entry.id ? bound.row : block.count;
        for (let row = last - 1; row >= 0; row -= 1) {
          scanned += 1;
          if (!mayHold(block, row, indexed)) continue;
          const span = records.span(block, row);
          if (!matches(span)) continue;
          spans.push(span);
          if (spans.length >= limit) return { spans, cursor: positionOf(partition, entry.id, row) };
        }
        if (scanned >= MOST_SCANNED) return { spans, cursor: positionOf(partition, entry.id, 0) };
        if ((turn += 1) % BLOCKS_PER_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
      }
    }
    return { spans };
  };
};

const positionOf = ({ number, isSealed }: OpenPartition, block: number, row: number): string =>
  formatPosition({ partition: number, isSealed, block, row } satisfies Position);

/** Of a few words, those that a record has; nothing else of it is kept, so that millions can be asked. */
class SoughtWords implements Terms {
  #words: readonly number[] = [];
  #found: boolean[] = [];

  begin(words: readonly number[]): void {
    this.#words = words;
    this.#found = words.map(() => false);
  }

  get areFound(): boolean {
    return !this.#found.includes(false);
  }

  word(term: number): void {
    const at = this.#words.indexOf(term);
    if (at >= 0) this.#found[at] = true;
  }

  place(): void {}
  time(): void {}
}
