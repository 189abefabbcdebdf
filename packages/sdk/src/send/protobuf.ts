/**
 * OTLP as protobuf: just the fields that are sent, from the objects that OTLP's JSON mapping makes of them.
 *
 * Written from the end to the beginning, because a message stands behind its own length:
 *
 *   ◀── tag │ length │ tag value tag value …      the inside is there before its length is asked for
 *
 * Source  opentelemetry-proto 1.11 (field numbers), protobuf.dev/programming-guides/encoding
 */
import type { Format, Json, JsonObject, PartialSuccess } from "./format.ts";

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** Writes a value and yields its wire type. */
type Write = (value: Json) => number;
type Message = Record<string, readonly [field: number, write: Write]>;

export const createProtobufFormat = (): Format => {
  let buffer = Buffer.alloc(8_192);
  let at = buffer.length;

  /** May change `buffer`, so it is a statement of its own wherever it is called. */
  const reserve = (bytes: number): void => {
    if (at < bytes) {
      const grown = Buffer.alloc(buffer.length * 2 + bytes);
      const moved = grown.length - buffer.length;
      buffer.copy(grown, at + moved, at);
      buffer = grown;
      at += moved;
    }
    at -= bytes;
  };
  const varint = (value: number | bigint): number => {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    reserve(bytes.length);
    buffer.set(bytes, at);
    return VARINT;
  };
  /** Lengths, tags, counts: nearly all fit one byte. */
  const small = (value: number): number => {
    if (value > 0x7f) return varint(value);
    reserve(1);
    buffer[at] = value;
    return VARINT;
  };
  const bytes = (value: Buffer): number => {
    reserve(value.length);
    value.copy(buffer, at);
    small(value.length);
    return DELIMITED;
  };
  const text: Write = (value) => bytes(Buffer.from(value as string));
  const hex: Write = (value) => bytes(Buffer.from(value as string, "hex"));
  const count: Write = (value) => small(Number(value));
  const nanos: Write = (value) => {
    reserve(8);
    buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as string)), at);
    return FIXED64;
  };
  const flags: Write = (value) => {
    reserve(4);
    buffer.writeUInt32LE(Number(value), at);
    return FIXED32;
  };
  const fields = (message: Message, value: JsonObject): void => {
    for (const [name, one] of Object.entries(value).toReversed()) {
      const known = message[name];
      if (known === undefined || one === undefined) continue;
      const [field, write] = known;
      for (const item of Array.isArray(one) ? one.toReversed() : [one]) small(field * 8 + write(item as Json));
    }
  };
  const message =
    (type: Message): Write =>
    (value) => {
      const before = buffer.length - at;
      fields(type, value as JsonObject);
      small(buffer.length - at - before);
      return DELIMITED;
    };
  /** A copy: what is kept must not keep the buffer. */
  const written = (write: () => void): Buffer => {
    at = buffer.length;
    write();
    return Buffer.from(new Uint8Array(buffer.subarray(at)).buffer);
  };

  const ANY_VALUE: Message = {
    stringValue: [1, text],
    boolValue: [2, (value) => small(Number(value))],
    intValue: [3, (value) => varint(BigInt(value as string))],
    doubleValue: [
      4,
      (value) => {
        reserve(8);
        buffer.writeDoubleLE(Number(value), at);
        return FIXED64;
      },
    ],
  };
  const anyValue = message(ANY_VALUE);
  const attribute = message({ key: [1, text], value: [2, anyValue] });
  ANY_VALUE["arrayValue"] = [5, message({ values: [1, anyValue] })];
  ANY_VALUE["kvlistValue"] = [6, message({ values: [1, attribute] })];

  const EVENT: Message = {
    timeUnixNano: [1, nanos],
    name: [2, text],
    attributes: [3, attribute],
    droppedAttributesCount: [4, count],
  };
  const LINK: Message = {
    traceId: [1, hex],
    spanId: [2, hex],
    traceState: [3, text],
    attributes: [4, attribute],
    droppedAttributesCount: [5, count],
    flags: [6, flags],
  };
  const RECORDS: Readonly<Record<"span" | "logRecord", Message>> = {
    span: {
      traceId: [1, hex],
      spanId: [2, hex],
      traceState: [3, text],
      parentSpanId: [4, hex],
      name: [5, text],
      kind: [6, count],
      startTimeUnixNano: [7, nanos],
      endTimeUnixNano: [8, nanos],
      attributes: [9, attribute],
      droppedAttributesCount: [10, count],
      events: [11, message(EVENT)],
      droppedEventsCount: [12, count],
      links: [13, message(LINK)],
      droppedLinksCount: [14, count],
      status: [15, message({ message: [2, text], code: [3, count] })],
      flags: [16, flags],
    },
    logRecord: {
      timeUnixNano: [1, nanos],
      severityNumber: [2, count],
      severityText: [3, text],
      body: [5, anyValue],
      attributes: [6, attribute],
      traceId: [9, hex],
      spanId: [10, hex],
    },
  };
  const HEADS: Message = {
    resource: [1, message({ attributes: [1, attribute] })],
    scope: [1, message({ name: [1, text], version: [2, text] })],
  };

  const delimited = (field: number, body: Uint8Array): readonly Uint8Array[] => [
    written(() => {
      small(body.length);
      small(field * 8 + DELIMITED);
    }),
    body,
  ];
  return {
    contentType: "application/x-protobuf",
    record: (type, value) => written(() => fields(RECORDS[type], value)),
    group: (head, _list, items) =>
      Buffer.concat([written(() => fields(HEADS, head)), ...items.flatMap((item) => delimited(2, item as Uint8Array))]),
    request: (_list, group) => Buffer.concat(delimited(1, group as Uint8Array)),
    partialSuccess,
  };
};

/** `{ 1: partial_success { 1: rejected, 2: error_message } }`, of the same shape for spans and for log records. */
const partialSuccess = (answer: Buffer): PartialSuccess => {
  const said = fieldsIn(answer).get(1);
  if (!Buffer.isBuffer(said)) return {};
  const fields = fieldsIn(said);
  return { rejectedSpans: fields.get(1) ?? 0, errorMessage: fields.get(2)?.toString() };
};

const fieldsIn = (bytes: Buffer): Map<number, number | Buffer> => {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag % 8 === DELIMITED) fields.set(tag >> 3, bytes.subarray(at, (at += value)));
    else if (tag % 8 === VARINT) fields.set(tag >> 3, value);
    else throw new Error(`wire type ${tag % 8}`);
  }
  return fields;
};
