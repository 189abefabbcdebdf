/** Words of a block's records where it is sealed: the same as when they arrived, by the same functions. */
import { createWordScans } from "../scan.ts";
import { TermSet } from "../term-set.ts";
import { createOriginWords } from "./blocks-of.ts";
import type { WordsOf } from "./seal.ts";

export const createWordsOf = (unindexed: ReadonlySet<string>): WordsOf => {
  const terms = new TermSet();
  const scans = createWordScans(terms, unindexed);
  const wordsOfOrigin = createOriginWords(unindexed);
  const known = new WeakMap<Uint8Array, readonly number[]>();
  /** An origin of the partition is one object, which a hundred blocks name. */
  const wordsOfObject = (origin: Uint8Array): readonly number[] => {
    const words = known.get(origin) ?? wordsOfOrigin(origin);
    known.set(origin, words);
    return words;
  };
  return (signal, { bytes, ends, origins, arrivals }, originAt) => {
    const scan = scans[signal];
    for (const number of new Set(origins)) for (const word of wordsOfObject(originAt(number))) terms.word(word);
    let row = 0;
    let start = 0;
    for (const { rows, arrivedAt } of arrivals) {
      const arrived = Number(arrivedAt);
      for (const last = row + rows; row < last; row += 1) {
        const end = ends[row]!;
        scan(bytes, start, end, row, arrived);
        start = end;
      }
    }
    const { words, minTime, maxTime } = terms.take();
    return { words: new Uint32Array(words.buffer, words.byteOffset, words.length / 4), minTime, maxTime };
  };
};
