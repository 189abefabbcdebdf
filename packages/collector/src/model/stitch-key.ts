/**
 * Stitch keys: ids that both sides of a hop can see.
 *
 * On a span they travel in `mayfly.keys.produced` and `mayfly.keys.consumed` as `kind|scope|id`, scope possibly empty,
 * with `%`, `|` and control characters percent-encoded.
 *
 * Two keys are the same when their `StitchKeyIdentity` is: (kind, id) where the id is globally unique, because
 * producer and consumer see different names of the same queue (URL and ARN); (kind, scope, id) where it is not.
 */
import type { Join, StitchKey, StitchKeyKind } from "@mayfly/api";

declare const brand: unique symbol;
/** What is compared and indexed. */
export type StitchKeyIdentity = string & { readonly [brand]: "StitchKeyIdentity" };

export interface KeyKind {
  /** As people call the id. */
  readonly name: string;
  /** What both sides see, by whom. */
  readonly pairing: readonly [producer: string, consumer: string];
  /** Unique only within its scope, which then is part of the key. */
  readonly isScoped: boolean;
  /**
   * How much it says that both sides saw it. `exact`: one id, one hop. `strong`: one thing, which may have been made twice.
   * `heuristic`: believed only where nothing else fits.
   */
  readonly strength: Join["strength"];
  /** A message; else one invocation, one HTTP call, one execution or one X-Ray tree, however many records it brought. */
  readonly isMessage: boolean;
}

const KINDS: Readonly<Record<StitchKeyKind, KeyKind>> = {
  "sqs-message": message(
    "SQS message id",
    "SendMessage[Batch]: `MessageId`",
    "`Records[].messageId`; a dead-letter queue keeps it",
  ),
  "sns-message": message(
    "SNS message id",
    "Publish[Batch]: `MessageId`",
    "`Records[].Sns.MessageId`; in SQS, the body's `MessageId`",
  ),
  "eventbridge-event": message(
    "EventBridge event id",
    "PutEvents: `Entries[].EventId`",
    "the event's `id`, also inside SQS and SNS; a replay keeps it",
  ),
  "lambda-request": call(
    "Lambda request id",
    "Invoke: `x-amzn-RequestId`",
    "the callee's `awsRequestId`, the same for all its attempts; a destination's or dead letter's `requestId`",
  ),
  "http-request": call(
    "HTTP request id",
    "`apigw-requestid` or `x-amzn-RequestId` of the answer",
    "`requestContext.requestId`",
  ),
  "sfn-execution": call(
    "Step Functions execution",
    "StartExecution: `executionArn`",
    "`$$.Execution.Id`, where the state machine hands it on; of a nested one also `AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID`, `RootExecutionId`",
  ),
  "sfn-task-token": call(
    "Step Functions task token",
    "the state that waits, and on behalf of it who is given the token, of which only the SHA-256 is kept",
    "who is given it; SendTaskSuccess, -Failure, -Heartbeat: `taskToken`",
  ),
  "kinesis-record": {
    ...message("Kinesis sequence number", "PutRecord[s]: `ShardId`, `SequenceNumber`", "`Records[].eventID`"),
    isScoped: true,
  },
  // The id speaks of an item's keys: unique in their table only, and the same for every change of the item.
  "dynamodb-record": {
    ...message("DynamoDB item", "the item's keys, hashed", "`Records[].dynamodb.Keys`, hashed"),
    isScoped: true,
    strength: "heuristic",
  },
  "s3-request": message(
    "S3 request id",
    "the answer to what writes: `x-amz-request-id`",
    "`responseElements`, `detail.request-id`",
  ),
  // The same content written twice has the same ETag.
  "s3-object": {
    ...message("S3 object version", "`VersionId`, else `ETag`, with bucket and key", "`s3.object`, `detail.object`"),
    isScoped: true,
    strength: "strong",
  },
  "kafka-record": {
    ...message(
      "Kafka offset",
      "what the broker acknowledged: topic, partition, offset",
      "`records[][].{topic,partition,offset}`; heuristic where both sides do not know the same brokers",
    ),
    isScoped: true,
  },
  "pubsub-message": message("Pub/Sub message id", "publish: `messageId`", "`message.messageId`, `ce-id`"),
  cloudevent: {
    ...message("CloudEvents id", "`id` and `source`, which the sender sets", "the same; `ce-id`, `ce-source`"),
    isScoped: true,
  },
  "xray-root": {
    ...call(
      "X-Ray Root",
      "`Root` of `X-Amzn-Trace-Id`",
      "the same, as the platform hands it on; where a batch had it, it joins nobody",
    ),
    strength: "strong",
  },
};

