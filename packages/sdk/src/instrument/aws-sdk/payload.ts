/**
 * Context inside a payload, for those who have asked for it (MAYFLY_INJECT_PAYLOAD): an event's detail, an execution's input and a
 * record's data have no other place for one. One field more before the last brace; the rest stays byte for byte.
 *
 *   {"order":7}  →  {"order":7,"_mayfly":{"traceparent":"00-…"}}
 *
 * Only a JSON object is touched, and none that has the field; one that would become too long is left as it is, and counted.
 */
import { sdk } from "../../sdk.ts";
import { isObject } from "../../trigger/trigger.ts";
import type { Carrier } from "./operation.ts";

export type PayloadCarrier = "eventbridge" | "stepfunctions" | "kinesis" | "s3";

export const mayInject = (carrier: PayloadCarrier): boolean => sdk().config.injectPayload.includes(carrier);

const FIELD = "_mayfly";

/** Has no room for another field. */
export const FULL: unique symbol = Symbol("full");

/** undefined: it cannot carry one. */
export const withContext = (text: string, carrier: Carrier, maxBytes: number): string | typeof FULL | undefined => {
  const keys = keysOf(text);
  if (keys === undefined || keys.includes(FIELD)) return undefined;
  const end = text.lastIndexOf("}");
  const field = `${keys.length > 0 ? "," : ""}"${FIELD}":${JSON.stringify(carrier)}`;
  const whole = text.slice(0, end) + field + text.slice(end);
  return Buffer.byteLength(whole) > maxBytes ? FULL : whole;
};

const keysOf = (text: string): readonly string[] | undefined => {
  // Most that is none is told without parsing it.
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && !Array.isArray(value) ? Object.keys(value) : undefined;
  } catch {
    return undefined;
  }
};
