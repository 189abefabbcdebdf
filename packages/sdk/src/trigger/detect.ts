/**
 * What invoked the function, told from the shape of its event.
 *
 * In      any value at all; `context` is Lambda's, for what only it knows (a direct invoke's client context).
 * Out     a Trigger; `unknown` with no records where no shape fits.
 * Errors  none, whatever it is given: an event whose getter throws is as unknown as a number.
 * Cost    microseconds; the common shapes are tried first, and only bodies that can be a wrapper are parsed.
 * Source  event shapes: AWS Lambda developer guide, "Using Lambda with other services"
 */
import { batchTrigger, kafkaTrigger, triggerRecord } from "./batch.ts";
import { contextsIn } from "./carrier.ts";
import { httpTrigger } from "./http.ts";
import { rareSource, rareType } from "./rare.ts";
import { stepFunctions, taskPayload } from "./step-functions.ts";
import {
  type JsonObject,
  type Trigger,
  type TriggerType,
  anyCase,
  isObject,
  lastOfArn,
  objectAt,
  textAt,
} from "./trigger.ts";
import {
  cloudEvent,
  destinationKeys,
  eventBridgeEvent,
  isCloudEvent,
  isEventBridgeEvent,
  pubsubMessage,
} from "./unwrap.ts";

const UNKNOWN: Trigger = { type: "unknown", records: [] };

export const detectTrigger = (event: unknown, context?: unknown): Trigger =>
  attempt(() => byShape(event)) ?? attempt(() => directInvoke(context)) ?? UNKNOWN;

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const byShape = (event: unknown): Trigger | undefined => {
  // Pipes hand over the records alone.
  const list = isObject(event) ? event["Records"] : event;
  // A copy, because every() and map() would pass over a hole.
  const records: unknown[] = Array.isArray(list) ? [...list] : [];
  if (records.length > 0 && records.every(isObject)) return byRecord(records);
  if (!isObject(event)) return undefined;
  return (
    stepFunctions(event) ??
    (isEventBridgeEvent(event) ? eventBridge(event) : httpTrigger(event)) ??
    kafkaTrigger(event) ??
    (isCloudEvent(event) ? cloudEvents([event]) : undefined) ??
    pubsub(event) ??
    destination(event) ??
    durable(event) ??
    onlyType(rareSource(event["eventSource"]) ?? rareType(event)) ??
    taskPayload(event)
  );
};

const byRecord = (records: readonly JsonObject[]): Trigger | undefined =>
  batchTrigger(records) ??
  (records.every(isCloudEvent) ? cloudEvents(records) : undefined) ??
  onlyType(objectAt(records[0], "cf") ? "cloudfront" : rareSource(records[0]?.["eventSource"]));

const onlyType = (type: TriggerType | undefined): Trigger | undefined => type && { type, records: [] };

const eventBridge = (event: JsonObject): Trigger => {
  const source = textAt(event, "source");
  const detailType = textAt(event, "detail-type");
  if (detailType === "Scheduled Event" && (source === "aws.events" || source === "aws.scheduler"))
    return schedule(event);
  return {
    type: source === "aws.codebuild" ? "codebuild" : "eventbridge",
    ...(detailType !== undefined && { destination: detailType }),
    records: [triggerRecord(textAt(event, "id"), eventBridgeEvent(event))],
  };
};

/** Nothing caused it. Its rule is the first resource: `arn:aws:events:…:rule/every-hour`. */
const schedule = ({ resources }: JsonObject): Trigger => {
  const rule: unknown = Array.isArray(resources) ? resources[0] : undefined;
  const name = typeof rule === "string" ? rule.split("/").at(-1) : undefined;
  return { type: "schedule", records: [], ...(name && { destination: name }) };
};

const cloudEvents = (events: readonly JsonObject[]): Trigger => {
  const destination = textAt(events[0], "type");
  return {
    type: "cloudevents",
    ...(destination !== undefined && { destination }),
    records: events.map((event) => triggerRecord(textAt(event, "id"), cloudEvent(event))),
  };
};

const pubsub = (event: JsonObject): Trigger | undefined => {
  const message = objectAt(event, "message");
  const subscription = textAt(event, "subscription");
  const id = textAt(message, "messageId") ?? textAt(message, "message_id");
  if (subscription === undefined || id === undefined) return undefined;
  const destination = subscription.split("/").at(-1);
  return { type: "pubsub", ...(destination && { destination }), records: [triggerRecord(id, pubsubMessage(message))] };
};

/** What another function's asynchronous invocation came to, or the batch of a stream that was given up. */
const destination = (event: JsonObject): Trigger | undefined => {
  const context = objectAt(event, "requestContext");
  const functionArn = textAt(context, "functionArn");
  if (functionArn === undefined || textAt(context, "condition") === undefined) return undefined;
  const name = lastOfArn(functionArn.split(":").slice(0, 7).join(":"));
  const record = triggerRecord(textAt(context, "requestId"), { contexts: [], keys: destinationKeys(event) });
  return { type: "lambda-destination", ...(name && { destination: name }), records: [record] };
};

/** An execution that Lambda itself checkpoints and resumes: each invocation of it is a direct one. */
const durable = (event: JsonObject): Trigger | undefined =>
  textAt(event, "DurableExecutionArn") !== undefined && objectAt(event, "InitialExecutionState") !== undefined
    ? { type: "lambda", records: [{ contexts: [], keys: [] }] }
    : undefined;

/** Only a client context tells any other direct invoke from any other JSON. */
const directInvoke = (context: unknown): Trigger | undefined => {
  const client = objectAt(context, "clientContext");
  if (client === undefined) return undefined;
  return {
    type: "lambda",
    records: [triggerRecord(undefined, { contexts: contextsIn(anyCase(client, "custom")), keys: [] })],
  };
};
