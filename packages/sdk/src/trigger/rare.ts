/**
 * Triggers of which only the type is told: by places that no event of another kind has. `a/b` is b within a.
 *
 * An application's own event must not be taken for one of these, so each rule names as much as tells it for certain.
 */
import { type JsonObject, type TriggerType, isObject } from "./trigger.ts";

const RULES = `
firehose deliveryStreamArn records
cloudwatch-logs awslogs/data
cloudwatch-alarm alarmArn alarmData
cognito userPoolId triggerSource
cognito identityPoolId datasetName
cloudformation RequestType StackId ResponseURL
config invokingEvent configRuleArn
codepipeline CodePipeline.job/id
codedeploy DeploymentId LifecycleEventHookExecutionId
secrets-manager SecretId ClientRequestToken Step
s3-batch invocationSchemaVersion tasks job/id
s3-object-lambda xAmzRequestId userRequest
bedrock-agent messageVersion agent/id sessionId
lex bot sessionState
lex bot currentIntent
alexa context/System request/requestId
alexa directive/header/namespace
connect Details/ContactData
connect InvocationMetadata/CampaignContext
iot serialNumber clickType
iot deviceInfo/deviceId deviceEvent
iot certificateId templateArn
transfer-family serverId username sourceIp protocol
appsync-events info/channel info/operation
gcs bucket name generation metageneration
`;

interface Rule {
  readonly type: TriggerType;
  readonly places: readonly (readonly string[])[];
}

/** By the name that its first place begins with, so that an event of none of these costs one look for each of its names. */
let rules: ReadonlyMap<string | undefined, readonly Rule[]> | undefined;

/** Made ready at first use: most functions are never invoked by one of these. */
const madeReady = (): ReadonlyMap<string | undefined, readonly Rule[]> => {
  const all = RULES.trim()
    .split("\n")
    .map((line): Rule => {
      const [type, ...places] = line.split(" ");
      return { type: type as TriggerType, places: places.map((place) => place.split("/")) };
    });
  return Map.groupBy(all, ({ places }) => places[0]?.[0]);
};

export const rareType = (event: JsonObject): TriggerType | undefined => {
  rules ??= madeReady();
  for (const name of Object.keys(event))
    for (const { type, places } of rules.get(name) ?? [])
      if (places.every((place) => isThere(event, place))) return type;
  return undefined;
};

const isThere = (event: JsonObject, place: readonly string[]): boolean => {
  let at: unknown = event;
  for (const name of place) at = isObject(at) ? at[name] : undefined;
  return at !== undefined && at !== null;
};

/** Batches of which the same holds, by `eventSource`. */
const RARE_SOURCES: Readonly<Record<string, TriggerType>> = {
  "aws:ses": "ses",
  "aws:codecommit": "codecommit",
  "aws:mq": "mq",
  "aws:amq": "mq",
  "aws:rmq": "mq",
  "aws:docdb": "documentdb",
};

export const rareSource = (name: unknown): TriggerType | undefined =>
  typeof name === "string" && Object.hasOwn(RARE_SOURCES, name) ? RARE_SOURCES[name] : undefined;
