/** Plain values → attributes of records that are made here. */
import { type AnyValue, type KeyValue, MAX_ANY_VALUE_DEPTH, type PlainValue } from "@mayfly/otlp";

export type Attributes = Readonly<Record<string, PlainValue | undefined>>;

/** Those that are absent are left out. */
export const madeAttributes = (values: Attributes): KeyValue[] =>
  Object.entries(values).flatMap(([key, value]) => {
    const made = value === undefined ? undefined : anyValue(value);
    return made === undefined ? [] : [{ key, value: made }];
  });

/** undefined where it is nested deeper than anybody reads. */
export const anyValue = (value: PlainValue, depth = 1): AnyValue | undefined => {
  if (depth > MAX_ANY_VALUE_DEPTH) return undefined;
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return numberValue(value);
  const parts = Array.isArray(value)
    ? (value as readonly PlainValue[]).map((one) => anyValue(one, depth + 1))
    : Object.values(value).map((one) => anyValue(one, depth + 1));
  if (parts.includes(undefined)) return undefined;
  const whole = parts as readonly AnyValue[];
  return Array.isArray(value)
    ? { arrayValue: { values: whole } }
    : { kvlistValue: { values: Object.keys(value).map((key, index) => ({ key, value: whole[index]! })) } };
};

const numberValue = (value: number): AnyValue =>
  Number.isSafeInteger(value) && !Object.is(value, -0) ? { intValue: BigInt(value) } : { doubleValue: value };
