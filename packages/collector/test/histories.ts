/**
 * Histories of executions as GetExecutionHistory gives them: a line an event, `id<previous type details`, a hundred
 * milliseconds apart unless `@` says otherwise.
 */
import type { HistoryEvent } from "@aws-sdk/client-sfn";

export const BEGINNING = Date.parse("2026-03-01T10:00:00.000Z");

export type EventSpec = readonly [previous: number, type: string, details?: object, atMs?: number];

const DETAILS: readonly (readonly [RegExp, string])[] = [
  [/StateEntered$/, "stateEnteredEventDetails"],
  [/StateExited$/, "stateExitedEventDetails"],
];

/** Ids from 1, in order. */
export const history = (events: readonly EventSpec[], beginning = BEGINNING): HistoryEvent[] =>
  events.map(([previousEventId, type, details, atMs], index) => {
    const field =
      DETAILS.find(([pattern]) => pattern.test(type))?.[1] ?? `${type[0]?.toLowerCase()}${type.slice(1)}EventDetails`;
    return {
      id: index + 1,
      previousEventId,
      timestamp: new Date(beginning + (atMs ?? index * 100)),
      type: type as HistoryEvent["type"],
      ...(details && { [field]: details }),
    };
  });

const task = (resourceType: string, resource: string, parameters: object) => ({
  resourceType,
  resource,
  region: "eu-west-1",
  parameters: JSON.stringify(parameters),
});

const done = (resourceType: string, resource: string, output: object) => ({
  resourceType,
  resource,
  output: JSON.stringify(output),
  outputDetails: { truncated: false },
});

export const invokeTask = task("lambda", "invoke", {
  FunctionName: "arn:aws:lambda:eu-west-1:123456789012:function:charge:live",
  Payload: { a: 1 },
});

/** As the optimised integration answers: the request id stands in two places, header values are lists. */
export const invoked = (requestId: string): object =>
  done("lambda", "invoke", {
    ExecutedVersion: "$LATEST",
    Payload: { ok: true },
    SdkHttpMetadata: { AllHttpHeaders: { "x-amzn-RequestId": [requestId] }, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: requestId },
    StatusCode: 200,
  });

const sendTask = task("sqs", "sendMessage.waitForTaskToken", { QueueUrl: "https://sqs/1/q", MessageBody: {} });
const sent = (id: string): object => done("sqs", "sendMessage.waitForTaskToken", { MessageId: id });
const startTask = task("states", "startExecution.sync:2", { StateMachineArn: "x" });
const started = (arn: string): object => done("states", "startExecution.sync:2", { ExecutionArn: arn });

/** An order: charged at the second try, then a wait, then a callback through a queue, then a child execution. */
export const orderHistory = (requestId: string, childArn: string): HistoryEvent[] =>
  history([
    [0, "ExecutionStarted", { input: "{}", roleArn: "r" }],
    [0, "TaskStateEntered", { name: "Charge", input: "{}" }],
    [2, "TaskScheduled", invokeTask],
    [3, "TaskStarted", { resource: "invoke", resourceType: "lambda" }],
    [
      4,
      "TaskFailed",
      {
        resource: "invoke",
        resourceType: "lambda",
        error: "CardError",
        cause: JSON.stringify({
          errorType: "CardError",
          errorMessage: "declined",
          trace: ["CardError: declined", "    at h"],
        }),
      },
    ],
    [5, "TaskScheduled", invokeTask, 1400],
    [6, "TaskStarted", { resource: "invoke", resourceType: "lambda" }, 1500],
    [7, "TaskSucceeded", invoked(requestId), 1600],
    [8, "TaskStateExited", { name: "Charge", output: "{}" }, 1700],
    [9, "WaitStateEntered", { name: "Cool down" }, 1700],
    [10, "WaitStateExited", { name: "Cool down" }, 11_700],
    [11, "TaskStateEntered", { name: "Approve" }, 11_700],
    [12, "TaskScheduled", sendTask, 11_800],
    [13, "TaskStarted", {}, 11_850],
    [14, "TaskSubmitted", sent("m-1"), 11_900],
    [15, "TaskSucceeded", done("sqs", "sendMessage.waitForTaskToken", { approved: true }), 61_900],
    [16, "TaskStateExited", { name: "Approve" }, 62_000],
    [17, "TaskStateEntered", { name: "Ship" }, 62_000],
    [18, "TaskScheduled", startTask, 62_100],
    [19, "TaskStarted", {}, 62_150],
    [20, "TaskSubmitted", started(childArn), 62_200],
    [21, "TaskSucceeded", started(childArn), 63_000],
    [22, "TaskStateExited", { name: "Ship" }, 63_100],
    [23, "ExecutionSucceeded", { output: "{}" }, 63_100],
  ]);
