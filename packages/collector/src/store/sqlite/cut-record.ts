/**
 * Takes ids and times out of a record's bytes and puts them back: among text they cost twice what they are.
 *
 * A cut is where the value of such a field stood: its tag (and length) stay, so that what is left tells by itself where
 * to put what was taken. Fields may stand in any order, and more than once; a record that is no message, or has more
 * cuts than any sender writes, is kept whole.
 *
 *   record    0A 10 ‹16 bytes› 12 08 ‹8 bytes› 2A 03 G E T 39 ‹8 bytes› 41 ‹8 bytes› 4A …
 *   left      0A 10            12 08           2A 03 G E T 39           41           4A …
 *
 * Source  opentelemetry/proto: Span (1 trace, 2 span, 4 parent, 7 start, 8 end), LogRecord (9 trace, 10 span, 1 time,
 *         11 observed time); protobuf.dev/programming-guides/encoding
 */
import type { Signal } from "./partition-reader.ts";

/** By a field's first byte: 0 nothing, 1 a fixed64, else the length of an id. */
type Shape = Uint8Array;

const TIME = 1;
const TIME_BYTES = 8;

const shape = (entries: Readonly<Record<number, number>>): Shape => {
  const table = new Uint8Array(256);
  for (const [tag, kind] of Object.entries(entries)) table[Number(tag)] = kind;
  return table;
};

export const SHAPES: Readonly<Record<Signal, Shape>> = {
  spans: shape({ 0x0a: 16, 0x12: 8, 0x22: 8, 0x39: TIME, 0x41: TIME }),
  logs: shape({ 0x4a: 16, 0x52: 8, 0x09: TIME, 0x59: TIME }),
  metrics: shape({}),
};

const MAX_CUTS = 32;
/** Of one record, two numbers each: where, and how many bytes. */
export const newCuts = (): Int32Array => new Int32Array(MAX_CUTS * 2);

/** Whether a cut of this width is a time depends on its field: times are told by a negative width. */
export const isTime = (width: number): boolean => width < 0;

/**
 * Finds the cuts of the record in [start, end) and says how many; -1: keep it whole. `isCut`: what was cut is not there
 * any more.
 */
export const findCuts = (
  bytes: Uint8Array,
  start: number,
  end: number,
  fields: Shape,
  cuts: Int32Array,
  isCut: boolean,
): number => {
  let position = start;
  let count = 0;
  while (position < end) {
    const tag = bytes[position]!;
    const kind = fields[tag]!;
    if (kind === TIME || (kind > 0 && position + 1 < end && bytes[position + 1] === kind)) {
      const width = kind === TIME ? TIME_BYTES : kind;
      position += kind === TIME ? 1 : 2;
      if (count === MAX_CUTS) return -1;
      cuts[count * 2] = position;
      cuts[count * 2 + 1] = kind === TIME ? -width : width;
      count += 1;
      if (!isCut) position += width;
    } else {
      position = fieldEnd(bytes, position, end);
    }
    if (position > end) return -1;
  }
  return count;
};

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;
const NOWHERE = Number.POSITIVE_INFINITY;

/** Past any end where it has none. */
const fieldEnd = (bytes: Uint8Array, start: number, end: number): number => {
  let position = start + 1;
  if (bytes[start]! > 0x7f) position = varintEnd(bytes, start, end);
  switch (bytes[start]! & 7) {
    case VARINT:
      return varintEnd(bytes, position, end);
    case FIXED64:
      return position + 8;
    case FIXED32:
      return position + 4;
    case DELIMITED: {
      let length = 0;
      for (let scale = 1; position < end && scale < 2 ** 42; scale *= 128) {
        const byte = bytes[position++]!;
        length += (byte & 0x7f) * scale;
        if (byte < 0x80) return position + length;
      }
      return NOWHERE;
    }
    default:
      return NOWHERE;
  }
};

const varintEnd = (bytes: Uint8Array, start: number, end: number): number => {
  let position = start;
  while (position < end) if (bytes[position++]! < 0x80) return position;
  return NOWHERE;
};
