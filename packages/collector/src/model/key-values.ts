/** Plain values → attributes as they stand on the wire; undefined and empty text are left out. */
import type { AnyValue, KeyValue } from "@mayfly/otlp";

export type AttributeValue = string | number | boolean | readonly string[] | undefined;

export type Attributes = Readonly<Record<string, AttributeValue>>;

export const keyValues = (attributes: Attributes): KeyValue[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [{ key, value: anyValue(value) }],
  );

const anyValue = (value: NonNullable<AttributeValue>): AnyValue => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "object") return { arrayValue: { values: value.map((stringValue) => ({ stringValue })) } };
  const isWhole = Number.isSafeInteger(value) && !Object.is(value, -0);
  return isWhole ? { intValue: BigInt(value) } : { doubleValue: value };
};
