/** SQS and SNS carry context the same way: a String attribute per field, if the message has room for it. */
import { type JsonObject, anyCase, isObject, objectAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected } from "./operation.ts";

/** Into one message; attributes the application set itself, a `traceparent` among them, are left as they are. */
export const withAttributes = (message: JsonObject, carrier: Carrier, maxAttributes: number): Injected => {
  const given = objectAt(message, "MessageAttributes") ?? {};
  // A reader looks for it in any case.
  if (anyCase(given, "traceparent") !== undefined) return { input: message, skipped: 0 };
  const room = maxAttributes - Object.keys(given).length;
  if (room < 1) return { input: message, skipped: 1 };
  const ours = fieldsFor(carrier, room).map(([name, value]) => [name, { DataType: "String", StringValue: value }]);
  return { input: { ...message, MessageAttributes: { ...Object.fromEntries(ours), ...given } }, skipped: 0 };
};

/** With room for one, that is the `traceparent`: it says everything by itself, `tracestate` says nothing without it. */
const fieldsFor = (carrier: Carrier, room: number): [string, string][] =>
  Object.entries(carrier)
    .toSorted(([a], [b]) => Number(b === "traceparent") - Number(a === "traceparent"))
    .slice(0, room);

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
