/**
 * What invoked the function, told from the shape of its event.
 *
 * In      any value at all; `context` is Lambda's, for what only it knows (a direct invoke's client context).
 * Out     a Trigger; `unknown` with no records where no shape fits.
 * Errors  none, whatever it is given: an event whose getter throws is as unknown as a number.
 * Cost    microseconds; only bodies that can be a wrapper are parsed.
 * Source  event shapes: AWS Lambda developer guide, "Using Lambda with other services"
 */
import { w3cContext } from "./carrier.ts";
import { httpTrigger } from "./http.ts";
import { sqsTrigger } from "./sqs.ts";
import {
  type JsonObject,
  type Trigger,
  type TriggerRecord,
  anyCase,
  isObject,
  lastOfArn,
  objectAt,
  present,
  textAt,
} from "./trigger.ts";
import { eventBridgeEvent, isEventBridgeEvent, snsNotification } from "./unwrap.ts";

const UNKNOWN: Trigger = { type: "unknown", records: [] };

export const detectTrigger = (event: unknown, context?: unknown): Trigger =>
  attempt(() => (isObject(event) ? byShape(event) : undefined)) ?? attempt(() => directInvoke(context)) ?? UNKNOWN;

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const byShape = (event: JsonObject): Trigger | undefined => {
  // A copy, because every() and map() would pass over a hole.
  const records: unknown[] = Array.isArray(event["Records"]) ? [...event["Records"]] : [];
  if (records.length > 0 && records.every(isObject)) return byRecord(records);
  return (
    stepFunctions(event) ?? (isEventBridgeEvent(event) ? eventBridge(event) : httpTrigger(event)) ?? durable(event)
  );
};

const byRecord = (records: readonly JsonObject[]): Trigger | undefined => {
  const source = anyCase(records[0], "eventsource");
  if (source === "aws:sqs") return sqsTrigger(records);
  if (source === "aws:sns") return sns(records);
  return undefined;
};

const sns = (records: readonly JsonObject[]): Trigger => {
  const messages = records.map((record) => objectAt(record, "Sns") ?? {});
  const destination = lastOfArn(textAt(messages[0], "TopicArn"));
  return {
    type: "sns",
    ...(destination !== undefined && { destination }),
    records: messages.map((message) => withId(textAt(message, "MessageId"), snsNotification(message))),
  };
};

const eventBridge = (event: JsonObject): Trigger => {
  const source = textAt(event, "source");
  if (source === "aws.events" && event["detail-type"] === "Scheduled Event") return { type: "schedule", records: [] };
  const destination = textAt(event, "detail-type");
  return {
    type: "eventbridge",
    ...(destination !== undefined && { destination }),
    records: [withId(textAt(event, "id"), eventBridgeEvent(event))],
  };
};

const withId = (id: string | undefined, rest: Omit<TriggerRecord, "id">): TriggerRecord =>
  id === undefined ? rest : { id, ...rest };

/** A task sees of its execution only what the state machine's author mapped from `$$`, at the top or in a carrier. */
const stepFunctions = (event: JsonObject): Trigger | undefined => {
  const mapped = [event, objectAt(event, "_mayfly"), objectAt(event, "_datadog")].find(
    (one) => textAt(objectAt(one, "Execution"), "Id") !== undefined,
  );
  const id = textAt(objectAt(mapped, "Execution"), "Id");
  if (mapped === undefined || id === undefined) return undefined;
  const destination = textAt(objectAt(mapped, "StateMachine"), "Name") ?? id.split(":")[6];
  return {
    type: "step-functions",
    ...(destination !== undefined && { destination }),
    records: [{ id, contexts: [], keys: [{ kind: "sfn-execution", id }] }],
  };
};

export interface StateFacts {
  readonly name?: string;
  readonly retryCount?: number;
}

export const stateOf = (event: unknown): StateFacts => {
  const mapped = [event, objectAt(event, "_mayfly"), objectAt(event, "_datadog")].find((one) => objectAt(one, "State"));
  const state = objectAt(mapped, "State");
  const name = textAt(state, "Name");
  const retryCount = state?.["RetryCount"];
  return { ...(name !== undefined && { name }), ...(typeof retryCount === "number" && { retryCount }) };
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
  return { type: "lambda", records: [{ contexts: present([w3cContext(anyCase(client, "custom"))]), keys: [] }] };
};
