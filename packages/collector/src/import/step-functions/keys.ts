/**
 * What a task produced that the other side of the hop sees as well, read from its parameters and output: the ids are all that is
 * taken of them.
 */
import { createHash } from "node:crypto";
import type { StitchKey } from "@mayfly/api";
import { type Fields, fieldsOf, textOf } from "../json-fields.ts";

export interface TaskTexts {
  /** `lambda:invoke`, `aws-sdk:sqs:sendMessage`, `states:startExecution.sync:2`. */
  readonly type: string;
  readonly parameters: string | undefined;
  readonly outputs: readonly string[];
}

export const producedBy = ({ type, parameters, outputs }: TaskTexts): StitchKey[] => {
  const [, service = "", action = ""] = /^(?:aws-sdk:)?(\w+):(\w+)/.exec(type) ?? [];
  const given = parsed(parameters);
  const tokens = type.endsWith(".waitForTaskToken") ? tokenKeys(parameters ?? "") : [];
  return [...outputs.flatMap((text) => keysOf(service, action, given, parsed(text))), ...tokens];
};

/** It may stand anywhere in the parameters, also in a text of them. What only looks like a token is sent back by nobody. */
const TOKEN = /[\w+/]{60,}={0,2}/g;
const MAX_TOKENS = 8;
const tokenKeys = (parameters: string): StitchKey[] =>
  (parameters.match(TOKEN) ?? []).slice(0, MAX_TOKENS).map((token) => ({
    kind: "sfn-task-token",
    id: createHash("sha256").update(token).digest("hex"),
  }));

export const requestIdIn = (outputs: readonly string[]): string | undefined =>
  outputs.map((text) => requestIdOf(parsed(text))).find((id) => id !== undefined);

/** The execution that started this one with Step Functions' own field in its input. */
export const startedBy = (input: string | undefined): string | undefined =>
  textOf(parsed(input)["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"]);

/** The name in a function's name, ARN or partial ARN, without its version. */
export const functionNameIn = (parameters: string | undefined): string | undefined => {
  const given = textOf(parsed(parameters)["FunctionName"]);
  return /^(?:arn:[^:]*:lambda:[^:]*:)?(?:\d{12}:)?(?:function:)?([^:]+)/.exec(given ?? "")?.[1];
};

const keysOf = (service: string, action: string, given: Fields, output: Fields): StitchKey[] => {
  switch (`${service}:${action}`) {
    case "lambda:invoke":
      return key("lambda-request", requestIdOf(output));
    case "sqs:sendMessage":
      return key("sqs-message", textOf(output["MessageId"]), textOf(given["QueueUrl"]));
    case "sqs:sendMessageBatch":
      return entriesOf(output["Successful"]).flatMap((entry) =>
        key("sqs-message", textOf(entry["MessageId"]), textOf(given["QueueUrl"])),
      );
    case "sns:publish":
      return key("sns-message", textOf(output["MessageId"]), textOf(given["TopicArn"]));
    case "events:putEvents":
    case "eventbridge:putEvents":
      return entriesOf(output["Entries"]).flatMap((entry) => key("eventbridge-event", textOf(entry["EventId"])));
    case "states:startExecution":
    case "sfn:startExecution":
    case "sfn:startSyncExecution":
      return key("sfn-execution", textOf(output["ExecutionArn"]) ?? textOf(output["executionArn"]));
    case "kinesis:putRecord": {
      const stream = textOf(given["StreamName"]) ?? textOf(given["StreamARN"])?.split("/").at(-1);
      const shard = textOf(output["ShardId"]);
      const isWhole = stream !== undefined && shard !== undefined;
      return isWhole ? key("kinesis-record", textOf(output["SequenceNumber"]), `${stream}/${shard}`) : [];
    }
    default:
      return [];
  }
};

const key = (kind: StitchKey["kind"], id: string | undefined, scope?: string): StitchKey[] =>
  id === undefined ? [] : [{ kind, ...(scope !== undefined && { scope }), id }];

const requestIdOf = (output: Fields): string | undefined =>
  textOf(fieldsOf(output["SdkResponseMetadata"])?.["RequestId"]) ??
  textOf(fieldsOf(fieldsOf(output["SdkHttpMetadata"])?.["AllHttpHeaders"])?.["x-amzn-RequestId"]);

const entriesOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(fieldsOf).filter((one) => one !== undefined) : [];

/** Empty where it is no object, or Step Functions has cut it. */
export const parsed = (text: string | undefined): Fields => {
  try {
    return fieldsOf(JSON.parse(text ?? "{}")) ?? {};
  } catch {
    return {};
  }
};
