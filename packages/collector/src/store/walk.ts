/**
 * A walk over the fields of a protobuf message that was skimmed before: no checks, no errors, no object per field.
 *
 * One walk serves messages within messages: whoever looks into a field sets `position` to its start and, when it is
 * done, back to its end.
 */
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export class Walk {
  position = 0;
  /** Of the current field: its number and wire type as they stand on the wire, and its value's bytes. */
  tag = 0;
  start = 0;
  end = 0;

  /** Moves to the next field of the message that ends at `limit`. */
  next(bytes: Uint8Array, limit: number): boolean {
    if (this.position >= limit) return false;
    this.tag = this.#varint(bytes);
    this.start = this.position;
    switch (this.tag & 7) {
      case FIXED64:
        this.position += 8;
        break;
      case LENGTH_DELIMITED: {
        const length = this.#varint(bytes);
        this.start = this.position;
        this.position += length;
        break;
      }
      case FIXED32:
        this.position += 4;
        break;
      default:
        while (bytes[this.position++]! > 0x7f);
    }
    this.end = this.position;
    return true;
  }

  #varint(bytes: Uint8Array): number {
    let byte = bytes[this.position++]!;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let factor = 0x80; byte > 0x7f; factor *= 0x80) {
      byte = bytes[this.position++]!;
      value += (byte & 0x7f) * factor;
    }
    return value;
  }
}

/** The varint in [start, end) as protobuf's int32: what is above is cut off. */
export const int32At = (bytes: Uint8Array, start: number, end: number): number => {
  let value = 0;
  for (let at = start, shift = 0; at < end && shift < 32; at += 1, shift += 7) value |= (bytes[at]! & 0x7f) << shift;
  return value;
};

export const tagOf = (fieldNumber: number, wireType: "varint" | "fixed64" | "delimited" | "fixed32"): number =>
  fieldNumber * 8 + WIRE_TYPES[wireType];

const WIRE_TYPES = { varint: 0, fixed64: FIXED64, delimited: LENGTH_DELIMITED, fixed32: FIXED32 } as const;
