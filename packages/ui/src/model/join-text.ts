/** Joins, gaps and keys in words. Ids are shortened here and copied whole from the detail. */
import type { Join, Placeholder, StitchKey, StitchKeyKind } from "@mayfly/api";

const KEY_NAMES: Readonly<Record<StitchKeyKind, string>> = {
  "sqs-message": "SQS message id",
  "sns-message": "SNS message id",
  "eventbridge-event": "EventBridge event id",
  "lambda-request": "Lambda request id",
  "http-request": "HTTP request id",
  "sfn-execution": "Step Functions execution",
  "sfn-task-token": "Step Functions task token",
  "kinesis-record": "Kinesis sequence number",
  "dynamodb-record": "DynamoDB stream record",
  "s3-request": "S3 request id",
  "s3-object": "S3 object version",
  "kafka-record": "Kafka offset",
  "pubsub-message": "Pub/Sub message id",
  cloudevent: "CloudEvents id",
  "xray-root": "X-Ray Root",
};

/** "SQS message id 059f36b4…" */
const keyText = (key: StitchKey): string => `${KEY_NAMES[key.kind]} ${shortId(key)}`;

const shortId = ({ kind, id }: StitchKey): string => {
  if (kind !== "sfn-execution") return beginning(id);
  const name = id.slice(id.lastIndexOf(":") + 1);
  return UUID.test(name) ? beginning(name) : name;
};

/** A name that somebody chose is worth reading to its end; one that was drawn by lot is not. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const beginning = (id: string): string => (id.length > 12 ? `${id.slice(0, 8)}…` : id);

const WITHOUT_KEY: { readonly [kind in Join["kind"]]?: string } = {
  link: "a span link",
  "xray-root": "its X-Ray Root",
};

export const joinText = ({ kind, key, strength }: Join): string => {
  const by = key ? keyText(key) : (WITHOUT_KEY[kind] ?? "the trace context");
  return strength === "heuristic" ? `probably joined by ${by}` : `joined by ${by}`;
};

export type JoinsOfOneEvidence = readonly [Join, ...Join[]];

/** Joins from one sender that have the same proof: they tell of one hop, however many spans it led to. */
export const joinsByEvidence = (joins: readonly Join[]): readonly JoinsOfOneEvidence[] =>
  [...Map.groupBy(joins, (join) => JSON.stringify({ ...join, to: undefined })).values()].flatMap(([first, ...others]) =>
    first ? [[first, ...others] as const] : [],
  );

export const placeholderText = ({ reason, key, spanId }: Placeholder): string => {
  if (reason === "missing-parent") return `the caller's span${spanId === undefined ? "" : ` ${spanId}`} never arrived`;
  return key ? `nobody says who sent ${keyText(key)}` : "nobody says who sent this";
};
