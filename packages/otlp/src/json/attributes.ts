/**
 * Attributes and values, from JSON and to JSON.
 *
 * Source  opentelemetry/proto/common/v1/common.proto: KeyValue, AnyValue, ArrayValue, KeyValueList
 */
import { MAX_ANY_VALUE_DEPTH } from "../any-value.ts";
import { DecodeError } from "../decode-error.ts";
import type { AnyValue, KeyValue } from "../types.ts";
import {
  boolField,
  bytesField,
  doubleField,
  type Fields,
  fieldsOf,
  int64Field,
  isSet,
  listField,
  messageField,
  stringField,
} from "./fields.ts";
import { compact, doubleToJson, type JsonValue } from "./values.ts";

export const attributeFromJson = (value: unknown, depth = 1): KeyValue => {
  const json = fieldsOf(value);
  const anyValue = messageField(json, "value", (inner) => anyValueFromJson(inner, depth));
  return { key: stringField(json, "key"), ...(anyValue && { value: anyValue }) };
};

/** Where a sender set two cases, which the mapping forbids, the first of this order counts. */
export const anyValueFromJson = (value: unknown, depth = 1): AnyValue => {
  if (depth > MAX_ANY_VALUE_DEPTH)
    throw new DecodeError("value-too-deep", "", `values nested deeper than ${MAX_ANY_VALUE_DEPTH}`);
  const json = fieldsOf(value);
  if (isSet(json, "stringValue")) return { stringValue: stringField(json, "stringValue") };
  if (isSet(json, "boolValue")) return { boolValue: boolField(json, "boolValue") };
  if (isSet(json, "intValue")) return intFromJson(json);
  if (isSet(json, "doubleValue")) return { doubleValue: doubleField(json, "doubleValue") };
  if (isSet(json, "bytesValue")) return { bytesValue: bytesField(json, "bytesValue") };
  const arrayValue = messageField(json, "arrayValue", (inner) => ({
    values: listField(fieldsOf(inner), "values", (item) => anyValueFromJson(item, depth + 1)),
  }));
  if (arrayValue) return { arrayValue };
  const kvlistValue = messageField(json, "kvlistValue", (inner) => ({
    values: listField(fieldsOf(inner), "values", (item) => attributeFromJson(item, depth + 1)),
  }));
  return kvlistValue ? { kvlistValue } : {};
};

/** OpenTelemetry JS writes every whole number as a bare intValue, 1e300 too; its protobuf makes that one a double. */
const intFromJson = (json: Fields): AnyValue => {
  const { intValue } = json;
  const isBare = typeof intValue === "number" || typeof intValue === "bigint";
  if (isBare && (intValue < -(2 ** 63) || intValue >= 2 ** 63)) return { doubleValue: Number(intValue) };
  return { intValue: int64Field(json, "intValue") };
};

export const attributeToJson = ({ key, value }: KeyValue): JsonValue =>
  compact({ key, value: value && anyValueToJson(value) });

/** The case is what is said, so that an empty string or a zero is written, unlike in other fields. */
export const anyValueToJson = (value: AnyValue): JsonValue => {
  if ("stringValue" in value) return { stringValue: value.stringValue };
  if ("boolValue" in value) return { boolValue: value.boolValue };
  if ("intValue" in value) return { intValue: String(value.intValue) };
  if ("doubleValue" in value) return { doubleValue: doubleToJson(value.doubleValue) };
  if ("bytesValue" in value) return { bytesValue: Buffer.from(value.bytesValue).toString("base64") };
  if ("arrayValue" in value) return { arrayValue: { values: value.arrayValue.values.map(anyValueToJson) } };
  if ("kvlistValue" in value) return { kvlistValue: { values: value.kvlistValue.values.map(attributeToJson) } };
  return {};
};
