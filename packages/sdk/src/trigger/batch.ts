/**
 * Events that are lists of records: SQS, SNS, Kinesis, DynamoDB, S3, Kafka. What each record is called, carries and is known by.
 *
 * `recordIdOf` is the one place that says a record's id, so that `eachRecord` finds again what detection found.
 */
import type { CarriedContext } from "../propagate/w3c.ts";
import { parseXrayHeader } from "../propagate/xray.ts";
import { type StitchKey, dynamodbKey, kinesisKey } from "../stitch/keys.ts";
import { attributeText, byTrust, contextsIn } from "./carrier.ts";
import {
  type JsonObject,
  type Trigger,
  type TriggerRecord,
  type TriggerType,
  anyCase,
  isObject,
  keyOf,
  lastOfArn,
  objectAt,
  present,
  textAt,
} from "./trigger.ts";
import { type Unwrapped, s3Keys, s3RequestId, snsNotification, unwrap } from "./unwrap.ts";

interface Source {
  readonly type: TriggerType;
  readonly destinationOf: (record: JsonObject) => string | undefined;
  readonly read: (record: JsonObject) => Unwrapped;
}

/** By `eventSource`. A record from Pipes is the same, but for Kinesis, whose parts stand at the top. */
const SOURCES: Readonly<Record<string, Source>> = {
  "aws:sqs": { type: "sqs", destinationOf: (record) => lastOfArn(textAt(record, "eventSourceARN")), read: sqs },
  "aws:sns": {
    type: "sns",
    destinationOf: (record) => lastOfArn(textAt(objectAt(record, "Sns"), "TopicArn")),
    read: (record) => snsNotification(objectAt(record, "Sns") ?? {}),
  },
  "aws:kinesis": { type: "kinesis", destinationOf: nameInArn, read: kinesis },
  "aws:dynamodb": { type: "dynamodb", destinationOf: nameInArn, read: dynamodb },
  "aws:s3": {
    type: "s3",
    destinationOf: (record) => textAt(objectAt(objectAt(record, "s3"), "bucket"), "name"),
    read: (record) => ({ contexts: [], keys: s3Keys(record) }),
  },
};

export const batchTrigger = (records: readonly JsonObject[]): Trigger | undefined => {
  const name = anyCase(records[0], "eventsource");
  const source = typeof name === "string" && Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  return source && batchOf(source, records);
};

const batchOf = ({ type, destinationOf, read }: Source, records: readonly JsonObject[]): Trigger => {
  const names = new Set(records.map(destinationOf));
  const [name] = names;
  const destination = names.size > 1 ? "multiple_sources" : name;
  return {
    type,
    ...(destination !== undefined && { destination }),
    records: records.map((record) => triggerRecord(recordIdOf(record), read(record))),
  };
};

export const triggerRecord = (
  id: string | undefined,
  { contexts, keys, replay, awsSource }: Unwrapped,
): TriggerRecord => ({
  ...(id !== undefined && { id }),
  contexts: byTrust(contexts),
  keys,
  ...(replay !== undefined && { replay }),
  ...(awsSource !== undefined && { awsSource }),
});

export const recordIdOf = (record: unknown): string | undefined =>
  itemIdentifierOf(record) ??
  textAt(objectAt(record, "Sns"), "MessageId") ??
  s3RequestId(record) ??
  textAt(record, "sequenceNumber") ??
  kafkaIdOf(record);

/** What the platform wants to be told of a record that failed. */
export const itemIdentifierOf = (record: unknown): string | undefined =>
  textAt(record, "messageId") ??
  textAt(objectAt(record, "kinesis"), "sequenceNumber") ??
  textAt(objectAt(record, "dynamodb"), "SequenceNumber");

function sqs(record: JsonObject): Unwrapped {
  const attributes = record["messageAttributes"];
  const inner = unwrap(record["body"]);
  return {
    contexts: [
      ...contextsIn(attributes, attributeText),
      ...inner.contexts,
      ...present([parseXrayHeader(objectAt(record, "attributes")?.["AWSTraceHeader"])]),
    ],
    keys: [
      ...keyOf("sqs-message", textAt(record, "messageId"), textAt(record, "eventSourceARN")),
      ...deadLetterKeys(attributes),
      ...inner.keys,
    ],
    replay: inner.replay,
    awsSource: inner.awsSource,
  };
}

