/**
 * Protobuf written forwards into one buffer that grows.
 *
 * A message's length stands before it and is known after it, so `begin` leaves one byte for it; `end` moves the message
 * where that was too little, which attributes hardly ever need and nothing needs twice.
 *
 *   const start = writer.begin(9);
 *   writer.string(1, "key");
 *   writer.end(start);
 *
 * Nothing is left out here: what is at its default is the caller's to see. Strings with lone surrogates get U+FFFD.
 *
 * Source  protobuf.dev/programming-guides/encoding
 */
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** The longest varint. */
const MAX_VARINT_BYTES = 10;
const INITIAL_BYTES = 1024;

export class ProtobufWriter {
  #bytes: Buffer;
  #view: DataView;
  #position = 0;

  constructor(expectedBytes: number = INITIAL_BYTES) {
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
    this.#view = viewOf(this.#bytes);
  }

  get position(): number {
    return this.#position;
  }

  /** What was written so far; a view, good until the next write. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#position);
  }

  /** Forgets what was written after this position. */
  rewind(position: number): void {
    this.#position = position;
  }

  begin(fieldNumber: number): number {
    this.#reserve(2 * MAX_VARINT_BYTES);
    this.#tag(fieldNumber, DELIMITED);
    return ++this.#position;
  }

  end(start: number): void {
    const length = this.#position - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = varintBytes(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#position);
    this.#position = start - 1;
    this.#varint(length);
    this.#position += length;
  }

  /** Any integer to 2^32; for an enum's negative value use `int64`. */
  uint32(fieldNumber: number, value: number): void {
    this.#reserve(2 * MAX_VARINT_BYTES);
    this.#tag(fieldNumber, VARINT);
    this.#varint(value);
  }

  sint32(fieldNumber: number, value: number): void {
    this.uint32(fieldNumber, ((value << 1) ^ (value >> 31)) >>> 0);
  }

  int64(fieldNumber: number, value: bigint): void {
    this.#reserve(2 * MAX_VARINT_BYTES);
    this.#tag(fieldNumber, VARINT);
    this.#varint64(value);
  }

  fixed32(fieldNumber: number, value: number): void {
    this.#reserve(MAX_VARINT_BYTES + 4);
    this.#tag(fieldNumber, FIXED32);
    this.#view.setUint32(this.#position, value, true);
    this.#position += 4;
  }

  /** sfixed64 too. */
  fixed64(fieldNumber: number, value: bigint): void {
    this.#reserve(MAX_VARINT_BYTES + 8);
    this.#tag(fieldNumber, FIXED64);
    this.#fixed64(value);
  }

  double(fieldNumber: number, value: number): void {
    this.#reserve(MAX_VARINT_BYTES + 8);
    this.#tag(fieldNumber, FIXED64);
    this.#double(value);
  }

  string(fieldNumber: number, text: string): void {
    const start = this.begin(fieldNumber);
    this.#reserve(text.length * 3);
    this.#position += this.#bytes.write(text, this.#position, "utf8");
    this.end(start);
  }

  bytes(fieldNumber: number, value: Uint8Array): void {
    this.#reserve(2 * MAX_VARINT_BYTES + value.length);
    this.#tag(fieldNumber, DELIMITED);
    this.#varint(value.length);
    this.raw(value);
  }

  /** Bytes that are fields already. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#position);
    this.#position += fields.length;
  }

  packedFixed64(fieldNumber: number, values: readonly bigint[]): void {
    const start = this.begin(fieldNumber);
    this.#reserve(values.length * 8);
    for (const value of values) this.#fixed64(value);
    this.end(start);
  }

  packedDouble(fieldNumber: number, values: readonly number[]): void {
    const start = this.begin(fieldNumber);
    this.#reserve(values.length * 8);
    for (const value of values) this.#double(value);
    this.end(start);
  }

  packedUint64(fieldNumber: number, values: readonly bigint[]): void {
    const start = this.begin(fieldNumber);
    this.#reserve(values.length * MAX_VARINT_BYTES);
    for (const value of values) this.#varint64(value);
    this.end(start);
  }

  #tag(fieldNumber: number, wireType: number): void {
    this.#varint(fieldNumber * 8 + wireType);
  }

  /** `value` is below 2^32. */
  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#position++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#position++] = rest;
  }

  /** A negative number takes ten bytes: its two's complement in 64 bits. */
  #varint64(value: bigint): void {
    if (value >= 0n && value <= 0x7fff_ffffn) return this.#varint(Number(value));
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#position++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#position++] = Number(rest);
  }

  #fixed64(value: bigint): void {
    this.#view.setBigUint64(this.#position, BigInt.asUintN(64, value), true);
    this.#position += 8;
  }

  #double(value: number): void {
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#position);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const varintBytes = (value: number): number => {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++;
  return bytes;
};
