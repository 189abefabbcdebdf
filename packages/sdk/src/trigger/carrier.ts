/** A W3C context in whatever carries it: headers, message attributes, an object that an application put into its payload. */
import { type CarriedContext, parseTraceparent } from "../propagate/w3c.ts";
import { anyCase, isObject } from "./trigger.ts";

/**
 * Names stand in any case, so one may be there twice: attributes `Traceparent` and `TraceParent` are different ones to SQS. The
 * first that is valid counts, the exact spelling before others.
 */
export const w3cContext = (
  carrier: unknown,
  textOf: (value: unknown) => unknown = (value) => value,
): CarriedContext | undefined => {
  if (!isObject(carrier)) return undefined;
  const state = textOf(anyCase(carrier, "tracestate"));
  const spellings = Object.keys(carrier).filter((key) => key.toLowerCase() === "traceparent");
  for (const key of ["traceparent", ...spellings]) {
    const context = parseTraceparent(textOf(carrier[key]), state);
    if (context) return context;
  }
  return undefined;
};
