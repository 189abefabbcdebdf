/** What the platform does to a transaction, done to functions with Mayfly's SDK in the lab: each is one story, by the API. */
import type { LabDefinition, PlatformRecord } from "@mayfly/lab";
import { beforeAll, expect, test, vi } from "vitest";
import { buildProgram } from "./program.ts";
import { client, observed, sdkLab } from "./sdk-in-lab.ts";

vi.setConfig({ testTimeout: 120_000 }); // processes, each started anew

const QUIET = observed("return event;");
const SERVICE = "arn:aws:states:::";
const CONTEXT = { "Execution.$": "$$.Execution", "State.$": "$$.State", "StateMachine.$": "$$.StateMachine" };

/** Answers a request by sending one message to the queue `orders`. */
const SENDER = {
  code: observed(
    `await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: "{}" }));
     return { statusCode: 202 };`,
    client("SQS", "SendMessage"),
  ),
  environment: { QUEUE: { queueUrl: "orders" } },
};

/** Answers a request by starting the machine `flow`. */
const starter = (input: object) => ({
  code: observed(
    `const { MACHINE: stateMachineArn, INPUT: input } = process.env;
     await new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn, input }));
     return { statusCode: 202 };`,
    client("SFN", "StartExecution"),
  ),
  environment: { MACHINE: { stateMachineArn: "flow" }, INPUT: JSON.stringify(input) },
});

const flow = (StartAt: string, States: object): NonNullable<LabDefinition["stateMachines"]> => ({
  flow: { definition: { StartAt, States } },
});

const invoke = (FunctionName: string, Payload: object, more: object = { End: true }): object => ({
  Type: "Task",
  Resource: `${SERVICE}lambda:invoke`,
  Parameters: { FunctionName, Payload },
  ...more,
});

const order = async (httpUrl: string): Promise<void> => {
  expect((await fetch(`${httpUrl}/orders`, { method: "POST", body: "{}" })).status).toBe(202);
};

const ROUTES = { "POST /orders": "api" };

beforeAll(buildProgram);

test("who sends a task's token back is joined to the state that waited for it, once its execution is imported", async () => {
  const { lab, storyOf, importExecution } = await sdkLab(
    {
      api: starter({}),
      clerk: {
        code: observed(
          `const { taskToken } = JSON.parse(event.Records[0].body);
           await new SFNClient({}).send(new SendTaskSuccessCommand({ taskToken, output: "{}" }));`,
          client("SFN", "SendTaskSuccess"),
        ),
      },
      ship: { code: QUIET },
    },
    {
      routes: ROUTES,
      queues: { desk: {} },
      eventSourceMappings: [{ queue: "desk", function: "clerk", batchSize: 1 }],
      stateMachines: flow("Ask", {
        Ask: {
          Type: "Task",
          Resource: `${SERVICE}sqs:sendMessage.waitForTaskToken`,
          Parameters: { QueueUrl: "desk", MessageBody: { "taskToken.$": "$$.Task.Token" } },
          Next: "Ship",
        },
        Ship: invoke("ship", CONTEXT),
      }),
    },
  );
  await order(lab.httpUrl);
  await lab.idle();
  const [executionArn = ""] = lab.truth.executions.keys();

  // Of who sent the message, the state, nothing is known yet but the Root.
  const before = await storyOf(executionArn, 3);
  expect(before.hops).toEqual(["api → clerk xray-root", "api → ship sfn-execution"]);
  expect(before.missing).toEqual(["xray-only-context clerk"]);

  await importExecution(executionArn);
  const after = await storyOf(executionArn, 3);
  expect(after.hops).toEqual(["api → flow sfn-execution", "flow → clerk sqs-message", "flow → ship link"]);
  expect(after.missing).toEqual([]);
  const nameAt = (spanId: string) => after.spans.find((span) => span.spanId === spanId)?.name;
  const asked = after.joins.find(({ kind }) => kind === "sqs-message");
  expect(asked && "spanId" in asked.from && nameAt(asked.from.spanId)).toBe("Ask");
});

