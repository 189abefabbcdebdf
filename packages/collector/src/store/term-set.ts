/**
 * What is gathered of one block while its records are scanned: terms, and the time that they span.
 *
 * Out     places   u32 term, u32 row, … sorted by term, then row
 *         words    u32 … sorted, each once
 *         minTime, maxTime   Unix ns, each a little outside: a number is 256 ns apart from the next these days
 * Cost    no object per term; what a block has at most is kept for the next one.
 */
const FIRST_PLACES = 1_024;
const FIRST_SLOTS = 1 << 12;
/** A place and its row in one exact number, to be sorted without a comparison of ours: 32 + 21 bits. */
const ROWS = 2 ** 21;
/** A block may have no more. */
export const MAX_ROWS = ROWS;

const SLACK_NS = 2_048n;
/** What 63 bits hold; a clock that says more is broken. */
const LAST_NANO = 2n ** 63n - 1n;

export const clamped = (time: bigint): bigint => (time < 0n ? 0n : time > LAST_NANO ? LAST_NANO : time);

interface Gathered {
  readonly places: Buffer;
  readonly words: Buffer;
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

/** What a scan tells of each record. */
export interface Terms {
  place(term: number, row: number): void;
  word(term: number): void;
  time(unixNano: number): void;
}

export class TermSet implements Terms {
  #places = new Float64Array(FIRST_PLACES);
  #placeCount = 0;
  /** Open addressing; 0 is an empty slot, so the word 0 stands aside. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #wordCount = 0;
  #hasZero = false;
  #minTime = Number.POSITIVE_INFINITY;
  #maxTime = 0;

  place(term: number, row: number): void {
    if (this.#placeCount === this.#places.length) {
      const grown = new Float64Array(this.#places.length * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[this.#placeCount++] = term * ROWS + row;
  }

  word(term: number): void {
    if (term === 0) this.#hasZero = true;
    else if (this.#insert(this.#slots, term) && ++this.#wordCount * 2 > this.#slots.length) this.#grow();
  }

  time(unixNano: number): void {
    if (unixNano < this.#minTime) this.#minTime = unixNano;
    if (unixNano > this.#maxTime) this.#maxTime = unixNano;
  }

  /** Gives what was gathered and begins anew. */
  take(): Gathered {
    const taken = {
      places: this.#sortedPlaces(),
      words: this.#sortedWords(),
      minTime: clamped(BigInt(Math.min(this.#minTime, this.#maxTime)) - SLACK_NS),
      maxTime: clamped(BigInt(this.#maxTime) + SLACK_NS),
    };
    this.#minTime = Number.POSITIVE_INFINITY;
    this.#maxTime = 0;
    this.#placeCount = 0;
    // After a large block the table is let go: emptying it would cost every small block its size.
    if (this.#wordCount * 8 < this.#slots.length && this.#slots.length > FIRST_SLOTS)
      this.#slots = new Uint32Array(this.#slots.length / 2);
    else this.#slots.fill(0);
    this.#wordCount = 0;
    this.#hasZero = false;
    return taken;
  }

  #insert(slots: Uint32Array, term: number): boolean {
    const mask = slots.length - 1;
    let slot = term & mask;
    for (let known = slots[slot]!; known !== 0; known = slots[slot]!) {
      if (known === term) return false;
      slot = (slot + 1) & mask;
    }
    slots[slot] = term;
    return true;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#slots.length * 2);
    for (const term of this.#slots) if (term !== 0) this.#insert(grown, term);
    this.#slots = grown;
  }

  #sortedPlaces(): Buffer {
    const sorted = this.#places.subarray(0, this.#placeCount).toSorted();
    const pairs = new Uint32Array(sorted.length * 2);
    let at = 0;
    for (const packed of sorted) {
      const term = Math.floor(packed / ROWS);
      pairs[at++] = term;
      pairs[at++] = packed - term * ROWS;
    }
    return bytesOf(pairs);
  }

  #sortedWords(): Buffer {
    const words = new Uint32Array(this.#wordCount + Number(this.#hasZero));
    let at = Number(this.#hasZero);
    for (const term of this.#slots) if (term !== 0) words[at++] = term;
    return bytesOf(words.toSorted());
  }
}

/** Little-endian, as all machines that Node runs on are. */
const bytesOf = (numbers: Uint32Array): Buffer => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
