/**
 * Whether bytes are a message of the table, without making anything of them: one pass, no strings, no objects.
 *
 * Accepts exactly what the decoders accept: known fields have their wire type, lengths stay inside, no groups, values
 * nested at most MAX_ANY_VALUE_DEPTH. Of a span also its ids, because a span without them can be kept for nobody.
 * Why something is refused is not worked out here; the decoder says it in words, on the few that are.
 *
 * Cost    some 10 ns a field; recursion as deep as values may lie in one another.
 */
import { MAX_ANY_VALUE_DEPTH } from "../any-value.ts";
import { type Field, type Message, MESSAGES, wireKindOf } from "../schema.ts";

export const SOUND = 0;
const MALFORMED = 1;
export const INVALID_TRACE_ID = 2;
export const INVALID_SPAN_ID = 3;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Rules beside the plain wire types, above them. `NESTED + id` is a message. */
const UNKNOWN = 8;
const PACKABLE_VARINT = 9;
const PACKABLE_FIXED64 = 10;
const TRACE_ID = 11;
const SPAN_ID = 12;
const NESTED = 16;

/** Field numbers from here on are unknown to every message. */
const MAX_FIELDS = 32;

const WIRE_TYPES = { varint: VARINT, fixed64: FIXED64, delimited: DELIMITED, fixed32: FIXED32 } as const;

const ruleOf = (message: Message, field: Field): number => {
  if (typeof field.type === "object") return NESTED + field.type.id;
  if (message.name === "Span" && field.name === "traceId") return TRACE_ID;
  if (message.name === "Span" && field.name === "spanId") return SPAN_ID;
  const kind = wireKindOf(field);
  if (field.isRepeated && kind === "varint") return PACKABLE_VARINT;
  if (field.isRepeated && kind === "fixed64") return PACKABLE_FIXED64;
  return WIRE_TYPES[kind];
};

const RULES = new Uint8Array(Object.keys(MESSAGES).length * MAX_FIELDS).fill(UNKNOWN);
for (const message of Object.values(MESSAGES)) {
  for (const field of message.fields) RULES[message.id * MAX_FIELDS + field.number] = ruleOf(message, field);
}

const ANY_VALUE = MESSAGES.AnyValue.id;
const SPAN = MESSAGES.Span.id;

/** Judges the fields in [start, end). `depth` counts the values around them. */
export const skimMessage = (bytes: Uint8Array, message: number, start: number, end: number, depth = 0): number => {
  if (message === ANY_VALUE && ++depth > MAX_ANY_VALUE_DEPTH) return MALFORMED;
  const rules = message * MAX_FIELDS;
  let traceId = INVALID_TRACE_ID;
  let spanId = INVALID_SPAN_ID;
  let position = start;
  while (position < end) {
    let tag = bytes[position++]!;
    if (tag > 0x7f) {
      const after = varintEnd(bytes, position - 1, end);
      if (after === 0) return MALFORMED;
      tag = tagAt(bytes, position - 1);
      position = after;
    }
    const fieldNumber = tag >>> 3;
    if (fieldNumber === 0) return MALFORMED;
    const rule = fieldNumber < MAX_FIELDS ? RULES[rules + fieldNumber]! : UNKNOWN;
    switch (tag & 7) {
      case VARINT:
        if (rule !== VARINT && rule !== UNKNOWN && rule !== PACKABLE_VARINT) return MALFORMED;
        if (position < end && bytes[position]! < 0x80) position++;
        else if ((position = varintEnd(bytes, position, end)) === 0) return MALFORMED;
        break;
      case FIXED64:
        if (rule !== FIXED64 && rule !== UNKNOWN && rule !== PACKABLE_FIXED64) return MALFORMED;
        if ((position += 8) > end) return MALFORMED;
        break;
      case DELIMITED: {
        if (position === end) return MALFORMED;
        let length = bytes[position++]!;
        if (length > 0x7f) {
          const after = varintEnd(bytes, position - 1, end);
          if (after === 0) return MALFORMED;
          length = numberAt(bytes, position - 1);
          position = after;
        }
        const valueEnd = position + length;
        if (valueEnd > end) return MALFORMED;
        if (rule >= NESTED) {
          if (skimMessage(bytes, rule - NESTED, position, valueEnd, depth) !== SOUND) return MALFORMED;
        } else if (rule !== DELIMITED && rule !== UNKNOWN) {
          if (rule === TRACE_ID) traceId = isId(bytes, position, length, 16) ? SOUND : INVALID_TRACE_ID;
          else if (rule === SPAN_ID) spanId = isId(bytes, position, length, 8) ? SOUND : INVALID_SPAN_ID;
          else if (rule === PACKABLE_FIXED64 ? length % 8 !== 0 : rule !== PACKABLE_VARINT) return MALFORMED;
          else if (rule === PACKABLE_VARINT && !areVarints(bytes, position, valueEnd)) return MALFORMED;
        }
        position = valueEnd;
        break;
      }
      case FIXED32:
        if (rule !== FIXED32 && rule !== UNKNOWN) return MALFORMED;
        if ((position += 4) > end) return MALFORMED;
        break;
      default:
        return MALFORMED;
    }
  }
  return message === SPAN ? traceId || spanId : SOUND;
};

/** After the varint at `start`; 0 when it is cut or longer than ten bytes. */
const varintEnd = (bytes: Uint8Array, start: number, end: number): number => {
  const limit = Math.min(end, start + 10);
  for (let position = start; position < limit; position++) if (bytes[position]! < 0x80) return position + 1;
  return 0;
};

/** 0, an illegal tag, when it takes more than 32 bits. */
const tagAt = (bytes: Uint8Array, start: number): number => {
  const value = numberAt(bytes, start);
  return value > 0xffff_ffff ? 0 : value;
};

/** A sound varint as a number, of its tenth byte the one bit that 64 have room for; beyond 2^53 not exact. */
const numberAt = (bytes: Uint8Array, start: number): number => {
  let value = 0;
  let factor = 1;
  for (let position = start; ; position++, factor *= 0x80) {
    const byte = bytes[position]!;
    value += (byte & (position - start === 9 ? 1 : 0x7f)) * factor;
    if (byte < 0x80) return value;
  }
};

const areVarints = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let position = start; position < end;) if ((position = varintEnd(bytes, position, end)) === 0) return false;
  return true;
};

const isId = (bytes: Uint8Array, start: number, length: number, expected: number): boolean => {
  if (length !== expected) return false;
  for (let position = start; position < start + length; position++) if (bytes[position] !== 0) return true;
  return false;
};
