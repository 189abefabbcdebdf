/**
 * JSON text of one message → its protobuf, byte by byte in one pass, without objects, strings or bigints between.
 *
 * It knows the usual: what OpenTelemetry's exporters write, in any order and spacing. Whatever else may be meant or wrong
 * (a key twice, two cases of a oneof, an enum by name, a number as 1e3, base64, ids that are no hex, bad syntax) it calls
 * ODD and leaves to parse.ts and the …FromJson, which then decide. So it must never write something else than they
 * would, and need not find out what is wrong.
 *
 * Cost    a span of eleven attributes, 1 kB: 4 µs (JSON.parse alone: 9 µs; parsing, decoding and encoding: 18 µs;
 *         Node 24, on a machine with other work, bench/ingest has the whole)
 */
import { MAX_ANY_VALUE_DEPTH } from "../any-value.ts";
import { type Field, type Message, MESSAGES } from "../schema.ts";
import { skipJson, skipSpace } from "./skip.ts";

/** In place of a position. */
export const ODD = -1;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;

const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const MESSAGE = 0;
const STRING = 1;
const ID = 2;
const BOOL = 3;
const UINT32 = 4;
const ENUM = 5;
const SINT32 = 6;
const INT64 = 7;
const UINT64 = 8;
const FIXED_UINT32 = 9;
const FIXED_UINT64 = 10;
const FIXED_INT64 = 11;
const DOUBLE = 12;
const BYTES = 13;

const KINDS = {
  string: STRING,
  id: ID,
  bytes: BYTES,
  bool: BOOL,
  uint32: UINT32,
  sint32: SINT32,
  int64: INT64,
  uint64: UINT64,
  fixed32: FIXED_UINT32,
  fixed64: FIXED_UINT64,
  sfixed64: FIXED_INT64,
  double: DOUBLE,
  SpanKind: ENUM,
  StatusCode: ENUM,
  SeverityNumber: ENUM,
  AggregationTemporality: ENUM,
} as const;

const WIRE_TYPES: readonly number[] = [
  DELIMITED,
  DELIMITED,
  DELIMITED,
  0,
  0,
  0,
  0,
  0,
  0,
  FIXED32,
  FIXED64,
  FIXED64,
  FIXED64,
  DELIMITED,
];

/** A field as the scanner wants it: numbers only. */
interface Plan {
  readonly name: Uint8Array;
  readonly bit: number;
  readonly fieldNumber: number;
  readonly tag: number;
  readonly kind: number;
  readonly message: number;
  readonly isRepeated: boolean;
  readonly hasPresence: boolean;
  readonly isCase: boolean;
  /** An id must have this many bytes and not be all zero; 0 where any will do. */
  readonly idBytes: number;
}

const idBytesOf = (message: Message, { name }: Field): number => {
  if (message.name !== "Span") return 0;
  return name === "traceId" ? 16 : name === "spanId" ? 8 : 0;
};

const planOf = (message: Message, field: Field, index: number): Plan => {
  const { name, number, type, isRepeated, hasPresence, isCase } = field;
  const kind = typeof type === "object" ? MESSAGE : KINDS[type];
  const isPacked = isRepeated && kind !== MESSAGE && kind !== STRING;
  return {
    name: Buffer.from(name),
    bit: 1 << index,
    fieldNumber: number,
    tag: number * 8 + (isPacked ? DELIMITED : WIRE_TYPES[kind]!),
    kind,
    message: typeof type === "object" ? type.id : 0,
    isRepeated,
    hasPresence,
    isCase,
    idBytes: idBytesOf(message, field),
  };
};

/** Factors found by trial: no two names of one message meet in a slot, which is checked below. */
const SLOTS = 64;
const slotOf = (length: number, first: number, last: number): number => (length + first * 3 + last * 2) & (SLOTS - 1);

const PLANS: readonly (readonly (Plan | undefined)[])[] = Object.values(MESSAGES).map((message) => {
  const slots = Array.from({ length: SLOTS }, (): Plan | undefined => undefined);
  for (const [index, field] of message.fields.entries()) {
    const plan = planOf(message, field, index);
    const slot = slotOf(plan.name.length, plan.name[0]!, plan.name.at(-1)!);
    if (slots[slot] !== undefined) throw new Error(`two fields of ${message.name} share a slot`);
    slots[slot] = plan;
  }
  return slots;
});

