/** Bits that grow, high ones first within a byte. */
export class BitWriter {
  #bytes = Buffer.alloc(4_096);
  #bits = 0;

  get byteLength(): number {
    return Math.ceil(this.#bits / 8);
  }

  /** The last byte filled up with zeros; valid until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.byteLength);
  }

  clear(): void {
    this.#bytes.fill(0, 0, this.byteLength);
    this.#bits = 0;
  }

  /** The low `width` (at most 32) bits of an unsigned integer. */
  bits(value: number, width: number): void {
    if (this.#bits + 40 > this.#bytes.length * 8) this.#grow();
    const bytes = this.#bytes;
    let at = this.#bits >>> 3;
    let left = width - (8 - (this.#bits & 7)); // what does not fit the byte that was begun
    this.#bits += width;
    if (left <= 0) {
      bytes[at]! |= low(value, width) << -left;
      return;
    }
    bytes[at]! |= low(value, width) >>> left;
    for (; left > 8; left -= 8) bytes[++at] = value >>> (left - 8);
    bytes[++at] = value << (8 - left);
  }

  /** Golomb-Rice: `value >> k` in unary, its low k bits as they are; short for values around 2^k. */
  rice(value: number, k: number): void {
    const quotient = k === 32 ? 0 : value >>> k;
    if (quotient >= RICE_ESCAPE) {
      this.bits(2 ** RICE_ESCAPE - 1, RICE_ESCAPE);
      this.bits(value, 32);
      return;
    }
    this.bits((2 << quotient) - 2, quotient + 1);
    this.bits(value, k);
  }

  #grow(): void {
    const larger = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

/** From this quotient on the value stands there in 32 bits: an outlier costs 7 bytes and not a megabyte. */
export const RICE_ESCAPE = 24;

const low = (value: number, width: number): number => (width === 32 ? value >>> 0 : value & ((1 << width) - 1));
