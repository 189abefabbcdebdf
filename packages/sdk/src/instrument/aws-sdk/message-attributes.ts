/**
 * SQS and SNS carry context the same way: a String attribute per field, if the message has room for it, in number and in
 * bytes. A message without room is sent as it is and counted: better without context than refused.
 */
import { MAX_MESSAGE_BYTES } from "../../limits.ts";
import { type JsonObject, anyCase, isObject, objectAt, textAt } from "../../trigger/trigger.ts";
import type { Carrier, Injected } from "./operation.ts";

/** Into one message; attributes the application set itself, a `traceparent` among them, are left as they are. */
export const withAttributes = (message: JsonObject, carrier: Carrier, maxAttributes: number): Injected =>
  isNearLimit([message], carrier) ? { input: message, skipped: 1 } : filled(message, carrier, maxAttributes);

/** Into every entry of a batch, whose entries share one limit. */
export const withEntryAttributes = (
  input: JsonObject,
  list: string,
  carrier: Carrier,
  maxAttributes: number,
): Injected => {
  const entries: unknown = input[list];
  if (!Array.isArray(entries)) return { input, skipped: 0 };
  const messages = entries.filter(isObject);
  if (isNearLimit(messages, carrier)) return { input, skipped: messages.length };
  const done = entries.map((entry: unknown) =>
    isObject(entry) ? filled(entry, carrier, maxAttributes) : { input: entry, skipped: 0 },
  );
  return {
    input: { ...input, [list]: done.map((one) => one.input) },
    skipped: done.reduce((sum, one) => sum + one.skipped, 0),
  };
};

const filled = (message: JsonObject, carrier: Carrier, maxAttributes: number): Injected => {
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

/** With our attributes it would be larger than some queues and topics allow, without them it is not. */
const isNearLimit = (messages: readonly JsonObject[], carrier: Carrier): boolean => {
  const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0);
  const ours = Object.entries(carrier).reduce((sum, [name, value]) => sum + attributeBytes(name, value), 0);
  return MAX_MESSAGE_BYTES.some((limit) => bytes <= limit && bytes + messages.length * ours > limit);
};

const bytesOf = (message: JsonObject): number => {
  const body = textAt(message, "MessageBody") ?? textAt(message, "Message") ?? "";
  const attributes = Object.entries(objectAt(message, "MessageAttributes") ?? {});
  return attributes.reduce(
    (sum, [name, attribute]) => sum + attributeBytes(name, valueOf(attribute)),
    byteLength(body),
  );
};

const valueOf = (attribute: unknown): string | Uint8Array => {
  const { StringValue, BinaryValue } = isObject(attribute) ? attribute : {};
  if (typeof StringValue === "string") return StringValue;
  return BinaryValue instanceof Uint8Array ? BinaryValue : "";
};

/** Name, type and value all count. */
const attributeBytes = (name: string, value: string | Uint8Array): number =>
  byteLength(name) + "String".length + byteLength(value);

const byteLength = (value: string | Uint8Array): number => Buffer.byteLength(value);