const ANY_VALUE = MESSAGES.AnyValue.id;

/** 1 for what ends a run of plain text: the quote, the backslash, control characters. */
const STOPS = new Uint8Array(256).fill(1, 0, 0x20);
STOPS[QUOTE] = 1;
STOPS[BACKSLASH] = 1;

const HEX = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The letter after a backslash → what it means; 0 where it means nothing. */
const ESCAPES = new Uint8Array(256);
for (const pair of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"])
  ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);

const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** So many digits are exact in a double. */
const EXACT_DIGITS = 15;
const UINT64_DIGITS = 20;
const TWO_32 = 2 ** 32;

export class JsonScanner {
  readonly #input: Buffer;
  #output: Buffer;
  #position = 0;
  /** The last whole number read, in two unsigned halves. */
  #low = 0;
  #high = 0;
  /** Of the two that a span must have. */
  #soundIds = 0;
  readonly #double = new DataView(new ArrayBuffer(8));

  constructor(input: Uint8Array) {
    this.#input = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
    this.#output = Buffer.allocUnsafeSlow((input.length >>> 1) + 64);
  }

  /** Of what is written. */
  get position(): number {
    return this.#position;
  }

  rewind(position: number): void {
    this.#position = position;
  }

  /** A view, good until the next write. */
  written(start = 0): Buffer {
    return this.#output.subarray(start, this.#position);
  }

  append(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#output.set(fields, this.#position);
    this.#position += fields.length;
  }

