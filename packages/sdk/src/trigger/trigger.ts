/** What invoked the function, and what each record brought along. */
import type { CarriedContext } from "../propagate/w3c.ts";
import type { AttemptSpan } from "../stitch/attempt-span.ts";
import type { StitchKey } from "../stitch/keys.ts";

export type TriggerType =
  | "http"
  | "sqs"
  | "sns"
  | "eventbridge"
  | "schedule"
  | "kinesis"
  | "firehose"
  | "dynamodb"
  | "s3"
  | "step-functions"
  | "lambda"
  | "kafka"
  | "mq"
  | "documentdb"
  | "cloudwatch-logs"
  | "cloudwatch-alarm"
  | "cloudfront"
  | "cognito"
  | "iot"
  | "ses"
  | "lex"
  | "alexa"
  | "connect"
  | "config"
  | "codepipeline"
  | "codecommit"
  | "codebuild"
  | "codedeploy"
  | "cloudformation"
  | "s3-batch"
  | "s3-object-lambda"
  | "secrets-manager"
  | "bedrock-agent"
  | "appsync-events"
  | "lambda-destination"
  | "cloudevents"
  | "pubsub"
  | "gcs"
  | "transfer-family"
  | "unknown";

export type HttpSource =
  | "api-gateway-rest"
  | "api-gateway-http"
  | "api-gateway-websocket"
  | "api-gateway-authorizer"
  | "alb"
  | "function-url"
  | "appsync"
  | "vpc-lattice";

export interface TriggerRecord {
  /** The platform's id of the record: message id, event id, sequence number, request id. */
  readonly id?: string;
  /** In order of trust: W3C, Datadog, X-Ray. */
  readonly contexts: readonly CarriedContext[];
  /** An id for each wrapper: a message from EventBridge over SNS and SQS has three. */
  readonly keys: readonly StitchKey[];
  /** Of an event that EventBridge sent again from an archive: the replay's name. */
  readonly replay?: string;
  /** Of an event that a service of AWS sent, `aws.ec2`: nobody else may use such a source. */
  readonly awsSource?: string;
}

export interface Trigger {
  readonly type: TriggerType;
  readonly source?: HttpSource;
  /** One per record of a batch, in order; one for an HTTP request or an execution's state; none where only the type is told. */
  readonly records: readonly TriggerRecord[];
  /** Queue, topic, bus, stream, table, bucket or route: what span names are made of. */
  readonly destination?: string;
  /** Of Step Functions: the attempt of the state that this is, where the payload tells it. */
  readonly attempt?: AttemptSpan;
}

export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const objectAt = (value: unknown, key: string): JsonObject | undefined => {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : undefined;
};

export const textAt = (value: unknown, key: string): string | undefined => {
  const inner = isObject(value) ? value[key] : undefined;
  return typeof inner === "string" && inner !== "" ? inner : undefined;
};

/** In lower case; what is longer or shorter needs no look. */
export const isNamed = (key: string, name: string): boolean => key.length === name.length && key.toLowerCase() === name;

/** Headers and attributes are named in any case. */
export const anyCase = (value: unknown, name: string): unknown => {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const key = Object.keys(value).find((one) => isNamed(one, name));
  return key === undefined ? undefined : value[key];
};

/** `arn:aws:sqs:eu-west-1:111122223333:orders` → `orders` */
export const lastOfArn = (arn: string | undefined): string | undefined => arn?.split(":").at(-1);

/** None where there is no id. */
export const keyOf = (kind: StitchKey["kind"], id: string | undefined, scope?: string): StitchKey[] =>
  id === undefined ? [] : [{ kind, id, ...(scope && { scope }) }];

export const present = <T>(values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined);
