/**
 * Stitch keys: ids that both sides of a hop can see, written on spans as `kind|scope|id`.
 *
 * The collector joins the span that produced an id to the one that consumed it, so a hop that loses its context is not
 * lost. Scope (queue, topic, stream) may be empty; only `%`, `|` and control characters are percent-encoded. Where the scope is
 * a part of the key, or the id is made of several, both sides must make it alike: by the functions below.
 */
import { MAX_KEY_ID_LENGTH } from "../limits.ts";

export interface StitchKey {
  readonly kind:
    | "sqs-message"
    | "sns-message"
    | "eventbridge-event"
    | "lambda-request"
    | "http-request"
    | "sfn-execution"
    | "sfn-task-token"
    | "kinesis-record"
    | "dynamodb-record"
    | "s3-request"
    | "s3-object"
    | "kafka-record"
    | "pubsub-message"
    | "cloudevent"
    | "xray-root";
  readonly scope?: string;
  readonly id: string;
}

/** A sequence number is unique in its shard; the stream goes by its name, because not every caller knows the ARN. */
export const kinesisKey = (stream: string, shardId: string, sequenceNumber: string): StitchKey => ({
  kind: "kinesis-record",
  scope: `${stream}/${shardId}`,
  id: sequenceNumber,
});

/** No id comes back from a write: the item's own keys, hashed because they may be a customer's. `{ pk: { S: "a" } }` on both sides. */
export const dynamodbKey = (table: string, keys: Readonly<Record<string, unknown>>): StitchKey => ({
  kind: "dynamodb-record",
  scope: table,
  id: sha256(JSON.stringify(Object.entries(keys).map(comparable).toSorted())).slice(0, 32),
});

/** Lambda has an item's bytes as base64, a caller's input as what they are, and a document client's input as plain values. */
const comparable = ([name, value]: readonly [string, unknown]): string => JSON.stringify([name, attributeValue(value)]);

const attributeValue = (value: unknown): unknown => {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number" || typeof value === "bigint") return { N: String(value) };
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString("base64") };
  if (typeof value !== "object" || value === null) return value;
  // A document client's number of more digits than JavaScript's have.
  if ("toAttributeValue" in value && "value" in value) return { N: String(value.value) };
  const bytes: unknown = "B" in value ? value.B : undefined;
  return bytes instanceof Uint8Array ? attributeValue(bytes) : value;
};

/** `version` is the version id where the bucket has versions, else the ETag, with or without its quotes. */
export const s3ObjectKey = (bucket: string, key: string, version: string): StitchKey => ({
  kind: "s3-object",
  scope: bucket,
  id: `${key}@${version.replaceAll('"', "")}`,
});

/** The token is a credential, so only its hash is kept. */
export const taskTokenKey = (token: string): StitchKey => ({ kind: "sfn-task-token", id: sha256(token) });

/** At first use: few functions need it. */
export const sha256 = (text: string): string => process.getBuiltinModule("node:crypto").hash("sha256", text);

// oxlint-disable-next-line no-control-regex -- control characters are what the format escapes
const UNSAFE = /[%|\u0000-\u001f\u007f]/g;

const escape = (text: string): string =>
  text.replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

/** In their order, without those whose id no platform would have given: a message's body may claim anything. */
export const formatStitchKeys = (keys: readonly StitchKey[]): string[] =>
  keys.filter(({ id }) => id.length <= MAX_KEY_ID_LENGTH).map(formatStitchKey);

const formatStitchKey = (key: StitchKey): string => `${key.kind}|${escape(key.scope ?? "")}|${escape(key.id)}`;
