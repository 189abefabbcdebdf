/**
 * The terms of an active partition in memory, so that a question does not ask block by block: sorted runs, merged as
 * they grow, like a log-structured tree.
 *
 *   runs   oldest blocks ……………………… │ newer ………… │ newest …     each sorted by term, then number
 *
 * Adjacent runs are merged when the newer is half as long as the older, so there are few however many commits came.
 *
 * Memory  8 bytes an entry; what a merge has replaced is given back at once, for a collection of garbage comes much later.
 */
import { giveBack } from "../../give-back.ts";

interface Run {
  readonly terms: Uint32Array;
  readonly numbers: Uint32Array;
}

/** As many as can be told apart beside a term in one exact number: 32 + 21 bits. */
const MAX_SORTED = 2 ** 21;
const ENTRY_BYTES = 8;

export class TermIndex {
  readonly #runs: Run[] = [];
  #added: Uint32Array[] = [];
  #addedCount = 0;

  /** Term, number, …; numbers of one term come in ascending order. */
  add(pairs: Uint32Array): void {
    if (pairs.length === 0) return;
    if (this.#addedCount + pairs.length / 2 > MAX_SORTED) this.settle();
    this.#added.push(pairs);
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
      give(older);
      give(newer);
    }
  }

  numbers(term: number): number[] {
    const found: number[] = [];
    for (const { terms, numbers } of this.#runs) {
      for (let at = lowerBound(terms, term); terms[at] === term; at += 1) found.push(numbers[at]!);
    }
    return found;
  }

  get bytes(): number {
    return this.#runs.reduce((sum, { terms }) => sum + terms.length * ENTRY_BYTES, 0);
  }

  /** Empty afterwards. */
  clear(): void {
    for (const run of this.#runs.splice(0)) give(run);
    this.#added = [];
    this.#addedCount = 0;
  }
}

const runOf = (count: number): Run => ({ terms: new Uint32Array(count), numbers: new Uint32Array(count) });

const give = ({ terms, numbers }: Run): void => {
  giveBack(terms.buffer);
  giveBack(numbers.buffer);
};

const sortedRun = (added: readonly Uint32Array[], count: number): Run => {
  const keys = new Float64Array(count);
  const numbers = new Uint32Array(count);
  let index = 0;
  for (const pairs of added) {
    for (let at = 0; at < pairs.length; at += 2) {
      keys[index] = pairs[at]! * MAX_SORTED + index;
      numbers[index] = pairs[at + 1]!;
      index += 1;
    }
  }
  if (added.length > 1) keys.sort();
  const run = runOf(count);
  for (let at = 0; at < count; at += 1) {
    const term = Math.floor(keys[at]! / MAX_SORTED);
    run.terms[at] = term;
    run.numbers[at] = numbers[keys[at]! - term * MAX_SORTED]!;
  }
  giveBack(keys.buffer);
  giveBack(numbers.buffer);
  return run;
};

/** Of equal terms the older's come first, which lead to lower numbers. */
const merged = (older: Run, newer: Run): Run => {
  const count = older.terms.length + newer.terms.length;
  const run = runOf(count);
  let left = 0;
  let right = 0;
  for (let at = 0; at < count; at += 1) {
    const isOlder = left < older.terms.length && !(newer.terms[right]! < older.terms[left]!);
    const from = isOlder ? older : newer;
    const index = isOlder ? left++ : right++;
    run.terms[at] = from.terms[index]!;
    run.numbers[at] = from.numbers[index]!;
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