  /** The one field, tag and all, whose value stands at `position` of the text; the position after it, or ODD. */
  field({ id }: Message, name: string, position: number): number {
    const plan = PLANS[id]![slotOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1))]!;
    return this.#value(plan, position, 0);
  }

  /** The fields of the record that stands at `position` of the text; the position after it, or ODD. */
  record({ id, name }: Message, position: number): number {
    this.#soundIds = 0;
    const after = this.#message(id, position, 0);
    return name === "Span" && this.#soundIds < 2 ? ODD : after;
  }

  #message(message: number, position: number, depth: number): number {
    const input = this.#input;
    if (message === ANY_VALUE && ++depth > MAX_ANY_VALUE_DEPTH) return ODD;
    if (input[position] !== 0x7b) return ODD;
    const plans = PLANS[message]!;
    let seen = 0;
    let hasCase = false;
    let at = skipSpace(input, position + 1);
    if (input[at] === 0x7d) return at + 1;
    for (;;) {
      if (input[at] !== QUOTE) return ODD;
      const keyStart = ++at;
      while (STOPS[input[at]!] === 0) at++;
      if (input[at] !== QUOTE) return ODD;
      const length = at - keyStart;
      const plan = plans[slotOf(length, input[keyStart]!, input[at - 1]!)];
      at++;
      if (input[at] !== COLON) {
        at = skipSpace(input, at);
        if (input[at] !== COLON) return ODD;
      }
      at = skipSpace(input, at + 1);
      if (plan === undefined || !isAt(input, keyStart, length, plan.name)) at = skipJson(input, at);
      else {
        if ((seen & plan.bit) !== 0) return ODD;
        seen |= plan.bit;
        if (input[at] === LETTER_N) at = skipJson(input, at);
        else {
          if (plan.isCase) {
            if (hasCase) return ODD;
            hasCase = true;
          }
          at = plan.isRepeated ? this.#list(plan, at, depth) : this.#value(plan, at, depth);
        }
      }
      if (at < 0) return ODD;
      at = skipSpace(input, at);
      const next = input[at];
      if (next === 0x7d) return at + 1;
      if (next !== COMMA) return ODD;
      at = skipSpace(input, at + 1);
    }
  }

  #list(plan: Plan, position: number, depth: number): number {
    const input = this.#input;
    if (input[position] !== 0x5b) return ODD;
    let at = skipSpace(input, position + 1);
    if (input[at] === 0x5d) return at + 1;
    const isPacked = plan.kind !== MESSAGE && plan.kind !== STRING;
    const start = isPacked ? this.#begin(plan.tag) : 0;
    for (;;) {
      if (plan.kind === MESSAGE) at = this.#nested(plan, at, depth);
      else if (plan.kind === STRING) at = this.#string(plan.tag, at, true);
      else at = this.#packed(plan.kind, at);
      if (at < 0) return ODD;
      at = skipSpace(input, at);
      const next = input[at];
      if (next === 0x5d) break;
      if (next !== COMMA) return ODD;
      at = skipSpace(input, at + 1);
    }
    if (isPacked) this.#end(start);
    return at + 1;
  }

  #value(plan: Plan, position: number, depth: number): number {
    switch (plan.kind) {
      case MESSAGE:
        return this.#nested(plan, position, depth);
      case STRING:
        return this.#string(plan.tag, position, plan.hasPresence);
      case ID:
        return this.#id(plan, position);
      case BOOL:
        return this.#bool(plan, position);
      case UINT32:
      case ENUM:
      case SINT32:
      case FIXED_UINT32:
        return this.#number32(plan, position);
      case INT64:
      case FIXED_UINT64:
      case FIXED_INT64:
        return this.#number64(plan, position);
      case DOUBLE:
        return this.#doubleField(plan, position);
      default:
        return ODD;
    }
  }

  #nested(plan: Plan, position: number, depth: number): number {
    const start = this.#begin(plan.tag);
    const after = this.#message(plan.message, position, depth);
    if (after >= 0) this.#end(start);
    return after;
  }

  #string(tag: number, position: number, hasPresence: boolean): number {
    if (this.#input[position] !== QUOTE) return ODD;
    const before = this.#position;
    const start = this.#begin(tag);
    const after = this.#text(position + 1);
    if (after < 0) return ODD;
    if (this.#position > start || hasPresence) this.#end(start);
    else this.#position = before;
    return after;
  }

  /** From behind the opening quote to behind the closing one. */
  #text(position: number): number {
    const input = this.#input;
    const end = input.length;
    let at = position;
    for (;;) {
      const output = this.#output;
      let to = this.#position;
      const run = Math.min(end, at + output.length - to);
      while (at < run && STOPS[input[at]!] === 0) output[to++] = input[at++]!;
      this.#position = to;
      if (at >= end) return ODD;
      if (at === run) {
        this.#reserve(1024);
        continue;
      }
      if (input[at] === QUOTE) return at + 1;
      if (input[at] !== BACKSLASH) return ODD;
      at = this.#escape(at + 1);
      if (at < 0) return ODD;
    }
  }

  #escape(position: number): number {
    const input = this.#input;
    this.#reserve(4);
    const letter = input[position]!;
    if (letter !== 0x75) {
      const meaning = ESCAPES[letter]!;
      if (!(meaning > 0)) return ODD;
      this.#output[this.#position++] = meaning;
      return position + 1;
    }
    let code = hex4(input, position + 1);
    let after = position + 5;
    if (code < 0) return ODD;
    if (code >= 0xd800 && code < 0xdc00 && input[after] === BACKSLASH && input[after + 1] === 0x75) {
      const low = hex4(input, after + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        after += 6;
      }
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd; // alone, it is no character
    this.#utf8(code);
    return after;
  }

  #utf8(code: number): void {
    const output = this.#output;
    if (code < 0x80) {
      output[this.#position++] = code;
      return;
    }
    if (code < 0x800) output[this.#position++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x1_0000) output[this.#position++] = 0xe0 | (code >> 12);
      else {
        output[this.#position++] = 0xf0 | (code >> 18);
        output[this.#position++] = 0x80 | ((code >> 12) & 0x3f);
      }
      output[this.#position++] = 0x80 | ((code >> 6) & 0x3f);
    }
    output[this.#position++] = 0x80 | (code & 0x3f);
  }

  #id({ tag, idBytes }: Plan, position: number): number {
    const input = this.#input;
    if (input[position] !== QUOTE) return ODD;
    const before = this.#position;
    const start = this.#begin(tag);
    this.#reserve(32);
    const output = this.#output;
    const limit = start + 32;
    let to = start;
    let bits = 0;
    let at = position + 1;
    while (to < limit) {
      const high = HEX[input[at]!]!;
      const low = HEX[input[at + 1]!]!;
      if (!(high >= 0 && low >= 0)) break;
      const byte = (high << 4) | low;
      bits |= byte;
      output[to++] = byte;
      at += 2;
    }
    if (input[at] !== QUOTE) return ODD;
    const length = to - start;
    if (idBytes !== 0) {
      if (length !== idBytes || bits === 0) return ODD;
      this.#soundIds++;
    }
    this.#position = to;
    if (length > 0) this.#end(start);
    else this.#position = before;
    return at + 1;
  }

  #bool({ tag, hasPresence }: Plan, position: number): number {
    const input = this.#input;
    const isTrue = input[position] === 0x74;
    const after = skipJson(input, position);
    if (after < 0 || (!isTrue && input[position] !== 0x66)) return ODD;
    if (isTrue || hasPresence) {
      this.#reserve(4);
      this.#tag(tag);
      this.#output[this.#position++] = isTrue ? 1 : 0;
    }
    return after;
  }

  /** Bare, as JSON asks for. */
  #number32({ tag, kind }: Plan, position: number): number {
    const after = this.#integer32(kind, position);
    if (after < 0 || this.#low === 0) return after;
    this.#reserve(16);
    this.#tag(tag);
    if (kind === FIXED_UINT32) this.#fixed32(this.#low);
    else this.#varint(this.#low);
    return after;
  }

  /** Leaves in #low what is to be written. */
  #integer32(kind: number, position: number): number {
    const isNegative = this.#input[position] === MINUS;
    if (isNegative && kind !== SINT32) return ODD;
    const after = this.#digits(isNegative ? position + 1 : position, true);
    if (after < 0 || this.#high !== 0) return ODD;
    const value = this.#low;
    if (kind === SINT32) {
      if (value > 0x7fff_ffff) return ODD;
      this.#low = (isNegative ? 2 * value - (value > 0 ? 1 : 0) : 2 * value) >>> 0;
    } else if (kind === ENUM && value > 0x7fff_ffff) return ODD;
    return after;
  }

  #number64({ tag, kind, hasPresence }: Plan, position: number): number {
    const after = this.#integer64(kind, position);
    if (after < 0) return ODD;
    if (this.#low === 0 && this.#high === 0 && !hasPresence) return after;
    this.#reserve(16);
    this.#tag(tag);
    if (kind === INT64) this.#varint64();
    else this.#fixed64();
    return after;
  }

  /** In quotes or bare. */
  #integer64(kind: number, position: number): number {
    const input = this.#input;
    const isQuoted = input[position] === QUOTE;
    let at = isQuoted ? position + 1 : position;
    const isNegative = input[at] === MINUS;
    const isSigned = kind === INT64 || kind === FIXED_INT64;
    if (isNegative) {
      if (!isSigned) return ODD;
      at++;
    }
    at = this.#digits(at, !isQuoted);
    if (at < 0) return ODD;
    if (isSigned && !this.#sign(isNegative)) return ODD;
    if (!isQuoted) return at;
    return input[at] === QUOTE ? at + 1 : ODD;
  }

  /** Makes two's complement of a magnitude; false where it has no room. */
  #sign(isNegative: boolean): boolean {
    if (!isNegative) return this.#high <= 0x7fff_ffff;
    if (this.#high > 0x8000_0000 || (this.#high === 0x8000_0000 && this.#low > 0)) return false;
    this.#low = (~this.#low + 1) >>> 0;
    this.#high = (~this.#high + (this.#low === 0 ? 1 : 0)) >>> 0;
    return true;
  }

  /** A whole number below 2^64 into #low and #high. Bare, it must be all of the JSON number. */
  #digits(position: number, isBare: boolean): number {
    const input = this.#input;
    let at = position;
    let head = 0;
    for (const limit = position + EXACT_DIGITS; at < limit; at++) {
      const digit = input[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      head = head * 10 + digit;
    }
    if (at === position) return ODD;
    this.#high = Math.floor(head / TWO_32);
    this.#low = head >>> 0;
    if (at === position + EXACT_DIGITS) {
      const tailStart = at;
      let tail = 0;
      for (const limit = position + UINT64_DIGITS; at < limit; at++) {
        const digit = input[at]! - ZERO;
        if (!(digit >= 0 && digit <= 9)) break;
        tail = tail * 10 + digit;
      }
      const factor = POWERS_OF_TEN[at - tailStart]!;
      const low = this.#low * factor + tail; // below 2^49
      const high = this.#high * factor + Math.floor(low / TWO_32);
      if (high >= TWO_32) return ODD;
      this.#low = low >>> 0;
      this.#high = high;
      const next = input[at]! - ZERO;
      if (next >= 0 && next <= 9) return ODD;
    }
    if (!isBare) return at;
    const next = input[at];
    if (next === DOT || next === 0x65 || next === 0x45) return ODD;
    return input[position] === ZERO && at > position + 1 ? ODD : at;
  }

  #doubleField({ tag, hasPresence }: Plan, position: number): number {
    this.#reserve(16);
    const before = this.#position;
    this.#tag(tag);
    const after = this.#number(position);
    if (after < 0) return ODD;
    if (!hasPresence && this.#isZero()) this.#position = before;
    return after;
  }

  #isZero(): boolean {
    for (let at = this.#position - 8; at < this.#position; at++) if (this.#output[at] !== 0) return false;
    return true;
  }

  /** A bare JSON number as the eight bytes of a double. */
  #number(position: number): number {
    const input = this.#input;
    const isNegative = input[position] === MINUS;
    const first = isNegative ? position + 1 : position;
    let at = first;
    let mantissa = 0;
    let fraction = 0;
    for (let digit = input[at]! - ZERO; digit >= 0 && digit <= 9; digit = input[++at]! - ZERO)
      mantissa = mantissa * 10 + digit;
    let digits = at - first;
    if (digits === 0 || (digits > 1 && input[first] === ZERO)) return ODD;
    if (input[at] === DOT) {
      const point = ++at;
      for (let digit = input[at]! - ZERO; digit >= 0 && digit <= 9; digit = input[++at]! - ZERO)
        mantissa = mantissa * 10 + digit;
      fraction = at - point;
      digits += fraction;
      if (fraction === 0) return ODD;
    }
    let value = mantissa / POWERS_OF_TEN[fraction]!;
    if (digits > EXACT_DIGITS || input[at] === 0x65 || input[at] === 0x45) {
      at = skipJson(input, position);
      if (at < 0) return ODD;
      value = Math.abs(Number(input.toString("latin1", position, at)));
    }
    this.#double.setFloat64(0, isNegative ? -value : value, true);
    const output = this.#output;
    for (let index = 0; index < 8; index++) output[this.#position++] = this.#double.getUint8(index);
    return at;
  }

  /** One value of a packed list, without a tag. */
  #packed(kind: number, position: number): number {
    this.#reserve(16);
    if (kind === DOUBLE) return this.#number(position);
    const after = this.#integer64(kind, position);
    if (after < 0) return ODD;
    if (kind === UINT64) this.#varint64();
    else this.#fixed64();
    return after;
  }

  #begin(tag: number): number {
    this.#reserve(16);
    this.#tag(tag);
    return ++this.#position;
  }

  /** As ProtobufWriter's. */
  #end(start: number): void {
    const length = this.#position - start;
    if (length < 0x80) {
      this.#output[start - 1] = length;
      return;
    }
    let more = 0;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) more++;
    this.#reserve(more);
    this.#output.copyWithin(start + more, start, this.#position);
    this.#position = start - 1;
    this.#varint(length);
    this.#position += length;
  }

  #tag(tag: number): void {
    if (tag < 0x80) this.#output[this.#position++] = tag;
    else this.#varint(tag);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#output[this.#position++] = (rest & 0x7f) | 0x80;
    this.#output[this.#position++] = rest;
  }

  #varint64(): void {
    let low = this.#low;
    let high = this.#high;
    while (high !== 0) {
      this.#output[this.#position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint(low);
  }

  #fixed64(): void {
    this.#fixed32(this.#low);
    this.#fixed32(this.#high);
  }

  #fixed32(value: number): void {
    const output = this.#output;
    let to = this.#position;
    output[to++] = value;
    output[to++] = value >>> 8;
    output[to++] = value >>> 16;
    output[to++] = value >>> 24;
    this.#position = to;
  }

  #reserve(bytes: number): void {
    if (this.#position + bytes <= this.#output.length) return;
    const grown = Buffer.allocUnsafeSlow(this.#output.length * 2 + bytes);
    this.#output.copy(grown, 0, 0, this.#position);
    this.#output = grown;
  }
}

const isAt = (input: Buffer, start: number, length: number, name: Uint8Array): boolean => {
  if (length !== name.length) return false;
  for (let index = 0; index < length; index++) if (input[start + index] !== name[index]) return false;
  return true;
};

const hex4 = (input: Buffer, start: number): number => {
  let code = 0;
  for (let at = start; at < start + 4; at++) {
    const digit = HEX[input[at]!]!;
    if (!(digit >= 0)) return -1;
    code = code * 16 + digit;
  }
  return code;
};