/** Lambda puts what it could not deliver into a dead-letter queue, with the id of the invocation that failed. */
const deadLetterKeys = (attributes: unknown): StitchKey[] => {
  const id = isObject(attributes) && attributes["ErrorCode"] ? attributeText(attributes["RequestID"]) : undefined;
  return typeof id === "string" && id !== "" ? keyOf("lambda-request", id) : [];
};

function kinesis(record: JsonObject): Unwrapped {
  const { data, ...rest } = objectAt(record, "kinesis") ?? record;
  const inner = unwrap(data);
  const stream = nameInArn(record);
  const sequenceNumber = textAt(rest, "sequenceNumber");
  const shard = textAt(record, "eventID")?.split(":")[0];
  const isWhole = stream && shard && sequenceNumber;
  return {
    contexts: inner.contexts,
    keys: [...(isWhole ? [kinesisKey(stream, shard, sequenceNumber)] : []), ...inner.keys],
  };
}

/** An item may carry a context in attributes of its own. What DynamoDB itself deletes, when its time is over, nobody produced. */
function dynamodb(record: JsonObject): Unwrapped {
  const change = objectAt(record, "dynamodb");
  const keys = objectAt(change, "Keys");
  const table = nameInArn(record);
  const isExpired = textAt(objectAt(record, "userIdentity"), "principalId") === "dynamodb.amazonaws.com";
  return {
    contexts: contextsIn(change?.["NewImage"], itemText),
    keys: keys && table && !isExpired ? [dynamodbKey(table, keys)] : [],
  };
}

/** `{ S: "text" }`, or a map of such. */
const itemText = (value: unknown): unknown => {
  const map = objectAt(value, "M");
  return map ? Object.fromEntries(Object.entries(map).map(([key, one]) => [key, itemText(one)])) : textAt(value, "S");
};

/** `arn:aws:kinesis:…:stream/clicks`, `arn:aws:dynamodb:…:table/orders/stream/2026-…` */
function nameInArn(record: JsonObject): string | undefined {
  const resource = textAt(record, "eventSourceARN")?.split(":").slice(5).join(":");
  return resource?.split("/")[1];
}

/** The one batch whose records are not a list: `{ "orders-0": [record, …] }`. */
export const kafkaTrigger = (event: JsonObject): Trigger | undefined => {
  const source = event["eventSource"];
  if (source !== "aws:kafka" && source !== "SelfManagedKafka") return undefined;
  // Both sides list the brokers in an order of their own.
  const scope = textAt(event, "bootstrapServers")?.split(",").toSorted().join(",");
  return batchOf(
    {
      type: "kafka",
      destinationOf: (record) => textAt(record, "topic"),
      read: (record) => ({
        contexts: kafkaContexts(record["headers"]),
        keys: keyOf("kafka-record", kafkaIdOf(record), scope),
      }),
    },
    recordsByTopic(event["records"]).map((record) => (isObject(record) ? record : {})),
  );
};

export const recordsByTopic = (records: unknown): unknown[] =>
  isObject(records) ? Object.values(records).flatMap((one) => (Array.isArray(one) ? [...one] : [])) : [];

const kafkaIdOf = (record: unknown): string | undefined => {
  const topic = textAt(record, "topic");
  if (topic === undefined || !isObject(record)) return undefined;
  const { partition, offset } = record;
  return typeof partition === "number" && typeof offset === "number" ? `${topic}/${partition}/${offset}` : undefined;
};

/** `[{ traceparent: [48, 48, …] }]` */
const kafkaContexts = (headers: unknown): readonly CarriedContext[] =>
  Array.isArray(headers) ? contextsIn(Object.assign({}, ...headers.filter(isObject)), bytesText) : [];

/** Bytes have been seen as numbers, as their decimal digits, and by their index. */
const bytesText = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? Buffer.from(Object.values(value).map(Number)).toString() : value;
