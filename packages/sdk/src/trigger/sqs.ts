/** SQS batches: message attributes, the platform's AWSTraceHeader, and whatever the bodies wrap. */
import { parseXrayHeader } from "../propagate/xray.ts";
import { w3cContext } from "./carrier.ts";
import {
  type JsonObject,
  type Trigger,
  type TriggerRecord,
  anyCase,
  lastOfArn,
  objectAt,
  present,
  textAt,
} from "./trigger.ts";
import { unwrap } from "./unwrap.ts";

export const sqsTrigger = (records: readonly JsonObject[]): Trigger => {
  const queues = new Set(records.map((record) => lastOfArn(textAt(record, "eventSourceARN"))));
  const [queue] = queues;
  const destination = queues.size > 1 ? "multiple_sources" : queue;
  return { type: "sqs", records: records.map(sqsRecord), ...(destination !== undefined && { destination }) };
};

const sqsRecord = (record: JsonObject): TriggerRecord => {
  const id = textAt(record, "messageId");
  const scope = textAt(record, "eventSourceARN");
  const inner = unwrap(record["body"]);
  return {
    ...(id !== undefined && { id }),
    contexts: present([
      w3cContext(record["messageAttributes"], attributeText),
      ...inner.contexts,
      parseXrayHeader(objectAt(record, "attributes")?.["AWSTraceHeader"]),
    ]),
    keys: [...(id ? [{ kind: "sqs-message", id, ...(scope && { scope }) } as const] : []), ...inner.keys],
  };
};

/** Lambda spells it `stringValue`, the SDK `StringValue`; raw delivery from SNS may make it binary. */
const attributeText = (attribute: unknown): unknown => {
  const text = anyCase(attribute, "stringvalue");
  if (typeof text === "string") return text;
  const binary = anyCase(attribute, "binaryvalue");
  return typeof binary === "string" ? Buffer.from(binary, "base64").toString() : undefined;
};
