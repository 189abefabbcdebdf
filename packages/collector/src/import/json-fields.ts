/** Reading what somebody else's JSON holds: the typed value, or undefined where it is of another type. */

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

/** Never empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export const isTrue = (value: unknown): boolean => value === true;

/** A finite number, also where it came as text: some SDKs quote a content length. */
export const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
};

export const textsOf = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) ? value.flatMap((one) => textOf(one) ?? []) : undefined;