test("what came of an asynchronous invocation is told to its destinations, which continue its last attempt", async () => {
  const { lab, storyOf } = await sdkLab(
    {
      api: {
        code: observed(
          `for (const ok of [true, false]) {
             const Payload = JSON.stringify({ ok });
             await new LambdaClient({}).send(new InvokeCommand({ FunctionName: "work", InvocationType: "Event", Payload }));
           }
           return { statusCode: 202 };`,
          client("Lambda", "Invoke"),
        ),
      },
      work: {
        code: observed(`if (!event.ok) throw new Error("no"); return event;`),
        maximumRetryAttempts: 1,
        onSuccess: { queue: "done" },
        onFailure: { function: "alarm" },
      },
      tell: { code: QUIET },
      alarm: { code: QUIET },
    },
    {
      routes: ROUTES,
      queues: { done: {} },
      eventSourceMappings: [{ queue: "done", function: "tell", batchSize: 1 }],
    },
    { asyncRetryDelayMs: 5 },
  );
  await order(lab.httpUrl);
  await lab.idle();

  const [api] = lab.truth.deliveries;
  const story = await storyOf(api!.requestId, 5);
  expect(story.hops).toEqual([
    "api → work lambda-request",
    "work → alarm lambda-request",
    "work → tell lambda-request",
  ]);
  expect(story.missing).toEqual([]);
  // By the truth: who failed, and its last attempt of two.
  const failed = lab.truth.deliveries.filter(({ outcome }) => outcome === "error");
  expect(failed.map(({ attempt }) => attempt)).toEqual([1, 2]);
  const spanAt = (spanId: string) => story.spans.find((span) => span.spanId === spanId);
  const attempts = story.spans
    .filter(({ requestId, parentSpanId }) => requestId === failed[0]?.requestId && parentSpanId === undefined)
    .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano)));
  const [toAlarm] = story.joins.filter(({ to }) => spanAt(to.spanId)?.functionName === "alarm");
  expect(toAlarm?.from).toMatchObject({ spanId: attempts.at(-1)?.spanId });
  expect(toAlarm?.reason).toContain("is told what came of the invocation");
});

test("a message that was moved back from the dead-letter queue goes on with its story under its new id", async () => {
  const { lab, storyOf, aws } = await sdkLab(
    { api: SENDER, worker: { code: observed(`throw new Error("broken");`) } },
    {
      routes: ROUTES,
      queues: {
        orders: { visibilityTimeoutMs: 1_000, redrivePolicy: { deadLetterQueue: "dead", maxReceiveCount: 1 } },
        dead: {},
      },
      eventSourceMappings: [{ queue: "orders", function: "worker", batchSize: 1 }],
    },
  );
  await order(lab.httpUrl);
  await lab.idle();
  await aws("SQS", "AmazonSQS.StartMessageMoveTask", { SourceArn: "arn:aws:sqs:eu-west-1:000000000000:dead" });
  await lab.idle();

  const [[newId = "", oldId = ""] = []] = lab.truth.movedMessages;
  for (const id of [oldId, newId]) {
    const story = await storyOf(id, 3);
    expect(story.hops).toEqual(["api → worker parent"]);
    expect(story.missing).toEqual([]);
    // The first by context and id; the second by the context that the message kept.
    expect(new Set(story.joins.map(({ key }) => key?.id))).toEqual(new Set([oldId, undefined]));
  }
});

