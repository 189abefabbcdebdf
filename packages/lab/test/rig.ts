/** A lab for one test, with clients of its own outside the functions; everything ends with the test. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { onTestFinished, vi } from "vitest";
import {
  type FunctionDefinition,
  type Lab,
  type LabDefinition,
  type LabOptions,
  type LogLine,
  type Moment,
  startLab,
} from "../src/index.ts";

export const fixture = (file: string): string => join(import.meta.dirname, "handlers", file);

/** A function of one of the fixtures' exports. */
export const fn = (file: string, handler = "handler", more: Partial<FunctionDefinition> = {}): FunctionDefinition => ({
  file: fixture(`${file}.mjs`),
  handler,
  ...more,
});

export interface Answer<T> {
  readonly result: T;
  readonly functionError: string | undefined;
  readonly requestId: string | undefined;
}

type Recorded<T> = readonly T[];

export interface Rig {
  readonly lab: Lab;
  readonly logs: readonly LogLine[];
  readonly moments: readonly Moment[];
  /** By the real Lambda client, as JSON. */
  readonly invoke: <T>(functionName: string, event?: unknown) => Promise<Answer<T>>;
  /** The events that `recorder.mjs` handled so far, oldest first. */
  readonly events: <T>(functionName: string) => Recorded<T>;
  readonly lambda: LambdaClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly eventBridge: EventBridgeClient;
  readonly sfn: SFNClient;
}

const RECORDED = "recorded ";

export const startRig = async (definition: LabDefinition, options: LabOptions = {}): Promise<Rig> => {
  const logs: LogLine[] = [];
  const moments: Moment[] = [];
  const lab = await startLab(definition, {
    onLog: (line) => logs.push(line),
    onMoment: (moment) => moments.push(moment),
    ...options,
  });
  onTestFinished(() => lab.close());
  const config = (service: string): { endpoint: string; region: string; credentials: typeof CREDENTIALS } => ({
    endpoint: lab.environment[`AWS_ENDPOINT_URL_${service}`] ?? "",
    region: lab.environment["AWS_REGION"] ?? "",
    credentials: CREDENTIALS,
  });
  const lambda = new LambdaClient(config("LAMBDA"));
  return {
    lab,
    logs,
    moments,
    async invoke<T>(FunctionName: string, event: unknown = {}): Promise<Answer<T>> {
      const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
      return {
        result: JSON.parse(answer.Payload?.transformToString() ?? "") as T,
        functionError: answer.FunctionError,
        requestId: answer.$metadata.requestId,
      };
    },
    events: <T>(functionName: string): Recorded<T> =>
      logs
        .filter((line) => line.functionName === functionName && line.text.startsWith(RECORDED))
        .map((line) => JSON.parse(line.text.slice(RECORDED.length)) as T),
    lambda,
    sqs: new SQSClient(config("SQS")),
    sns: new SNSClient(config("SNS")),
    eventBridge: new EventBridgeClient(config("EVENTBRIDGE")),
    sfn: new SFNClient(config("SFN")),
  };
};

const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

/** `T` stopped, `S` asleep, `Z` ended and not collected …; undefined when there is no such process. */
export const processState = (pid: number): string | undefined => {
  try {
    const [, state] = /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return state;
  } catch {
    return undefined;
  }
};

/** Until `check` throws no more; the limit is only for a test that fails. */
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { interval: 10, timeout: 15_000 });

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-lab-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};
