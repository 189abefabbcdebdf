/**
 * Values as OTLP-JSON writes them, shared by all `…ToJson`.
 *
 * A field at its proto3 default is left out, as the mapping allows: most fields of most spans are. A message field that
 * is there stays, even when empty, because `status: {}` and no status are not the same message.
 */

export type JsonValue = string | number | boolean | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** What a message's fields may be before the defaults are gone; `undefined` is an absent message. */
type FieldValue = bigint | JsonValue | undefined;

/** Leaves out defaults and spells 64-bit integers. */
export const compact = (fields: Readonly<Record<string, FieldValue>>): JsonObject => {
  const json: Record<string, JsonValue> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined || value === "" || value === 0 || value === 0n) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    json[key] = typeof value === "bigint" ? String(value) : value;
  }
  return json;
};

/** JSON has no NaN, no infinities, and JSON.stringify writes -0 as 0; all are read back from their names. */
export const doubleToJson = (value: number): number | string => {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : String(value);
};
