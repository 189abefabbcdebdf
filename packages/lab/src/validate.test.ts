import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { LabDefinition } from "./definition.ts";
import { startLab } from "./lab.ts";
import { problemsOf } from "./validate.ts";

const file = fileURLToPath(import.meta.url);
const machine = (States: object, more: object = {}): { definition: Record<string, unknown> } => ({
  definition: { StartAt: Object.keys(States)[0], States, ...more },
});
const invoke = (FunctionName: unknown, more: object = {}): object => ({
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke",
  Parameters: { FunctionName },
  End: true,
  ...more,
});

test("a definition in which everything is right has no problems", () => {
  const definition: LabDefinition = {
    functions: {
      a: {
        file,
        timeoutMs: 900_000,
        memoryMb: 128,
        reservedConcurrency: 1,
        maximumRetryAttempts: 0,
        environment: {
          PLAIN: "text",
          QUEUE: { queueUrl: "jobs" },
          TOPIC: { topicArn: "news" },
          MACHINE: { stateMachineArn: "flow" },
          OTHER: { functionArn: "a" },
        },
      },
    },
    queues: {
      jobs: { visibilityTimeoutMs: 0, redrivePolicy: { deadLetterQueue: "failed", maxReceiveCount: 1 } },
      failed: {},
    },
    topics: { news: { subscriptions: [{ function: "a" }, { queue: "jobs", rawMessageDelivery: true }] } },
    buses: { own: { rules: { all: { pattern: { source: ["x"] }, targets: [{ function: "a" }, { queue: "jobs" }] } } } },
    stateMachines: { flow: machine({ One: invoke("a") }) },
    eventSourceMappings: [{ queue: "jobs", function: "a", batchSize: 10_000, maximumBatchingWindowMs: 300_000 }],
    routes: { "POST /orders/{id}": "a", "ANY /{rest+}": "a", $default: "a" },
  };

  expect(problemsOf(definition)).toEqual([]);
});

test("layers, their wrapper script and the task root must be there", () => {
  const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrapper" };
  const layers = ["relative", "/a", "/b", "/c", "/d", "/e"];

  expect(problemsOf({ functions: { a: { file, taskRoot: "/elsewhere", layers, environment } } })).toEqual([
    `function a: ${file} is not below taskRoot "/elsewhere"`,
    "function a: 6 layers, expected at most 5",
    ...layers.map((layer) => `function a: layer ${JSON.stringify(layer)} is no absolute path of a folder`),
    "function a: AWS_LAMBDA_EXEC_WRAPPER /opt/wrapper is in none of its layers",
  ]);
});

