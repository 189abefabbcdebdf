/**
 * Reads what ByteWriter wrote, never past its end.
 *
 * Errors  StoreError `store-corrupt`, naming what was read and where. Nothing is allocated on the word of a length.
 */
import { StoreError } from "../../errors.ts";

export class ByteReader {
  readonly #bytes: Buffer;
  readonly #what: string;
  #position: number;

  constructor(bytes: Uint8Array, what: string, position: number = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#position = position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  byte(): number {
    const value = this.#bytes[this.#position];
    if (value === undefined) return this.fail("ends too early");
    this.#position += 1;
    return value;
  }

  u32(): number {
    if (this.remaining < 4) return this.fail("ends too early");
    const value = this.#bytes.readUInt32LE(this.#position);
    this.#position += 4;
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : this.fail("has a number that is too large");
    }
    return this.fail("has a number without an end");
  }

  signedVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    return this.fail("has a number without an end");
  }

  /** A view, no copy. */
  bytes(length: number): Buffer {
    if (length > this.remaining) return this.fail("ends too early");
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  fail(problem: string): never {
    throw new StoreError(
      "store-corrupt",
      `${this.#what} ${problem} at byte ${this.#position} of ${this.#bytes.length}`,
    );
  }
}
