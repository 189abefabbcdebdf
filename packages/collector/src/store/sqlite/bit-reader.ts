/**
 * Reads what BitWriter wrote. Behind the end it reads what lies there, or zeros: whoever reads checks `isPastEnd` now
 * and then, so that the loop has no check per bit.
 */
import { RICE_ESCAPE } from "./bit-writer.ts";

/** That many bits are in sight wherever within a byte one stands. */
const SIGHT = 25;

export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  /** Bits of the bytes from `start` to `end`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#position = start * 8;
    this.#end = end * 8;
  }

  get isPastEnd(): boolean {
    return this.#position > this.#end;
  }

  bits(width: number): number {
    if (width > SIGHT) return this.bits(width - 16) * 2 ** 16 + this.bits(16);
    const value = width === 0 ? 0 : this.#sight() >>> (32 - width);
    this.#position += width;
    return value;
  }

  rice(k: number): number {
    const quotient = Math.min(Math.clz32(~this.#sight()), RICE_ESCAPE);
    if (quotient === RICE_ESCAPE) {
      this.#position += RICE_ESCAPE;
      return this.bits(32);
    }
    this.#position += quotient + 1;
    return quotient * 2 ** k + this.bits(k);
  }

  /** The next SIGHT bits, leftmost in 32. */
  #sight(): number {
    const at = this.#position >>> 3;
    const bytes = this.#bytes;
    const four =
      at + 4 <= bytes.length
        ? (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
        : ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8);
    return four << (this.#position & 7);
  }
}
