/**
 * Where stitch keys stand on spans that say nothing of keys themselves (`mayfly.keys.*`): one row for each place, in the
 * spellings that instrumentations really use. docs/reference/stitch-keys.md is made from this table.
 *
 * Source  @opentelemetry/instrumentation-aws-sdk 0.79, -aws-lambda 0.76; opentelemetry-python-contrib, botocore;
 *         opentelemetry-java-instrumentation, aws-sdk-1.11 and -2.2, kafka; semantic conventions 1.44 and the names they
 *         had before; the collector's awsxrayreceiver and datadogreceiver; dd-trace-js and datadog-lambda-js.
 */
import type { StitchKeyKind } from "@mayfly/api";
import {
  AWS_CALL_OPERATION,
  AWS_CALL_SERVICE,
  AWS_REQUEST_ID,
  DATADOG_FUNCTION_ARN,
  DATADOG_REQUEST_ID,
  FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  HTTP_ANSWERED_REQUEST_ID,
  KAFKA_BOOTSTRAP_SERVERS,
  KAFKA_OFFSET,
  KAFKA_PARTITION,
  KINESIS_SEQUENCE_NUMBER,
  KINESIS_SHARD,
  KINESIS_STREAM,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_PARTITION,
  MESSAGING_SYSTEM,
  AWS_EXECUTION_ARN,
  SNS_TOPIC,
  SQS_QUEUE,
  CLOUDEVENT_ID,
  CLOUDEVENT_SOURCE,
} from "./semconv.ts";

/** What a span does, told by its kind and its messaging operation. */
export type Role = "sends" | "receives" | "calls" | "serves";

/** Spellings of one attribute, the first that is there counts. */
export type Spellings = readonly string[];

/** What tells that the span is about this kind of hop: one of these messaging systems, an attribute, or an AWS call. */
export type Sign =
  | { readonly systems: ReadonlySet<string> }
  | { readonly attribute: Spellings }
  | { readonly service: string; readonly operations: ReadonlySet<string> };

export interface KeySource {
  readonly kind: StitchKeyKind;
  readonly role: Role;
  /** One of them. */
  readonly signs: readonly Sign[];
  /** Its parts, joined by `/`; without one of them there is no key. */
  readonly id: readonly Spellings[];
  /** The same: for display, or as part of the key. */
  readonly scope?: readonly Spellings[];
  /** There is no key without one. */
  readonly needsScope?: true;
  /** Its parts may stand on the span's links too: a batch names each message there. */
  readonly isInLinks?: true;
}

const system = (...systems: readonly string[]): Sign => ({ systems: new Set(systems) });
const awsCall = (service: string, ...operations: readonly string[]): Sign => ({
  service,
  operations: new Set(operations),
});
const has = (...attribute: readonly string[]): Sign => ({ attribute });

const SQS = system("aws_sqs", "aws.sqs", "AmazonSQS");
const SNS = system("aws.sns", "aws_sns", "AmazonSNS");
const EVENTBRIDGE = system("aws_eventbridge", "aws.eventbridge", "AmazonEventBridge");
const KINESIS = system("aws_kinesis", "aws.kinesis", "AmazonKinesis");
const PUBSUB = system("gcp_pubsub");
const KAFKA = system("kafka");

/** The same on either side. */
const message = (
  kind: StitchKeyKind,
  sign: Sign,
  scope: Spellings,
  id: readonly Spellings[] = [MESSAGING_MESSAGE_ID],
): KeySource[] =>
  (["sends", "receives"] as const).map((role) => ({ kind, role, signs: [sign], id, scope: [scope], isInLinks: true }));

const kinesis = (role: Role, sign: Sign, shard: Spellings, id: Spellings): KeySource => ({
  kind: "kinesis-record",
  role,
  signs: [sign],
  id: [id],
  scope: [KINESIS_STREAM, shard],
  needsScope: true,
  isInLinks: true,
});

