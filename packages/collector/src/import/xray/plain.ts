import { Seconds } from "./seconds.ts";

/** A scalar as it is, anything else as JSON. */
export const plainOf = (value: unknown): string | number | boolean | undefined => {
  if (value instanceof Seconds) return value.toJSON();
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? undefined : JSON.stringify(value);
};
