/**
 * JSON text to values, 64-bit integers whole.
 *
 * OTLP writes them as strings, but some senders write bare digits, which JSON.parse would round above 2^53. Only a
 * text that holds such a literal is parsed with a reviver, which sees the digits and makes a bigint of them. That costs
 * seven to ten times the plain parse, the search a quarter of it (500 spans in 340 kB, Node 24).
 */
import { DecodeError } from "../decode-error.ts";

/** Sixteen digits where a value may begin. Inside a string it matches too: then the slow way was taken for nothing. */
const LONG_INTEGER = /(?:^|[:,[])\s*-?\d{16}/;
/** As many digits as 64 bits can need, so that nobody's ten million digits become a bigint. */
const INTEGER = /^-?\d{16,20}$/;

export const parseJson = (text: string | Uint8Array): unknown => {
  const json = typeof text === "string" ? text : new TextDecoder().decode(text);
  try {
    return LONG_INTEGER.test(json) ? JSON.parse(json, keepLongInteger) : JSON.parse(json);
  } catch (error) {
    // SyntaxError, or RangeError where a reviver meets nesting deeper than the stack
    throw new DecodeError("invalid-json", "", error instanceof Error ? error.message : String(error));
  }
};

const keepLongInteger = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
  const source = context?.source;
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
};
