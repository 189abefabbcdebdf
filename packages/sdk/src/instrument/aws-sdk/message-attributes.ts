/** SQS and SNS carry context the same way: a String attribute per field, if the message has room for it. */
import { type JsonObject, isObject, objectAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected } from "./operation.ts";

/** Into one message; attributes the application set itself, a `traceparent` among them, are left as they are. */
export const withAttributes = (message: JsonObject, carrier: Carrier, maxAttributes: number): Injected => {
  const given = objectAt(message, "MessageAttributes") ?? {};
  if (Object.hasOwn(given, "traceparent")) return { input: message, skipped: 0 };
  const ours = Object.entries(carrier).map(([name, value]) => [name, { DataType: "String", StringValue: value }]);
  if (Object.keys(given).length + ours.length > maxAttributes) return { input: message, skipped: 1 };
  return { input: { ...message, MessageAttributes: { ...given, ...Object.fromEntries(ours) } }, skipped: 0 };
};

/** Into every entry of a batch. */
export const withEntryAttributes = (
  input: JsonObject,
  list: string,
  carrier: Carrier,
  maxAttributes: number,
): Injected => {
  const entries = input[list];
  if (!Array.isArray(entries)) return { input, skipped: 0 };
  const done = entries.map((entry: unknown) =>
    isObject(entry) ? withAttributes(entry, carrier, maxAttributes) : { input: entry, skipped: 0 },
  );
  return {
    input: { ...input, [list]: done.map((one) => one.input) },
    skipped: done.reduce((sum, one) => sum + one.skipped, 0),
  };
};
