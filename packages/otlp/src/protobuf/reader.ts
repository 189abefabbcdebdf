/**
 * Protobuf fields, one after the other, without an object per field.
 *
 * `next()` reads a tag and finds where its value lies; the reader's properties and typed methods then speak of that
 * field until the next call. A field nobody asks about has cost its tag and length. Messages are entered, read to
 * their end (or left early) and left:
 *
 *   const outer = reader.enter("status");
 *   while (reader.next()) if (reader.fieldNumber === 2) message = reader.string();
 *   reader.leave(outer);
 *
 * Errors  DecodeError with the path of entered messages and the byte offset. A known field with another wire type is
 *         an error (official readers take it for an unknown one), groups too: no OTLP sender writes either.
 * Source  protobuf.dev/programming-guides/encoding
 */
import { DecodeError, type DecodeErrorCode } from "../decode-error.ts";

export const VARINT = 0;
export const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Index of a message that does not repeat. */
const SINGULAR = -1;

export class ProtobufReader {
  /** Of the current field, as `next()` found it. */
  fieldNumber = 0;
  wireType = 0;
  /** The current value's bytes, without tag and length: [start, end). */
  start = 0;
  end = 0;

  readonly #bytes: Buffer;
  readonly #view: DataView;
  #position = 0;
  #limit: number;
  /** The last varint read, as two unsigned halves: most varints fit the low one, and bigint is slow. */
  #low = 0;
  #high = 0;
  readonly #names: string[] = [];
  readonly #indexes: number[] = [];
  /** By field number, the last that was read. */
  readonly #repeated: { readonly start: number; readonly end: number; readonly text: string }[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limit = bytes.byteLength;
  }

  /** Reads another message of the same bytes, in [start, end), from its beginning. */
  begin(start: number, end: number): void {
    this.#position = start;
    this.#limit = end;
    this.#names.length = 0;
    this.#indexes.length = 0;
  }

  /** Where the next field's tag stands. */
  get position(): number {
    return this.#position;
  }

  /** Moves to the next field of the entered message; false at its end. */
  next(): boolean {
    if (this.#position >= this.#limit) return false;
    const tagOffset = this.#position;
    this.#readVarint();
    this.fieldNumber = this.#low >>> 3;
    this.wireType = this.#low & 7;
    if (this.#high !== 0 || this.fieldNumber === 0) this.#failAt(tagOffset, "illegal tag");
    switch (this.wireType) {
      case VARINT:
        this.start = this.#position;
        this.#readVarint();
        this.end = this.#position;
        return true;
      case FIXED64:
        return this.#take(8);
      case LENGTH_DELIMITED:
        this.#readVarint();
        return this.#take(this.#high * 2 ** 32 + this.#low);
      case FIXED32:
        return this.#take(4);
      default:
        return this.#failAt(tagOffset, `unsupported wire type ${this.wireType} of field ${this.fieldNumber}`);
    }
  }

  /** Reads on inside the current value. `name` and `index` are for error paths; what it returns is for `leave`. */
  enter(name: string, index: number = SINGULAR): number {
    this.#expect(LENGTH_DELIMITED);
    const outer = this.#limit;
    this.#position = this.start;
    this.#limit = this.end;
    this.#names.push(name);
    this.#indexes.push(index);
    return outer;
  }

  /** Reads on after the entered message, wherever in it the reader stands. */
  leave(outer: number): void {
    this.#position = this.#limit;
    this.#limit = outer;
    this.#names.pop();
    this.#indexes.pop();
  }

  uint32(): number {
    this.#expect(VARINT);
    return this.#low;
  }

  /** Enums too: proto3 enums are open, and a value without a name is kept. */
  int32(): number {
    this.#expect(VARINT);
    return this.#low | 0;
  }

  int64(): bigint {
    this.#expect(VARINT);
    if (this.#high === 0) return BigInt(this.#low);
    return BigInt.asIntN(64, (BigInt(this.#high) << 32n) | BigInt(this.#low));
  }

  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  /** Zigzag: 0, -1, 1, -2 … */
  sint32(): number {
    this.#expect(VARINT);
    return (this.#low >>> 1) ^ -(this.#low & 1);
  }

  bool(): boolean {
    this.#expect(VARINT);
    return this.#low !== 0 || this.#high !== 0;
  }

  fixed32(): number {
    this.#expect(FIXED32);
    return this.#view.getUint32(this.start, true);
  }

  fixed64(): bigint {
    this.#expect(FIXED64);
    return this.#view.getBigUint64(this.start, true);
  }

  sfixed64(): bigint {
    return BigInt.asIntN(64, this.fixed64());
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#view.getFloat64(this.start, true);
  }

  /** Invalid UTF-8 becomes U+FFFD: a sender's broken string must not cost it the batch. */
  string(): string {
    this.#expect(LENGTH_DELIMITED);
    return this.#bytes.toString("utf8", this.start, this.end);
  }

  /** A copy, so that one value does not keep the whole message in memory. */
  bytes(): Uint8Array {
    this.#expect(LENGTH_DELIMITED);
    return new Uint8Array(this.#bytes.subarray(this.start, this.end));
  }

  /** Bytes as ids are spelled. */
  hex(): string {
    this.#expect(LENGTH_DELIMITED);
    return this.#bytes.toString("hex", this.start, this.end);
  }

  /** The same of a field that many messages of these bytes have alike: then it is the same text. */
  repeatedHex(): string {
    this.#expect(LENGTH_DELIMITED);
    const { start, end, fieldNumber } = this;
    const before = this.#repeated[fieldNumber];
    if (before && end - start === before.end - before.start && this.#isSame(before.start, start, end - start))
      return before.text;
    const text = this.#bytes.toString("hex", start, end);
    this.#repeated[fieldNumber] = { start, end, text };
    return text;
  }

  #isSame(a: number, b: number, length: number): boolean {
    for (let n = 0; n < length; n += 1) if (this.#bytes[a + n] !== this.#bytes[b + n]) return false;
    return true;
  }

  /** Repeated numbers stand packed in one value or each in its own; `read` is called for each of them. */
  packable(wireType: number, read: () => void): void {
    if (this.wireType !== LENGTH_DELIMITED) return read();
    const outer = this.#limit;
    const { end } = this;
    this.#position = this.start;
    this.#limit = end;
    this.wireType = wireType;
    while (this.#position < end) {
      this.start = this.#position;
      if (wireType === VARINT) this.#readVarint();
      else this.#take(8);
      read();
    }
    this.#limit = outer;
  }

  /** For what the reader cannot know, such as a value nested too deep. */
  fail(problem: string, code?: DecodeErrorCode): never {
    return this.#failAt(this.start, problem, code);
  }

  /** The same for the entered message, at whose end the reader stands. */
  refuse(problem: string, code: DecodeErrorCode): never {
    return this.#failAt(this.#position, problem, code);
  }

  /** What `read` makes of the current value, or why it cannot; either way the reader then stands after the value. */
  attempt<T>(read: () => T): T | DecodeError {
    const { end } = this;
    const outer = this.#limit;
    const depth = this.#names.length;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#position = end;
      this.#limit = outer;
      this.#names.length = depth;
      this.#indexes.length = depth;
      return error;
    }
  }

  #take(length: number): true {
    this.start = this.#position;
    this.end = this.start + length;
    if (this.end > this.#limit) this.#failAt(this.start, `truncated value of field ${this.fieldNumber}`);
    this.#position = this.end;
    return true;
  }

  #readVarint(): void {
    const offset = this.#position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= this.#limit) this.#failAt(offset, "truncated varint");
      const byte = this.#view.getUint8(this.#position++);
      if (shift < 32) low |= (byte & 0x7f) << shift;
      if (shift === 28) high = (byte & 0x7f) >>> 4;
      if (shift > 28) high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    this.#failAt(offset, "varint longer than 10 bytes");
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType)
      this.fail(`field ${this.fieldNumber} has wire type ${this.wireType}, expected ${wireType}`);
  }

  #failAt(offset: number, problem: string, code: DecodeErrorCode = "invalid-protobuf"): never {
    const path = this.#names.map((name, i) => (this.#indexes[i] === SINGULAR ? name : `${name}[${this.#indexes[i]}]`));
    const where = `at byte ${offset} of ${this.#bytes.length}`;
    throw new DecodeError(code, path.join("."), `${problem} ${where}`, offset);
  }
}
