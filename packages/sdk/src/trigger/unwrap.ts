/**
 * Messages inside messages: SNS wraps what it delivers to SQS, EventBridge what it puts into either. Each wrapper adds an
 * id that its own sender saw, and may carry a context of its own.
 *
 * Bounds  MAX_UNWRAP_DEPTH wrappers; a body over MAX_UNWRAP_LENGTH, or without a wrapper's words, is not parsed.
 */
import { MAX_UNWRAP_DEPTH } from "../limits.ts";
import type { CarriedContext } from "../propagate/w3c.ts";
import { type StitchKey, s3ObjectKey, taskTokenKey } from "../stitch/keys.ts";
import { attributeText, contextsIn, firstOfEach, jsonObject, tracersIn } from "./carrier.ts";
import { type JsonObject, isObject, keyOf, lastOfArn, objectAt, textAt } from "./trigger.ts";

export interface Unwrapped {
  readonly contexts: readonly CarriedContext[];
  readonly keys: readonly StitchKey[];
  readonly replay?: string | undefined;
  readonly awsSource?: string | undefined;
}

export const NOTHING: Unwrapped = { contexts: [], keys: [] };

/** One of these stands in every text that has anything to unwrap. */
const WORDS =
  /TopicArn|detail-type|_mayfly|_datadog|aws:s3|responsePayload|approximateInvokeCount|specversion|[tT]ask_?[tT]oken|AAAAKgAAAA/;

/** `body` as the record has it: a JSON text, base64 of one, or already an object. */
export const unwrap = (body: unknown, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const message = depth > 0 ? jsonObject(body, WORDS) : undefined;
  if (message === undefined) return NOTHING;
  if (message["Type"] === "Notification" && textAt(message, "TopicArn")) return snsNotification(message, depth);
  if (isEventBridgeEvent(message)) return eventBridgeEvent(message, depth);
  if (isCloudEvent(message)) return cloudEvent(message, depth);
  const records = message["Records"];
  if (Array.isArray(records) && objectAt(records[0], "s3")) {
    return { contexts: [], keys: records.flatMap((record) => s3Keys(record)) };
  }
  return { contexts: tracersIn(message), keys: [...destinationKeys(message), ...givenTaskTokens(message)] };
};

/** Also the `Sns` part of a record that SNS delivered to Lambda itself. */
export const snsNotification = (message: JsonObject, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const inner = unwrap(message["Message"], depth - 1);
  return {
    contexts: [...contextsIn(message["MessageAttributes"], attributeText), ...inner.contexts],
    keys: [
      ...keyOf("sns-message", textAt(message, "MessageId"), lastOfArn(textAt(message, "TopicArn"))),
      ...inner.keys,
    ],
    replay: inner.replay,
    awsSource: inner.awsSource,
  };
};

export const isEventBridgeEvent = (message: JsonObject): boolean =>
  textAt(message, "detail-type") !== undefined &&
  textAt(message, "source") !== undefined &&
  textAt(message, "id") !== undefined;

/** A context can only stand in the detail, where an application or its tracer chose to put it. */
export const eventBridgeEvent = (message: JsonObject, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const detail = message["detail"];
  const source = textAt(message, "source");
  const inner = depth > 1 && isObject(detail) && isCloudEvent(detail) ? cloudEvent(detail, depth - 1) : NOTHING;
  return {
    contexts: [...tracersIn(detail), ...inner.contexts],
    keys: [
      ...keyOf("eventbridge-event", textAt(message, "id")),
      ...(source === "aws.s3" ? s3Keys({ s3: detail }) : []),
      ...destinationKeys(detail),
      ...givenTaskTokens(detail),
      ...inner.keys,
    ],
    replay: textAt(message, "replay-name"),
    awsSource: source?.startsWith("aws.") ? source : undefined,
  };
};

export const isCloudEvent = (message: JsonObject): boolean =>
  textAt(message, "specversion") !== undefined &&
  textAt(message, "id") !== undefined &&
  textAt(message, "source") !== undefined;

/** Its own attributes carry the context of where a longer way began; the data may be another message. */
export const cloudEvent = (event: JsonObject, depth = MAX_UNWRAP_DEPTH): Unwrapped => {
  const data = event["data"];
  const isPush = objectAt(data, "message") !== undefined && textAt(data, "subscription") !== undefined;
  const inner = isPush ? pubsubMessage(objectAt(data, "message")) : unwrap(data ?? event["data_base64"], depth - 1);
  return {
    contexts: [...contextsIn(event), ...inner.contexts],
    keys: [...keyOf("cloudevent", textAt(event, "id"), textAt(event, "source")), ...inner.keys],
  };
};

/** Google's client writes its own name for `traceparent`. */
export const pubsubMessage = (message: unknown): Unwrapped => {
  const attributes = objectAt(message, "attributes");
  const google = {
    traceparent: attributes?.["googclient_traceparent"],
    tracestate: attributes?.["googclient_tracestate"],
  };
  const inner = unwrap(objectAt({ message }, "message")?.["data"], MAX_UNWRAP_DEPTH - 1);
  return {
    contexts: [...firstOfEach([...contextsIn(attributes), ...contextsIn(google)]), ...inner.contexts],
    keys: [...keyOf("pubsub-message", textAt(message, "messageId") ?? textAt(message, "message_id")), ...inner.keys],
  };
};

/** A record of a notification, or `{ s3: detail }` of an event on a bus, whose names differ and whose key is not encoded. */
export const s3Keys = (record: unknown): StitchKey[] => {
  const s3 = objectAt(record, "s3");
  const object = objectAt(s3, "object");
  const bucket = textAt(objectAt(s3, "bucket"), "name");
  const key = textAt(object, "key");
  const version =
    textAt(object, "versionId") ?? textAt(object, "version-id") ?? textAt(object, "eTag") ?? textAt(object, "etag");
  const name = key !== undefined && textAt(s3, "request-id") === undefined ? decoded(key) : key;
  return [
    ...keyOf("s3-request", s3RequestId(record) ?? textAt(s3, "request-id")),
    ...(bucket && name && version ? [s3ObjectKey(bucket, name, version)] : []),
  ];
};

export const s3RequestId = (record: unknown): string | undefined =>
  textAt(objectAt(record, "responseElements"), "x-amz-request-id");

const decoded = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key; // not as S3 encodes it
  }
};

/** What a function's asynchronous invocation came to: the id is that of the invocation it tells of. */
export const destinationKeys = (message: unknown): StitchKey[] => {
  const context = objectAt(message, "requestContext");
  const isRecord = textAt(context, "functionArn") !== undefined && textAt(context, "condition") !== undefined;
  return isRecord ? keyOf("lambda-request", textAt(context, "requestId")) : [];
};

/** Author's names for it are many; this is how most end, and how Step Functions' own tokens begin. */
export const givenTaskTokens = (message: unknown): StitchKey[] =>
  isObject(message)
    ? Object.entries(message).flatMap(([name, value]) =>
        typeof value === "string" && value !== "" && (/task_?token$/i.test(name) || isTokenLike(name, value))
          ? [taskTokenKey(value)]
          : [],
      )
    : [];

const isTokenLike = (name: string, value: string): boolean => /token$/i.test(name) && /^.{0,4}AAAAKgAAAA/.test(value);
