/**
 * Messages inside messages: SNS wraps what it delivers to SQS, EventBridge what it puts into either. Each wrapper adds an
 * id that its own sender saw, and may carry a context of its own.
 *
 * Bounds  MAX_UNWRAP_DEPTH wrappers; a body over MAX_UNWRAP_LENGTH is not parsed.
 */
import { MAX_UNWRAP_DEPTH, MAX_UNWRAP_LENGTH } from "../limits.ts";
import type { CarriedContext } from "../propagate/w3c.ts";
import type { StitchKey } from "../stitch/keys.ts";
import { w3cContext } from "./carrier.ts";
import { type JsonObject, isObject, lastOfArn, objectAt, present, textAt } from "./trigger.ts";

export interface Unwrapped {
  readonly contexts: readonly CarriedContext[];
  readonly keys: readonly StitchKey[];
}

const NOTHING: Unwrapped = { contexts: [], keys: [] };

/** `body` as the record has it: a JSON text, or already an object. */
export const unwrap = (body: unknown, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const message = depth > 0 ? parsed(body) : undefined;
  if (message === undefined) return NOTHING;
  if (message["Type"] === "Notification" && textAt(message, "TopicArn")) return snsNotification(message, depth);
  if (isEventBridgeEvent(message)) return eventBridgeEvent(message);
  return NOTHING;
};

const parsed = (body: unknown): JsonObject | undefined => {
  if (isObject(body)) return body;
  // A wrapper is an object: text that begins otherwise need not be parsed to know that it is none.
  if (typeof body !== "string" || body.length > MAX_UNWRAP_LENGTH || !/^\s*\{/.test(body)) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Also the `Sns` part of a record that SNS delivered to Lambda itself. */
export const snsNotification = (message: JsonObject, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const id = textAt(message, "MessageId");
  const scope = lastOfArn(textAt(message, "TopicArn"));
  const inner = unwrap(message["Message"], depth - 1);
  return {
    contexts: present([w3cContext(message["MessageAttributes"], attributeText), ...inner.contexts]),
    keys: [...(id ? [{ kind: "sns-message", id, ...(scope && { scope }) } as const] : []), ...inner.keys],
  };
};

const attributeText = (attribute: unknown): unknown => (isObject(attribute) ? attribute["Value"] : undefined);

export const isEventBridgeEvent = (message: JsonObject): boolean =>
  textAt(message, "detail-type") !== undefined &&
  textAt(message, "source") !== undefined &&
  textAt(message, "id") !== undefined;

/** A context can only stand in the detail, where an application or its tracer chose to put it. */
export const eventBridgeEvent = (message: JsonObject): Unwrapped => {
  const id = textAt(message, "id");
  const detail = objectAt(message, "detail");
  return {
    contexts: present([w3cContext(detail?.["_mayfly"]) ?? w3cContext(detail?.["_datadog"])]),
    keys: id === undefined ? [] : [{ kind: "eventbridge-event", id }],
  };
};
