/**
 * The terms that one question asks for, each once, and where each leads in a filter of terms (term-filter.ts): worked out
 * once, however many partitions are asked. Nearly all filters have the same seed.
 */
export interface TermHashes {
  /** Which segments. */
  readonly hashes: Uint32Array;
  /** Where in them. */
  readonly withins: Uint32Array;
  /** What stands there, together. */
  readonly prints: Uint8Array;
}

export class SoughtTerms {
  readonly terms: Uint32Array;
  readonly #bySeed = new Map<number, TermHashes>();

  constructor(terms: Iterable<number>) {
    this.terms = eachOnce(Uint32Array.from(terms));
  }

  hashes(seed: number): TermHashes {
    const known = this.#bySeed.get(seed) ?? termHashes(this.terms, seed);
    this.#bySeed.set(seed, known);
    return known;
  }
}

/** Sorted: what is looked up one after the other then lies near each other. */
const eachOnce = (terms: Uint32Array): Uint32Array => {
  terms.sort();
  let count = 0;
  for (const term of terms) if (count === 0 || term !== terms[count - 1]) terms[count++] = term;
  return terms.subarray(0, count);
};

/** In the order of the terms. */
export const termHashes = (terms: Uint32Array, seed: number): TermHashes => {
  const count = terms.length;
  const [hashes, withins, prints] = [new Uint32Array(count), new Uint32Array(count), new Uint8Array(count)];
  const mixedSeed = mixed(seed);
  for (let n = 0; n < count; n += 1) {
    const hash = mixed(terms[n]! ^ mixedSeed);
    hashes[n] = hash;
    withins[n] = mixed(hash + 0x9e37_79b9);
    prints[n] = mixed(hash ^ 0x5bd1_e995);
  }
  return { hashes, withins, prints };
};

/** Terms are hashes, but their lowest bits say their kind. */
const mixed = (term: number): number => {
  let hash = term;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
