/**
 * The terms of an active partition in memory, so that a question does not ask block by block: sorted runs, merged as
 * they grow, like a log-structured tree.
 *
 *   runs   oldest blocks ……………………… │ newer ………… │ newest …     each sorted by term, then block, then row
 *
 * Adjacent runs are merged when the newer is half as long as the older, so there are few however many commits came.
 */
import type { Place } from "./partition-reader.ts";

interface Run {
  readonly terms: Uint32Array;
  readonly blocks: Uint32Array;
  readonly rows: Uint32Array;
}

/** As many as can be told apart beside a term in one exact number: 32 + 21 bits. */
const MAX_SORTED = 2 ** 21;

export class TermIndex {
  readonly #runs: Run[] = [];
  #added: { readonly block: number; readonly pairs: Uint32Array }[] = [];
  #addedCount = 0;

  /** `pairs`: term, row, …; blocks come in ascending order. */
  add(block: number, pairs: Uint32Array): void {
    if (pairs.length === 0) return;
    if (this.#addedCount + pairs.length / 2 > MAX_SORTED) this.settle();
    this.#added.push({ block, pairs });
    this.#addedCount += pairs.length / 2;
  }

  /** Makes what was added findable. */
  settle(): void {
    if (this.#addedCount === 0) return;
    this.#runs.push(sortedRun(this.#added, this.#addedCount));
    this.#added = [];
    this.#addedCount = 0;
    for (;;) {
      const [older, newer] = this.#runs.slice(-2);
      if (!older || !newer || newer.terms.length * 2 < older.terms.length) return;
      this.#runs.splice(-2, 2, merged(older, newer));
    }
  }

  places(term: number): Place[] {
    const places: Place[] = [];
    for (const { terms, blocks, rows } of this.#runs) {
      for (let at = lowerBound(terms, term); terms[at] === term; at += 1)
        places.push({ block: blocks[at]!, row: rows[at]! });
    }
    return places;
  }

  get bytes(): number {
    return this.#runs.reduce((sum, { terms }) => sum + terms.length * 12, 0);
  }
}

const sortedRun = (added: readonly { readonly block: number; readonly pairs: Uint32Array }[], count: number): Run => {
  const keys = new Float64Array(count);
  const blocks = new Uint32Array(count);
  const rows = new Uint32Array(count);
  let index = 0;
  for (const { block, pairs } of added) {
    for (let at = 0; at < pairs.length; at += 2) {
      keys[index] = pairs[at]! * MAX_SORTED + index;
      blocks[index] = block;
      rows[index] = pairs[at + 1]!;
      index += 1;
    }
  }
  if (added.length > 1) keys.sort();
  const run = { terms: new Uint32Array(count), blocks: new Uint32Array(count), rows: new Uint32Array(count) };
  for (let at = 0; at < count; at += 1) {
    const term = Math.floor(keys[at]! / MAX_SORTED);
    const from = keys[at]! - term * MAX_SORTED;
    run.terms[at] = term;
    run.blocks[at] = blocks[from]!;
    run.rows[at] = rows[from]!;
  }
  return run;
};

/** Of equal terms the older's come first, which are of lower blocks. */
const merged = (older: Run, newer: Run): Run => {
  const count = older.terms.length + newer.terms.length;
  const run = { terms: new Uint32Array(count), blocks: new Uint32Array(count), rows: new Uint32Array(count) };
  let left = 0;
  let right = 0;
  for (let at = 0; at < count; at += 1) {
    const isOlder = left < older.terms.length && !(newer.terms[right]! < older.terms[left]!);
    const from = isOlder ? older : newer;
    const index = isOlder ? left++ : right++;
    run.terms[at] = from.terms[index]!;
    run.blocks[at] = from.blocks[index]!;
    run.rows[at] = from.rows[index]!;
  }
  return run;
};

const lowerBound = (terms: Uint32Array, term: number): number => {
  let low = 0;
  let high = terms.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (terms[middle]! < term) low = middle + 1;
    else high = middle;
  }
  return low;
};
