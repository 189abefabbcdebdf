/**
 * Protobuf by hand, for requests that no well-behaved encoder would write and answers that may be anything. On purpose not
 * @mayfly/otlp: what is tested must not be what tests it.
 *
 * Source  protobuf.dev/programming-guides/encoding
 */

export const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
};

const tag = (field: number, wireType: number): Buffer => varint(BigInt(field * 8 + wireType));

export const integer = (field: number, value: bigint): Buffer => Buffer.concat([tag(field, 0), varint(value)]);

export const fixed64 = (field: number, value: bigint): Buffer => Buffer.concat([tag(field, 1), eight(value)]);

export const double = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, 1), bytes]);
};

export const fixed32 = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(field, 5), bytes]);
};

/** Text, bytes, or a message made of fields. */
export const block = (field: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  return Buffer.concat([tag(field, 2), varint(BigInt(body.length)), body]);
};

export const eight = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
};

export interface Field {
  readonly field: number;
  readonly value: bigint | Buffer;
}

/** undefined: these bytes are no message. */
export const fieldsOf = (bytes: Buffer): readonly Field[] | undefined => {
  const fields: Field[] = [];
  let at = 0;
  const readVarint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) return undefined;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  const readBytes = (length: number): Buffer | undefined => {
    if (at + length > bytes.length) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const head = readVarint();
    if (head === undefined) return undefined;
    const wireType = Number(head & 7n);
    let value: bigint | Buffer | undefined;
    if (wireType === 0) value = readVarint();
    else if (wireType === 1) value = readBytes(8);
    else if (wireType === 5) value = readBytes(4);
    else if (wireType === 2) {
      const length = readVarint();
      value = length === undefined ? undefined : readBytes(Number(length));
    }
    if (value === undefined || head < 8n) return undefined;
    fields.push({ field: Number(head >> 3n), value });
  }
  return fields;
};
