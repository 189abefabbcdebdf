/**
 * Fields of parsed JSON, read as proto3's JSON mapping means them: absent and null are the default, 64-bit integers are
 * strings or numbers, doubles may be named, bytes are base64; and as OTLP bends it: ids are hex, enums are numbers.
 * More lenient than OTLP where a sender is known to differ and the meaning is plain: enum names are understood.
 *
 * Errors  DecodeError at `key`; readers of messages and lists put the place of the message before it.
 * Source  protobuf.dev/programming-guides/json; opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding"
 */
import { DecodeError } from "../decode-error.ts";

/** A message as JSON.parse gave it. */
export interface Fields {
  readonly [key: string]: unknown;
}

const MAX_UINT32 = 2n ** 32n - 1n;
const MIN_INT32 = -(2n ** 31n);
const MAX_INT32 = 2n ** 31n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

const INTEGER = /^-?\d{1,20}$/;
const DECIMAL = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

export const fieldsOf = (value: unknown): Fields => {
  if (!isFields(value)) throw mismatch("", "an object", value);
  return value;
};

export const isSet = (fields: Fields, key: string): boolean => fields[key] !== undefined && fields[key] !== null;

export const stringField = (fields: Fields, key: string): string => {
  const value = fields[key] ?? "";
  if (typeof value !== "string") throw mismatch(key, "a string", value);
  return value;
};

export const boolField = (fields: Fields, key: string): boolean => {
  const value = fields[key] ?? false;
  if (typeof value !== "boolean") throw mismatch(key, "a boolean", value);
  return value;
};

/** Lower-case, as bytes are spelled everywhere here. That it is hex, and of the right length, is not judged. */
export const idField = (fields: Fields, key: string): string => stringField(fields, key).toLowerCase();

export const bytesField = (fields: Fields, key: string): Uint8Array => {
  const text = stringField(fields, key);
  if (!BASE64.test(text)) throw mismatch(key, "base64", text);
  return new Uint8Array(Buffer.from(text, "base64"));
};

export const doubleField = (fields: Fields, key: string): number => {
  const value = fields[key] ?? 0;
  if (typeof value === "number" || typeof value === "bigint" || isDouble(value)) return Number(value);
  throw mismatch(key, "a number", value);
};

export const uint32Field = (fields: Fields, key: string): number =>
  Number(integer(fields, key, 0n, MAX_UINT32, "an unsigned 32-bit integer"));

export const int32Field = (fields: Fields, key: string): number =>
  Number(integer(fields, key, MIN_INT32, MAX_INT32, "a 32-bit integer"));

export const uint64Field = (fields: Fields, key: string): bigint =>
  integer(fields, key, 0n, MAX_UINT64, "an unsigned 64-bit integer");

export const int64Field = (fields: Fields, key: string): bigint =>
  integer(fields, key, MIN_INT64, MAX_INT64, "a 64-bit integer");

/** A number without a name is kept, as proto3's open enums ask. */
export const enumField = (fields: Fields, key: string, names: ReadonlyMap<string, number>): number => {
  const value = fields[key];
  const named = typeof value === "string" ? names.get(value) : undefined;
  return named ?? Number(integer(fields, key, MIN_INT32, MAX_INT32, "an enum number or name"));
};

export const messageField = <T>(fields: Fields, key: string, read: (value: unknown) => T): T | undefined => {
  if (!isSet(fields, key)) return undefined;
  try {
    return read(fields[key]);
  } catch (error) {
    throw error instanceof DecodeError ? error.under(key) : error;
  }
};

export const listField = <T>(fields: Fields, key: string, read: (value: unknown) => T): T[] => {
  const list = fields[key] ?? [];
  if (!Array.isArray(list)) throw mismatch(key, "an array", list);
  const items: T[] = [];
  try {
    for (const item of list) items.push(read(item));
  } catch (error) {
    throw error instanceof DecodeError ? error.under(`${key}[${items.length}]`) : error;
  }
  return items;
};

export const stringItem = (value: unknown): string => {
  if (typeof value !== "string") throw mismatch("", "a string", value);
  return value;
};

const integer = (fields: Fields, key: string, min: bigint, max: bigint, expected: string): bigint => {
  const value = fields[key] ?? 0;
  const whole = wholeNumber(value);
  if (whole === undefined || whole < min || whole > max) throw mismatch(key, expected, value);
  return whole;
};

const wholeNumber = (value: unknown): bigint | undefined => {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && INTEGER.test(value) ? BigInt(value) : undefined;
};

const isDouble = (value: unknown): value is string =>
  typeof value === "string" &&
  (value === "NaN" || value === "Infinity" || value === "-Infinity" || DECIMAL.test(value));

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mismatch = (key: string, expected: string, value: unknown): DecodeError =>
  new DecodeError("invalid-json", key, `expected ${expected}, got ${shown(value)}`);

/** Enough of a value to find it again; it may be megabytes. */
const shown = (value: unknown): string => {
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
};
