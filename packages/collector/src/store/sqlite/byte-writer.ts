/**
 * Bytes that grow: what the store's own formats are written with. Numbers little-endian; varints as protobuf has them.
 */
import { giveBack } from "../../give-back.ts";

const FIRST_CAPACITY = 1_024;
const NOTHING = Buffer.alloc(0);

export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity: number = FIRST_CAPACITY) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#buffer.length;
  }

  /** What was written; valid until the next write. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Of its memory; what was written is gone, too. */
  giveBack(): void {
    giveBack(this.#buffer.buffer);
    this.#buffer = NOTHING;
    this.#length = 0;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** An integer from 0 to 2^53-1. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    for (; rest > 0x7f; rest >>>= 7) this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
    this.#buffer[this.#length++] = rest;
  }

  /** 64 bits with a sign, small ones short (zigzag). */
  signedVarint(value: bigint): void {
    this.#room(10);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#length++] = Number(rest);
  }

  bytes(source: Buffer, start: number = 0, end: number = source.length): void {
    this.#room(end - start);
    copyBytes(source, start, end, this.#buffer, this.#length);
    this.#length += end - start;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    giveBack(this.#buffer.buffer);
    this.#buffer = larger;
  }
}

/** Up to here a loop is faster than a call out of JavaScript. */
const FEW = 32;

export const copyBytes = (source: Buffer, start: number, end: number, target: Buffer, at: number): void => {
  if (end - start > FEW) {
    source.copy(target, at, start, end);
    return;
  }
  for (let from = start, to = at; from < end; from += 1, to += 1) target[to] = source[from]!;
};

export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
