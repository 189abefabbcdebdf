/**
 * Attribute values as programs and people read them.
 *
 * Reading loses what plain values cannot say: an int64 past 2^53 becomes its digits, a double that is no number its
 * name, bytes base64, a repeated key its last value. The wire objects keep all of it.
 */
import type { AnyValue, KeyValue } from "./types.ts";

/** What JSON.stringify writes as it is. */
export type PlainValue = string | number | boolean | null | readonly PlainValue[] | PlainAttributes;
export interface PlainAttributes {
  readonly [key: string]: PlainValue;
}

/** Values may lie in one another this deep; decoders refuse more, so that nothing that recurses can run out of stack. */
export const MAX_ANY_VALUE_DEPTH = 32;

/** OTLP asks for unique keys and does not say which wins; the last does, here and in `attributesToPlain`. */
export const attributeValue = (attributes: readonly KeyValue[], key: string): AnyValue | undefined =>
  attributes.findLast((attribute) => attribute.key === key)?.value;

/** `fromEntries` defines its keys, so that one named `__proto__` is a key like any other. */
export const attributesToPlain = (attributes: readonly KeyValue[]): PlainAttributes =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, anyValueToPlain(value)]));

export const anyValueToPlain = (value: AnyValue | undefined): PlainValue => {
  if (value === undefined) return null;
  if ("stringValue" in value) return value.stringValue;
  if ("boolValue" in value) return value.boolValue;
  if ("intValue" in value) return intToPlain(value.intValue);
  if ("doubleValue" in value) return Number.isFinite(value.doubleValue) ? value.doubleValue : String(value.doubleValue);
  if ("arrayValue" in value) return value.arrayValue.values.map(anyValueToPlain);
  if ("kvlistValue" in value) return attributesToPlain(value.kvlistValue.values);
  if ("bytesValue" in value) return Buffer.from(value.bytesValue).toString("base64");
  return null;
};

const intToPlain = (value: bigint): number | string => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
};
