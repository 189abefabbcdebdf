/**
 * Attributes and values from protobuf.
 *
 * Numbers 3 (key_strindex) and 8 (string_value_strindex) belong to the profiles signal, whose string table traces and
 * logs do not have; they are skipped like unknown fields.
 *
 * Source  opentelemetry/proto/common/v1/common.proto: KeyValue, AnyValue, ArrayValue, KeyValueList
 */
import { MAX_ANY_VALUE_DEPTH } from "../any-value.ts";
import type { AnyValue, KeyValue } from "../types.ts";
import type { ProtobufReader } from "./reader.ts";

export type MutableAnyValue =
  | Exclude<AnyValue, { readonly arrayValue: unknown } | { readonly kvlistValue: unknown }>
  | { arrayValue: { values: AnyValue[] } }
  | { kvlistValue: { values: KeyValue[] } };

/** `name` and `index` are the attribute's place in the message that holds it. */
export const readAttribute = (reader: ProtobufReader, name: string, index: number, depth = 1): KeyValue => {
  let key = "";
  let value: MutableAnyValue | undefined;
  const outer = reader.enter(name, index);
  while (reader.next()) {
    if (reader.fieldNumber === 1) key = reader.string();
    if (reader.fieldNumber === 2) {
      const outerOfValue = reader.enter("value");
      value = readAnyValue(reader, value, depth);
      reader.leave(outerOfValue);
    }
  }
  reader.leave(outer);
  if (value !== undefined && "arrayValue" in value) value.arrayValue.values = trimmed(value.arrayValue.values);
  // Made at once: a field that is added later has a place of its own in memory.
  return value === undefined ? { key } : { key, value };
};

/** Reads the value just entered. A oneof: the last case wins, and is merged only with the same case. */
export const readAnyValue = (reader: ProtobufReader, before: MutableAnyValue = {}, depth = 1): MutableAnyValue => {
  if (depth > MAX_ANY_VALUE_DEPTH) reader.fail(`values nested deeper than ${MAX_ANY_VALUE_DEPTH}`, "value-too-deep");
  let value = before;
  while (reader.next()) value = readCase(reader, value, depth);
  return value;
};

const readCase = (reader: ProtobufReader, before: MutableAnyValue, depth: number): MutableAnyValue => {
  switch (reader.fieldNumber) {
    case 1:
      return { stringValue: reader.string() };
    case 2:
      return { boolValue: reader.bool() };
    case 3:
      return { intValue: reader.int64() };
    case 4:
      return { doubleValue: reader.double() };
    case 5:
      return {
        arrayValue: { values: readValues(reader, "arrayValue" in before ? before.arrayValue.values : [], depth) },
      };
    case 6:
      return {
        kvlistValue: { values: readList(reader, "kvlistValue" in before ? before.kvlistValue.values : [], depth) },
      };
    case 7:
      return { bytesValue: reader.bytes() };
    default:
      return before;
  }
};

const readValues = (reader: ProtobufReader, before: AnyValue[], depth: number): AnyValue[] => {
  const outer = reader.enter("arrayValue");
  while (reader.next()) {
    if (reader.fieldNumber !== 1) continue;
    const outerOfValue = reader.enter("values", before.length);
    before.push(readAnyValue(reader, {}, depth + 1));
    reader.leave(outerOfValue);
  }
  reader.leave(outer);
  return before;
};

/** Of the length that it has: what is pushed to has room for sixteen more, and spans are kept. Once all of it has come: it is a copy. */
export const trimmed = <T>(values: T[]): T[] => (values.length === 0 ? values : values.slice());

const readList = (reader: ProtobufReader, before: KeyValue[], depth: number): KeyValue[] => {
  const outer = reader.enter("kvlistValue");
  while (reader.next()) {
    if (reader.fieldNumber === 1) before.push(readAttribute(reader, "values", before.length, depth + 1));
  }
  reader.leave(outer);
  return before;
};
