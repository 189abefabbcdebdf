/** Reading JSON that somebody else wrote: what is not as expected is absent. */
import type { PlainValue } from "@mayfly/otlp";
import type { UnixNano } from "./time.ts";

export type Fields = { readonly [key: string]: PlainValue };

/** A longer text is no id, no version and no type of Lambda's. */
const MAX_TEXT = 256;
/** Eleven days, in milliseconds; also more than any other number of Lambda's. */
const MAX_MEASURED = 1e9;
/** What a fixed64 of nanoseconds can say. */
const MAX_MS = 18_446_744_073_709;

export const fieldsOf = (value: PlainValue | undefined): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

export const textOf = (value: PlainValue | undefined): string => (typeof value === "string" ? value : "");

export const text = (value: PlainValue | undefined): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= MAX_TEXT ? value : undefined;

export const measured = (value: PlainValue | undefined, most = MAX_MEASURED): number | undefined =>
  typeof value === "number" && value >= 0 && value <= most ? value : undefined;

/** Of ISO 8601, or of milliseconds. */
export const timeOf = (value: PlainValue | undefined): UnixNano | undefined => {
  const ms = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? Math.trunc(value) : Number.NaN;
  return ms > 0 && ms <= MAX_MS ? BigInt(ms) * 1_000_000n : undefined;
};

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

export const defined = <T extends Readonly<Record<string, unknown>>>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

/** Bytes that are no UTF-8 are no text. */
export const utf8 = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