test("an invocation that was killed for its memory is in the story by what Lambda says, and its message comes again", async () => {
  const records: PlatformRecord[] = [];
  const { lab, collectorUrl, storyOf } = await sdkLab(
    {
      api: SENDER,
      worker: {
        code: observed(
          `if (event.Records[0].attributes.ApproximateReceiveCount !== "1") return;
           for (const held = []; ; await new Promise((resolve) => setTimeout(resolve, 5)))
             held.push(Buffer.alloc(20_000_000, 1));`,
        ),
        enforceMemory: true,
      },
    },
    {
      routes: ROUTES,
      queues: { orders: { visibilityTimeoutMs: 1_000 } },
      eventSourceMappings: [{ queue: "orders", function: "worker", batchSize: 1 }],
    },
    { onPlatformRecord: (record) => records.push(record) },
  );
  await order(lab.httpUrl);
  await lab.idle();
  // As a log group's subscription passes them on.
  for (const { functionName, event } of records) {
    const query = new URLSearchParams({ functionName });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${collectorUrl}/v1/lambda/telemetry?${query}`, {
      method: "POST",
      headers,
      body: JSON.stringify([event]),
    });
    expect(answer.status).toBe(200);
  }

  const killed = lab.truth.deliveries.find(({ outcome }) => outcome === "crash");
  const story = await storyOf(killed!.requestId, 3);
  const [span] = story.spans.filter(({ requestId }) => requestId === killed?.requestId);
  expect(span).toMatchObject({
    functionName: "worker",
    evidence: "platform",
    status: { code: "error" },
    platform: { outOfMemory: true, memorySizeMb: 256, maxMemoryUsedMb: 256 },
  });
  expect(story.name).toBe("POST /orders");
  expect(story.missing).toContain("uninstrumented-function worker");
  expect(story.hops).toContain("api → worker parent");
});

test("an event that an archive sends again is handled in its own story, and says which replay that was", async () => {
  const { lab, storyOf } = await sdkLab(
    {
      api: {
        code: observed(
          `const Entries = [{ Source: "shop", DetailType: "order.paid", Detail: "{}" }];
           await new EventBridgeClient({}).send(new PutEventsCommand({ Entries }));
           return { statusCode: 202 };`,
          client("EventBridge", "PutEvents"),
        ),
      },
      ship: { code: QUIET },
    },
    {
      routes: ROUTES,
      buses: {
        default: {
          archive: true,
          rules: { paid: { pattern: { source: ["shop"] }, targets: [{ function: "ship" }] } },
        },
      },
    },
  );
  await order(lab.httpUrl);
  await lab.idle();
  await lab.replay("default", "since-monday");
  await lab.idle();

  const [api] = lab.truth.deliveries;
  const story = await storyOf(api!.requestId, 3);
  expect(story.hops).toEqual(["api → ship eventbridge-event"]);
  expect(story.missing).toEqual([]);
  expect(story.joins.filter(({ reason }) => reason.includes("replayed from an archive (since-monday)"))).toHaveLength(
    1,
  );
});

test("a schedule, of a rule's or of Scheduler's, begins a story of its own, and nothing is missing before it", async () => {
  const report = {
    ...SENDER,
    code: SENDER.code.replace("return { statusCode: 202 };", ""),
  };
  const { lab, storyOf } = await sdkLab(
    { report, weekly: report, worker: { code: QUIET } },
    {
      queues: { orders: {} },
      eventSourceMappings: [{ queue: "orders", function: "worker", batchSize: 1 }],
      schedules: {
        nightly: { function: "report" },
        monday: { function: "weekly", input: { run: "<aws.scheduler.execution-id>" } },
      },
    },
  );
  for (const [schedule, name, trigger] of [
    ["nightly", "report", "timer"],
    ["monday", "weekly", "other"],
  ] as const) {
    lab.fire(schedule);
    await lab.idle();
    const begun = lab.truth.deliveries.find(({ functionName }) => functionName === name);
    const story = await storyOf(begun!.requestId, 2);
    expect([story.name, story.hops, story.missing]).toEqual([name, [`${name} → worker parent`], []]);
    const invocation = story.spans.find(
      ({ requestId, attributes }) => requestId === begun?.requestId && "faas.trigger" in attributes,
    );
    expect(invocation?.attributes["faas.trigger"]).toBe(trigger);
  }
});

test("a Distributed Map's batches are executions of their own, in the story of what started the whole", async () => {
  const { lab, storyOf, importExecution } = await sdkLab(
    { api: starter({ items: [1, 2, 3] }), item: { code: QUIET } },
    {
      routes: ROUTES,
      stateMachines: flow("Each", {
        Each: {
          Type: "Map",
          Label: "items",
          ItemsPath: "$.items",
          ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { "RootExecutionId.$": "$$.Execution.Id" } },
          ItemProcessor: {
            ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
            StartAt: "Handle",
            States: { Handle: invoke("item", { ...CONTEXT, "BatchInput.$": "$.BatchInput", "Items.$": "$.Items" }) },
          },
          End: true,
        },
      }),
    },
  );
  await order(lab.httpUrl);
  await lab.idle();
  const [executionArn = ""] = lab.truth.executions.keys();

  const before = await storyOf(executionArn, 3);
  expect(before.hops).toEqual(["api → item sfn-execution"]);
  expect(before.missing).toEqual([]);
  const children = new Set(
    before.spans.map(({ attributes }) => attributes["mayfly.sfn.execution.arn"]).filter(Boolean),
  );
  expect(children.size).toBe(2);

  await importExecution(executionArn);
  const after = await storyOf(executionArn, 3);
  expect(after.hops).toEqual(["api → flow sfn-execution", "flow → flow link", "flow → item link"]);
  expect(after.missing).toEqual([]);
});

test("a machine that queries by JSONata and hands its context on is one story with its tasks, retries among them", async () => {
  const { lab, storyOf, importExecution } = await sdkLab(
    {
      api: starter({ sku: "lamp" }),
      reserve: { code: QUIET },
      charge: { code: observed(`if (event.State.RetryCount === 0) throw new RangeError("declined");`) },
    },
    {
      routes: ROUTES,
      stateMachines: {
        flow: {
          definition: {
            QueryLanguage: "JSONata",
            StartAt: "Reserve",
            States: {
              Reserve: {
                Type: "Task",
                Resource: `${SERVICE}lambda:invoke`,
                Arguments: { FunctionName: "reserve", Payload: "{% $merge([$states.input, $states.context]) %}" },
                Output: "{% $states.input %}",
                Next: "Charge",
              },
              Charge: {
                Type: "Task",
                Resource: `${SERVICE}lambda:invoke`,
                Arguments: { FunctionName: "charge", Payload: "{% $merge([$states.input, $states.context]) %}" },
                Retry: [{ ErrorEquals: ["RangeError"], MaxAttempts: 1 }],
                End: true,
              },
            },
          },
        },
      },
    },
    { stateMachinePause: async () => {} },
  );
  await order(lab.httpUrl);
  await lab.idle();
  const [executionArn = ""] = lab.truth.executions.keys();

  const before = await storyOf(executionArn, 4);
  expect(before.hops).toEqual(["api → charge sfn-execution", "api → reserve sfn-execution"]);
  expect(before.missing).toEqual([]);

  await importExecution(executionArn);
  const after = await storyOf(executionArn, 4);
  expect(after.hops).toEqual(["api → flow sfn-execution", "flow → charge link", "flow → reserve link"]);
  expect(after.missing).toEqual([]);
  const attempts = after.spans.filter(({ functionName }) => functionName === "charge");
  const counts = attempts
    .map(({ attributes }) => attributes["mayfly.sfn.state.retry_count"])
    .filter((n) => n !== undefined);
  expect(counts).toEqual([0, 1]);
});