function message(name: string, ...pairing: KeyKind["pairing"]): KeyKind {
  return { name, pairing, isScoped: false, strength: "exact", isMessage: true };
}

function call(name: string, ...pairing: KeyKind["pairing"]): KeyKind {
  return { ...message(name, ...pairing), isMessage: false };
}

export const KEY_KINDS: readonly (readonly [StitchKeyKind, KeyKind])[] = Object.entries(KINDS) as [
  StitchKeyKind,
  KeyKind,
][];

export const keyKind = (key: StitchKey): KeyKind => KINDS[key.kind];

/** Of a Kafka record whose brokers are not known, or called otherwise by the other side, any cluster's may be meant. */
export const isOfAnyCluster = (key: StitchKey): boolean => key.kind === "kafka-record" && key.scope === undefined;

export const keyStrength = (key: StitchKey): Join["strength"] =>
  isOfAnyCluster(key) ? "heuristic" : keyKind(key).strength;

export const isExact = (key: StitchKey): boolean => keyStrength(key) === "exact";

/** A record of Kafka is known by its cluster's brokers, and, where one side does not know them, by what is left. */
export const identifying = (key: StitchKey): StitchKey[] =>
  key.kind === "kafka-record" && key.scope !== undefined ? [key, { kind: key.kind, id: key.id }] : [key];

/** What it came as: an id of each kind may speak of one record, two of a kind speak of two. */
export const kindOfRecord = (key: StitchKey): string => `${key.kind}${isOfAnyCluster(key) ? " of any cluster" : ""}`;

/** Of those that say the same, one. */
export const eachOnce = (keys: readonly StitchKey[]): readonly StitchKey[] =>
  keys.length < 2 ? keys : [...new Map(keys.map((key) => [stitchKeyIdentity(key), key])).values()];

export const isMessageKey = (key: StitchKey): boolean => KINDS[key.kind].isMessage;

const isKind = (text: string): text is StitchKeyKind => Object.hasOwn(KINDS, text);

// oxlint-disable-next-line no-control-regex -- control characters are what the format escapes
const UNSAFE = /[%|\u0000-\u001f\u007f]/;
const EACH_UNSAFE = new RegExp(UNSAFE, "g");
const escape = (text: string): string =>
  UNSAFE.test(text)
    ? text.replace(EACH_UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
    : text;

export const formatStitchKey = (key: StitchKey): string => `${key.kind}|${escape(key.scope ?? "")}|${escape(key.id)}`;

/** undefined for a kind we do not know, an empty id, or text that is not three parts. */
export const parseStitchKey = (text: string): StitchKey | undefined => {
  const parts = text.split("|");
  const [kind, scope, id] = parts;
  if (parts.length !== 3 || kind === undefined || scope === undefined || !id || !isKind(kind)) return undefined;
  try {
    const key = { kind, id: decodeURIComponent(id) };
    return scope === "" ? key : { ...key, scope: decodeURIComponent(scope) };
  } catch {
    return undefined; // a lone % is not ours
  }
};

export const stitchKeyIdentity = (key: StitchKey): StitchKeyIdentity =>
  key instanceof SpanKey ? key.identity : identityOf(key);

const identityOf = (key: StitchKey): StitchKeyIdentity =>
  formatStitchKey(KINDS[key.kind].isScoped ? key : { kind: key.kind, id: key.id }) as StitchKeyIdentity;

/** As spans hold it: compared again and again, so its identity is worked out once. To JSON and to copies it is its three fields. */
class SpanKey implements StitchKey {
  readonly kind: StitchKeyKind;
  declare readonly scope?: string;
  readonly id: string;
  #identity: StitchKeyIdentity | undefined;

  constructor({ kind, scope, id }: StitchKey) {
    this.kind = kind;
    if (scope !== undefined) this.scope = scope;
    this.id = id;
  }

  get identity(): StitchKeyIdentity {
    return (this.#identity ??= identityOf(this));
  }
}

export const spanKey = (key: StitchKey): StitchKey => new SpanKey(key);