export const KEY_SOURCES: readonly KeySource[] = [
  ...message("sqs-message", SQS, SQS_QUEUE),
  ...message("sns-message", SNS, SNS_TOPIC),
  ...message("eventbridge-event", EVENTBRIDGE, MESSAGING_DESTINATION_NAME),
  ...message("pubsub-message", PUBSUB, MESSAGING_DESTINATION_NAME),
  ...message("kafka-record", KAFKA, KAFKA_BOOTSTRAP_SERVERS, [
    MESSAGING_DESTINATION_NAME,
    KAFKA_PARTITION,
    KAFKA_OFFSET,
  ]),
  ...message("cloudevent", has(...CLOUDEVENT_ID), CLOUDEVENT_SOURCE, [CLOUDEVENT_ID]).map((source) => ({
    ...source,
    needsScope: true as const,
  })),
  kinesis("sends", KINESIS, MESSAGING_PARTITION, MESSAGING_MESSAGE_ID),
  kinesis("receives", KINESIS, MESSAGING_PARTITION, MESSAGING_MESSAGE_ID),
  kinesis("calls", has(...KINESIS_SEQUENCE_NUMBER), KINESIS_SHARD, KINESIS_SEQUENCE_NUMBER),
  kinesis("serves", has(...KINESIS_SEQUENCE_NUMBER), KINESIS_SHARD, KINESIS_SEQUENCE_NUMBER),
  {
    kind: "lambda-request",
    role: "calls",
    signs: [has(FAAS_INVOKED_NAME), awsCall("lambda", "Invoke", "InvokeWithResponseStream", "InvokeAsync")],
    id: [[...FAAS_INVOCATION_ID, ...AWS_REQUEST_ID]],
  },
  { kind: "lambda-request", role: "serves", signs: [has(...FAAS_INVOCATION_ID)], id: [FAAS_INVOCATION_ID] },
  { kind: "lambda-request", role: "serves", signs: [has(DATADOG_FUNCTION_ARN)], id: [[DATADOG_REQUEST_ID]] },
  {
    kind: "s3-request",
    role: "calls",
    signs: [
      awsCall(
        "s3",
        "PutObject",
        "PostObject",
        "CopyObject",
        "CompleteMultipartUpload",
        "DeleteObject",
        "DeleteObjects",
        "RestoreObject",
      ),
    ],
    id: [AWS_REQUEST_ID],
  },
  { kind: "http-request", role: "calls", signs: [has(...HTTP_ANSWERED_REQUEST_ID)], id: [HTTP_ANSWERED_REQUEST_ID] },
  { kind: "sfn-execution", role: "calls", signs: [has(...AWS_EXECUTION_ARN)], id: [AWS_EXECUTION_ARN] },
  { kind: "sfn-execution", role: "serves", signs: [has(...AWS_EXECUTION_ARN)], id: [AWS_EXECUTION_ARN] },
];

/** Datadog's pointers: links to no span, which name what was written or read by a hash of it. */
export const SPAN_POINTERS: Readonly<Record<string, StitchKeyKind>> = {
  "aws.s3.object": "s3-object",
  "aws.dynamodb.item": "dynamodb-record",
};

const spellingsOf = (sign: Sign): Spellings => {
  if ("systems" in sign) return [MESSAGING_SYSTEM];
  return "attribute" in sign ? sign.attribute : [...AWS_CALL_SERVICE, ...AWS_CALL_OPERATION];
};

/** The last part of an id is what tells one from another: where it is missing, there is no key. */
export const lastPart = ({ id }: KeySource): Spellings => id.at(-1) ?? [];

/** Without any of these a span has no key but in its links. */
export const KEY_TELLING_ATTRIBUTES: readonly string[] = [...new Set(KEY_SOURCES.flatMap(lastPart))];

/** Every attribute that a row of the table reads. */
export const KEY_SOURCE_ATTRIBUTES: readonly string[] = [
  ...new Set(
    KEY_SOURCES.flatMap(({ signs, id, scope = [] }) => [...signs.flatMap(spellingsOf), ...id.flat(), ...scope.flat()]),
  ),
];
