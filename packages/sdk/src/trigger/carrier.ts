/** Contexts in whatever carries them: headers, message attributes, an object that a tracer put into a payload. */
import { MAX_UNWRAP_LENGTH } from "../limits.ts";
import { parseDatadog } from "../propagate/datadog.ts";
import { type CarriedContext, parseTraceparent } from "../propagate/w3c.ts";
import { type JsonObject, anyCase, isNamed, isObject, present } from "./trigger.ts";

type TextOf = (value: unknown) => unknown;

/**
 * At most one W3C and one Datadog context: a carrier speaks of one message. What stands in it openly counts before what a tracer
 * put there as a text or an object of its own.
 */
export const contextsIn = (carrier: unknown, textOf: TextOf = asItIs): CarriedContext[] => {
  const own = contextsOf(carrier, textOf);
  return own.some(({ format }) => format === "w3c") ? own : firstOfEach([...own, ...tracersIn(carrier, textOf)]);
};

/** Of a payload, which is the application's: only what a tracer put there under its own name, ours before others'. */
export const tracersIn = (carrier: unknown, textOf: TextOf = asItIs): CarriedContext[] =>
  isObject(carrier)
    ? firstOfEach(TRACERS.flatMap((name) => (name in carrier ? contextsOf(jsonObject(textOf(carrier[name]))) : [])))
    : [];

const TRACERS = ["_mayfly", "_datadog"];

/** W3C first: in order of trust. */
export const firstOfEach = (contexts: readonly CarriedContext[]): CarriedContext[] =>
  present([contexts.find(({ format }) => format === "w3c"), contexts.find(({ format }) => format === "datadog")]);

export const byTrust = (contexts: readonly CarriedContext[]): readonly CarriedContext[] =>
  contexts.length < 2 ? contexts : contexts.toSorted((one, other) => TRUST[one.format] - TRUST[other.format]);

const TRUST = { w3c: 0, datadog: 1, xray: 2 } as const;

const asItIs: TextOf = (value) => value;

const contextsOf = (carrier: unknown, textOf: TextOf = asItIs): CarriedContext[] =>
  isObject(carrier)
    ? present([w3cContext(carrier, textOf), parseDatadog((name) => textOf(anyCase(carrier, name)))])
    : [];

/**
 * Names stand in any case, so one may be there twice: attributes `Traceparent` and `TraceParent` are different ones to SQS. The
 * first that is valid counts, the exact spelling before others.
 */
const w3cContext = (carrier: JsonObject, textOf: TextOf): CarriedContext | undefined => {
  const spellings = Object.keys(carrier).filter((key) => isNamed(key, "traceparent"));
  for (const key of ["traceparent", ...spellings]) {
    const context = parseTraceparent(textOf(carrier[key]));
    if (context) return parseTraceparent(textOf(carrier[key]), textOf(anyCase(carrier, "tracestate")));
  }
  return undefined;
};

/**
 * An attribute of a message. Lambda spells it `stringValue` for SQS, the SDK `StringValue`, SNS `Value`; a binary one is base64, and
 * raw delivery from SNS to SQS may make any binary.
 */
export const attributeText = (attribute: unknown): unknown => {
  const text = anyCase(attribute, "stringvalue");
  if (typeof text === "string") return text;
  const value = anyCase(attribute, "value");
  if (typeof value === "string" && anyCase(attribute, "type") !== "Binary") return value;
  const binary = anyCase(attribute, "binaryvalue") ?? value;
  return typeof binary === "string" ? Buffer.from(binary, "base64").toString() : undefined;
};

/** A header of several values is one list; two of a `traceparent` contradict each other, and joined they are invalid. */
export const headerText = (value: unknown): unknown =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string").join(",") : value;

/** An object, as it is or as JSON or as base64 of JSON. Text that begins otherwise, or is too long, is not parsed. */
export const jsonObject = (value: unknown, mayHold?: RegExp): JsonObject | undefined => {
  if (isObject(value)) return value;
  if (typeof value !== "string" || value.length > MAX_UNWRAP_LENGTH) return undefined;
  // In base64 an object begins with e: 0x7b is 011110 11….
  const text = /^e[w3y]/.test(value) ? Buffer.from(value, "base64").toString() : value;
  if (!/^\s*\{/.test(text) || mayHold?.test(text) === false) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};