test("every mistake is named at once", () => {
  const definition: LabDefinition = {
    functions: {
      a: {
        file: "relative.mjs",
        timeoutMs: 0,
        memoryMb: 64,
        reservedConcurrency: 0,
        maximumRetryAttempts: 3,
        environment: {
          QUEUE: { queueUrl: "no-queue" },
          TOPIC: { topicArn: "no-topic" },
          MACHINE: { stateMachineArn: "no-machine" },
          OTHER: { functionArn: "toString" },
        },
      },
      b: { file: "/there/is/no/such.mjs" },
    },
    queues: {
      jobs: { visibilityTimeoutMs: 1_500, redrivePolicy: { deadLetterQueue: "no-dlq", maxReceiveCount: 0 } },
      "orders.fifo": {},
    },
    topics: { news: { subscriptions: [{ function: "no-fn" }, { queue: "no-queue" }] } },
    buses: {
      own: {
        rules: { odd: { pattern: { a: [{ suffix: "x" }] }, targets: [{ function: "no-fn" }, { queue: "no-queue" }] } },
      },
    },
    stateMachines: {
      flow: machine({
        Each: { Type: "Map", Next: "Both" },
        Both: { Type: "Parallel", Next: "Ask" },
        Ask: { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken", Next: "Call" },
        Call: invoke("no-fn", { End: undefined, Next: "Each" }),
        Name: { Type: "Pass", Parameters: { "name.$": "$$.State.Name" }, End: true },
        New: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% $states.( %}", InputPath: "$.a", End: true },
        Old: { Type: "Pass", Assign: { a: 1 }, End: true },
      }),
      modern: machine({ One: invoke("a") }, { QueryLanguage: "JSONata" }),
      unclear: machine({ One: { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", End: true } }),
      empty: { definition: {} },
    },
    eventSourceMappings: [
      { queue: "no-queue", function: "no-fn" },
      { queue: "jobs", function: "a", batchSize: 10_001, maximumBatchingWindowMs: -1 },
    ],
    routes: { "/orders": "a", "GET /{rest+}/more": "a", $default: "no-fn" },
  };

  const problems = problemsOf(definition);

  expect(problems).toEqual([
    'function a: file "relative.mjs" is not an absolute path',
    "function a: timeoutMs is 0, expected 1 to 900000",
    "function a: memoryMb is 64, expected 128 to 10240",
    "function a: reservedConcurrency is 0, expected at least 1",
    "function a: maximumRetryAttempts is 3, expected 0 to 2",
    'function a: QUEUE refers to queueUrl "no-queue", which is not defined',
    'function a: TOPIC refers to topicArn "no-topic", which is not defined',
    'function a: MACHINE refers to stateMachineArn "no-machine", which is not defined',
    'function a: OTHER refers to functionArn "toString", which is not defined',
    "function b: /there/is/no/such.mjs does not exist",
    "queue jobs: visibilityTimeoutMs is 1500, expected whole seconds",
    'queue jobs: queue "no-dlq" is not defined',
    "queue jobs: maxReceiveCount is 0, expected 1 to 1000",
    "queue orders.fifo: FIFO queues are not known to the lab",
    'topic news: function "no-fn" is not defined',
    'topic news: queue "no-queue" is not defined',
    'rule odd of bus own: event pattern at $.a[0]: operator "suffix" is not known to the lab',
    'rule odd of bus own: function "no-fn" is not defined',
    'rule odd of bus own: queue "no-queue" is not defined',
    "state machine flow: state Each: it has no ItemProcessor",
    "state machine flow: state Both: it has no Branches",
    'state machine flow: state Call: function "no-fn" is not defined',
    expect.stringMatching(/^state machine flow: state New: the expression "\$states\.\(" cannot be read: ./),
    "state machine flow: state New: InputPath is none of JSONata's fields",
    "state machine flow: state Old: Assign is none of JSONPath's fields",
    "state machine modern: state One: Parameters is none of JSONata's fields",
    'state machine unclear: state One: function "" is not defined',
    "state machine empty: StartAt undefined is not among its states",
    'event source mapping: queue "no-queue" is not defined',
    'event source mapping of no-queue: function "no-fn" is not defined',
    "event source mapping of jobs: batchSize is 10001, expected 1 to 10000",
    "event source mapping of jobs: maximumBatchingWindowMs is -1, expected 0 to 300000",
    'route "/orders": expected "METHOD /path" or "$default"',
    'route "GET /{rest+}/more": a greedy parameter stands last',
    'route $default: function "no-fn" is not defined',
  ]);
});

test("a lab with mistakes does not start, and says all of them in one error", async () => {
  const starting = startLab({
    functions: { a: { file, timeoutMs: 0 } },
    buses: { own: { rules: { odd: { pattern: { a: [{ wildcard: "*" }] }, targets: [] } } } },
  });

  await expect(starting).rejects.toThrow(
    [
      "the lab's definition has 2 mistake(s):",
      "  function a: timeoutMs is 0, expected 1 to 900000",
      '  rule odd of bus own: event pattern at $.a[0]: operator "wildcard" is not known to the lab',
    ].join("\n"),
  );
});
