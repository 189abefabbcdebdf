/** An attribute as it lies in a record, decoded by the rules of all decoding: for what is too odd to be read in place. */
import { type KeyValue, spanFromProtobuf } from "@mayfly/otlp";
import { tagOf } from "./walk.ts";

/** The KeyValue in [start, end). */
export const decodedAttribute = (bytes: Buffer, start: number, end: number): KeyValue | undefined =>
  spanFromProtobuf(asSpan(bytes.subarray(start, end))).attributes[0];

/** A span that has this attribute and nothing else. */
const asSpan = (attribute: Uint8Array): Buffer => {
  const head = [tagOf(9, "delimited")];
  let length = attribute.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80)) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), attribute]);
};
