/** What a machine does beyond one state after the other: branches, items, callbacks, nested executions, and their history. */
import { createHash } from "node:crypto";
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  SFNClient,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import type { LabDefinition } from "../src/index.ts";
import { type Rig, eventually, fn, startRig } from "./rig.ts";

type State = Record<string, unknown>;
type Machines = NonNullable<LabDefinition["stateMachines"]>;

const SERVICE = "arn:aws:states:::";

const machine = (states: Record<string, State>): { StartAt: string; States: Record<string, State> } => ({
  StartAt: Object.keys(states)[0] ?? "",
  States: states,
});

const invoke = (Payload: unknown, more: State = { End: true }): State => ({
  Type: "Task",
  Resource: `${SERVICE}lambda:invoke`,
  Parameters: { FunctionName: "task", Payload },
  ...more,
});

/** Every wait is over at once; the waits that were asked for are kept. */
const startMachines = async (stateMachines: Machines, more: Partial<LabDefinition> = {}) => {
  const waits: number[] = [];
  const stateMachinePause = async (ms: number): Promise<void> => void waits.push(ms);
  const definition = { functions: { task: fn("task"), taker: fn("recorder") }, stateMachines, ...more };
  const rig = await startRig(definition, { stateMachinePause });
  const start = async (input: unknown = {}, name = "flow"): Promise<string> => {
    const stateMachineArn = rig.lab.stateMachineArn(name);
    const started = await rig.sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
    return started.executionArn ?? "";
  };
  const finished = async (executionArn: string) => {
    await rig.lab.idle();
    return rig.sfn.send(new DescribeExecutionCommand({ executionArn }));
  };
  return { ...rig, waits, start, finished };
};

const historyOf = async ({ sfn }: Rig, executionArn: string): Promise<readonly HistoryEvent[]> =>
  (await sfn.send(new GetExecutionHistoryCommand({ executionArn }))).events ?? [];

const only = (states: Record<string, State>): Machines => ({ flow: { definition: machine(states) } });

test("branches of a Parallel run on the same input and give their outputs in order", async () => {
  const { start, finished } = await startMachines(
    only({
      Both: {
        Type: "Parallel",
        Branches: [
          machine({ A: invoke({ "echo.$": "$.n" }, { OutputPath: "$.Payload.echoed", End: true }) }),
          machine({ B: { Type: "Pass", Parameters: { "text.$": "States.Format('n is {}', $.n)" }, End: true } }),
        ],
        ResultPath: "$.both",
        End: true,
      },
    }),
  );

  const { output = "" } = await finished(await start({ n: 7 }));

  expect(JSON.parse(output)).toEqual({ n: 7, both: [7, { text: "n is 7" }] });
});

test("a Map runs its items, each told its index and value", async () => {
  const { start, finished } = await startMachines(
    only({
      Each: {
        Type: "Map",
        ItemsPath: "$.orders",
        ItemSelector: { "at.$": "$$.Map.Item.Index", "id.$": "$$.Map.Item.Value.id", "shop.$": "$.shop" },
        MaxConcurrency: 2,
        ItemProcessor: machine({ One: invoke({ "echo.$": "$" }, { OutputPath: "$.Payload.echoed", End: true }) }),
        End: true,
      },
    }),
  );

  const { output = "" } = await finished(await start({ shop: "s", orders: [{ id: "a" }, { id: "b" }, { id: "c" }] }));

  expect(JSON.parse(output)).toEqual([
    { at: 0, id: "a", shop: "s" },
    { at: 1, id: "b", shop: "s" },
    { at: 2, id: "c", shop: "s" },
  ]);
});

test("an item that fails fails its Map, and Catch takes it from there", async () => {
  const rig = await startMachines(
    only({
      Each: {
        Type: "Map",
        ItemProcessor: machine({ One: invoke({ "fail.$": "$" }) }),
        Catch: [{ ErrorEquals: ["States.ALL"], Next: "Mend" }],
        End: true,
      },
      Mend: { Type: "Pass", OutputPath: "$.Error", End: true },
    }),
  );

  const executionArn = await rig.start(["Declined"]);
  const { output } = await rig.finished(executionArn);

  expect(output).toBe('"Declined"');
  expect((await historyOf(rig, executionArn)).map(({ type }) => type)).toEqual(
    expect.arrayContaining(["MapIterationFailed", "MapStateFailed", "MapStateExited"]),
  );
});

test("a distributed Map runs each item as an execution of its own, and the truth knows whose", async () => {
  const { start, finished, sfn, lab } = await startMachines(
    only({
      Each: {
        Type: "Map",
        Label: "orders",
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
          ...machine({ One: { Type: "Pass", Parameters: { "id.$": "$$.Execution.Id" }, End: true } }),
        },
        End: true,
      },
    }),
  );

  const executionArn = await start(["a", "b"]);
  const { output = "" } = await finished(executionArn);
  const children = (JSON.parse(output) as { id: string }[]).map(({ id }) => id);

  expect(children).toEqual([1, 2].map(() => expect.stringMatching(/:execution:flow\/orders:[0-9a-f-]{36}$/) as string));
  expect(new Set(children).size).toBe(2);
  expect(children.map((id) => lab.truth.executionParents.get(id))).toEqual([executionArn, executionArn]);
  expect(await sfn.send(new DescribeExecutionCommand({ executionArn: children[0] }))).toMatchObject({ input: '"a"' });
});

test("a distributed Map's executions are listed by its run, and not among the machine's own", async () => {
  const rig = await startMachines(
    only({
      Each: {
        Type: "Map",
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED" },
          ...machine({ One: { Type: "Pass", End: true } }),
        },
        End: true,
      },
    }),
  );
  const executionArn = await rig.start(["a", "b"]);
  await rig.finished(executionArn);
  const begun = (await historyOf(rig, executionArn)).find(({ type }) => type === "MapRunStarted");
  const mapRunArn = begun?.mapRunStartedEventDetails?.mapRunArn;
  const listed = async (owner: { mapRunArn: string | undefined } | { stateMachineArn: string }) =>
    (await rig.sfn.send(new ListExecutionsCommand(owner))).executions?.map((one) => one.executionArn);

  expect(await listed({ mapRunArn })).toHaveLength(2);
  expect(await listed({ stateMachineArn: rig.lab.stateMachineArn("flow") })).toEqual([executionArn]);
});

test("a distributed Map hands its items on in batches, each with what is said of all", async () => {
  const { start, finished } = await startMachines(
    only({
      Each: {
        Type: "Map",
        ItemsPath: "$.items",
        ItemSelector: { "n.$": "$$.Map.Item.Value" },
        ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { "root.$": "$$.Execution.Id", of: "shop" } },
        ItemProcessor: {
          ProcessorConfig: { Mode: "DISTRIBUTED" },
          ...machine({ One: { Type: "Pass", End: true } }),
        },
        End: true,
      },
    }),
  );
  const executionArn = await start({ items: [1, 2, 3] });
  const { output = "" } = await finished(executionArn);
  const BatchInput = { root: executionArn, of: "shop" };
  expect(JSON.parse(output)).toEqual([
    { BatchInput, Items: [{ n: 1 }, { n: 2 }] },
    { BatchInput, Items: [{ n: 3 }] },
  ]);
});

test("a machine may go back to a state, and Wait is passed by the given pause", async () => {
  const { start, finished, waits } = await startMachines(
    only({
      Count: { Type: "Pass", Parameters: { "n.$": "States.MathAdd($.n, 1)" }, Next: "Rest" },
      Rest: { Type: "Wait", Seconds: 3_600, Next: "Enough" },
      Enough: {
        Type: "Choice",
        Choices: [{ Variable: "$.n", NumericGreaterThanEquals: 3, Next: "Done" }],
        Default: "Count",
      },
      Done: { Type: "Succeed" },
    }),
  );

  expect(await finished(await start({ n: 0 }))).toMatchObject({ status: "SUCCEEDED", output: '{"n":3}' });
  expect(waits).toEqual([3_600_000, 3_600_000, 3_600_000]);
});

test("retries back off by their rate up to the limit, each counted in $$.State.RetryCount", async () => {
  const Retry = [
    { ErrorEquals: ["TooEarly"], IntervalSeconds: 10, BackoffRate: 3, MaxDelaySeconds: 50, MaxAttempts: 5 },
  ];
  const payload = { failBelow: 3, "retryCount.$": "$$.State.RetryCount" };
  const { start, finished, waits } = await startMachines(only({ Try: invoke(payload, { Retry, End: true }) }));

  expect(await finished(await start())).toMatchObject({ status: "SUCCEEDED" });
  expect(waits).toEqual([10_000, 30_000, 50_000]);
});

test("a loop that never waits ends at the limit of history", async () => {
  const { start, finished } = await startMachines(only({ Round: { Type: "Pass", Next: "Round" } }));

  expect(await finished(await start())).toMatchObject({ status: "FAILED", error: "States.Runtime" });
});

const waiting = (more: State = {}): Machines =>
  only({
    Ask: {
      Type: "Task",
      Resource: `${SERVICE}sqs:sendMessage.waitForTaskToken`,
      Parameters: { "QueueUrl.$": "$.queueUrl", MessageBody: { "token.$": "$$.Task.Token" } },
      End: true,
      ...more,
    },
  });

const startWaiting = async (more?: State) => {
  const rig = await startMachines(waiting(more), { queues: { jobs: {} } });
  const QueueUrl = rig.lab.queueUrl("jobs");
  const executionArn = await rig.start({ queueUrl: QueueUrl });
  const message = await eventually(async () => {
    const { Messages = [] } = await rig.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toHaveLength(1);
    return Messages[0];
  });
  const { token: taskToken } = JSON.parse(message?.Body ?? "") as { token: string };
  return { ...rig, executionArn, taskToken, messageId: message?.MessageId };
};

test("a task waits for its token's callback; the token works once, and the truth keeps only its hash", async () => {
  const rig = await startWaiting();
  const { sfn, taskToken, executionArn, messageId, lab } = rig;

  await sfn.send(new SendTaskHeartbeatCommand({ taskToken }));
  await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"answer":42}' }));

  expect(await rig.finished(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"answer":42}' });
  const submitted = (await historyOf(rig, executionArn)).find(({ type }) => type === "TaskSubmitted");
  expect(JSON.parse(submitted?.taskSubmittedEventDetails?.output ?? "")).toMatchObject({ MessageId: messageId });
  expect(lab.truth.callbacks).toEqual([
    { tokenHash: createHash("sha256").update(taskToken).digest("hex"), executionArn, state: "Ask" },
  ]);
  await expect(sfn.send(new SendTaskSuccessCommand({ taskToken, output: "1" }))).rejects.toMatchObject({
    name: "TaskTimedOut",
  });
  await expect(sfn.send(new SendTaskSuccessCommand({ taskToken: "none", output: "1" }))).rejects.toMatchObject({
    name: "InvalidToken",
  });
});

test("a callback may fail its task, by the error that it names", async () => {
  const { sfn, taskToken, finished, executionArn } = await startWaiting();

  await sfn.send(new SendTaskFailureCommand({ taskToken, error: "Refused", cause: "no" }));

  expect(await finished(executionArn)).toMatchObject({ status: "FAILED", error: "Refused", cause: "no" });
});

test("a task that nobody calls back in time fails with States.Timeout", async () => {
  const { finished, executionArn } = await startWaiting({ TimeoutSeconds: 1 });

  expect(await finished(executionArn)).toMatchObject({ status: "FAILED", error: "States.Timeout" });
});

test("startExecution.sync waits for the other execution, whose output is text, or JSON with :2", async () => {
  const nested = (pattern: string, stateMachineArn: string): State => ({
    Type: "Task",
    Resource: `${SERVICE}states:startExecution.${pattern}`,
    Parameters: { StateMachineArn: stateMachineArn, Input: { n: 1 } },
    ResultSelector: { "output.$": "$.Output", "arn.$": "$.ExecutionArn" },
    End: true,
  });
  const arn = "arn:aws:states:eu-west-1:000000000000:stateMachine:inner";
  const { start, finished, lab } = await startMachines({
    inner: { definition: machine({ Inner: { Type: "Pass", End: true } }) },
    flow: { definition: machine({ Outer: nested("sync", arn) }) },
    parsed: { definition: machine({ Outer: nested("sync:2", arn) }) },
  });

  const executionArn = await start();
  const result = JSON.parse((await finished(executionArn)).output ?? "") as { arn: string; output: string };
  const parsed = JSON.parse((await finished(await start({}, "parsed"))).output ?? "") as { output: unknown };

  expect(result.output).toBe('{"n":1}');
  expect(lab.truth.executionParents.get(result.arn)).toBe(executionArn);
  expect(parsed.output).toEqual({ n: 1 });
});

test("messages and events that a state sends reach their functions with their trace header, for whoever started it", async () => {
  const states = {
    Publish: {
      Type: "Task",
      Resource: `${SERVICE}sns:publish`,
      Parameters: { "TopicArn.$": "$.topic", Message: { hello: "topic" } },
      ResultPath: null,
      Next: "Put",
    },
    Put: {
      Type: "Task",
      Resource: `${SERVICE}events:putEvents`,
      Parameters: { Entries: [{ Source: "flow", DetailType: "told", Detail: { hello: "bus" } }] },
      End: true,
    },
  };
  const taker = fn("recorder", "traced");
  const rig = await startMachines(only(states), {
    functions: { taker },
    topics: { news: { subscriptions: [{ function: "taker" }] } },
    buses: { default: { rules: { told: { pattern: { source: ["flow"] }, targets: [{ function: "taker" }] } } } },
  });
  const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
  const input = JSON.stringify({ topic: rig.lab.topicArn("news") });

  const stateMachineArn = rig.lab.stateMachineArn("flow");
  const { executionArn = "" } = await rig.sfn.send(new StartExecutionCommand({ stateMachineArn, input, traceHeader }));
  const { output = "" } = await rig.finished(executionArn);

  const [event] = rig.lab.truth.deliveries.filter(({ source }) => source === "eventbridge");
  expect(JSON.parse(output)).toMatchObject({ Entries: [{ EventId: event?.causes[0]?.via.id }] });
  expect(rig.events<{ traceId: string }>("taker").map(({ traceId }) => traceId)).toEqual(
    [1, 2].map(() => expect.stringContaining("Root=1-5759e988-bd862e3fe1be46a994272793") as string),
  );
});

test("the history tells a task as AWS does: ids, what led to what, and the request id of the invocation", async () => {
  const rig = await startMachines(only({ Only: invoke({ echo: 1 }) }));
  const executionArn = await rig.start();
  await rig.finished(executionArn);

  const history = await historyOf(rig, executionArn);

  expect(history.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
    [1, 0, "ExecutionStarted"],
    [2, 0, "TaskStateEntered"],
    [3, 2, "TaskScheduled"],
    [4, 3, "TaskStarted"],
    [5, 4, "TaskSucceeded"],
    [6, 5, "TaskStateExited"],
    [7, 6, "ExecutionSucceeded"],
  ]);
  const [{ requestId } = {}] = rig.lab.truth.deliveries;
  expect(JSON.parse(history[4]?.taskSucceededEventDetails?.output ?? "")).toMatchObject({
    Payload: { echoed: 1 },
    SdkHttpMetadata: { AllHttpHeaders: { "x-amzn-RequestId": [requestId] }, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: requestId },
  });
});

test("history comes in pages, and backwards", async () => {
  const { sfn, start, finished } = await startMachines(only({ Only: { Type: "Pass", End: true } }));
  const executionArn = await start();
  await finished(executionArn);
  const page = (nextToken?: string) =>
    sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 3, reverseOrder: true, nextToken }));

  const first = await page();
  const second = await page(first.nextToken);

  expect([first, second].map(({ events = [] }) => events.map(({ id }) => id))).toEqual([[4, 3, 2], [1]]);
  expect(second.nextToken).toBeUndefined();
});

test("an execution can be stopped, and is listed by its status", async () => {
  const { sfn, lab, taskToken, executionArn, finished } = await startWaiting();
  await sfn.send(new StopExecutionCommand({ executionArn, error: "Enough", cause: "by hand" }));

  expect(await finished(executionArn)).toMatchObject({ status: "ABORTED", error: "Enough", cause: "by hand" });
  const list = (statusFilter: "ABORTED" | "RUNNING") =>
    sfn.send(new ListExecutionsCommand({ stateMachineArn: lab.stateMachineArn("flow"), statusFilter }));
  expect((await list("ABORTED")).executions).toMatchObject([{ executionArn }]);
  expect((await list("RUNNING")).executions).toEqual([]);
  await expect(sfn.send(new SendTaskHeartbeatCommand({ taskToken }))).rejects.toMatchObject({ name: "TaskTimedOut" });
});

test("an express machine answers StartSyncExecution, and keeps no history to ask for", async () => {
  const definition = machine({ Only: { Type: "Pass", End: true } });
  const { sfn, lab } = await startMachines({ flow: { definition, type: "EXPRESS" } });
  // AWS's client would call the host `sync-127.0.0.1`.
  const endpoint = lab.environment["AWS_ENDPOINT_URL_SFN"] ?? "";
  const { region, credentials } = sfn.config;
  const client = new SFNClient({ endpoint, region, credentials, disableHostPrefix: true });

  const stateMachineArn = lab.stateMachineArn("flow");
  const result = await client.send(new StartSyncExecutionCommand({ stateMachineArn, name: "n", input: "[1]" }));

  expect(result).toMatchObject({ status: "SUCCEEDED", output: "[1]" });
  expect(result.executionArn).toMatch(/:express:flow:n:[0-9a-f-]{36}$/);
  const history = sfn.send(new GetExecutionHistoryCommand({ executionArn: result.executionArn }));
  await expect(history).rejects.toMatchObject({ name: "InvalidArn" });
});

const querying = (states: Record<string, State>): Machines => ({
  flow: { definition: { QueryLanguage: "JSONata", ...machine(states) } },
});

test("a JSONata machine queries its input, its context and its variables, and chooses by them", async () => {
  const { start, finished, events } = await startMachines(
    querying({
      Take: { Type: "Pass", Assign: { total: "{% $sum($states.input.items.price) %}" }, Next: "Tell" },
      Tell: {
        Type: "Task",
        Resource: `${SERVICE}lambda:invoke`,
        Arguments: {
          FunctionName: "taker",
          Payload: "{% $merge([$states.context, { 'total': $total }]) %}",
        },
        Output: { of: "{% $states.context.State.Name %}", status: "{% $states.result.StatusCode %}" },
        Assign: { total: "{% $total + 1 %}" },
        Next: "Large",
      },
      Large: {
        Type: "Choice",
        Choices: [{ Condition: "{% $total > 100 %}", Output: "large", Next: "End" }],
        Default: "Small",
      },
      Small: { Type: "Fail", Error: "{% 'Small' & $total %}" },
      End: { Type: "Succeed", Output: { was: "{% $states.input %}", total: "{% $total %}" } },
    }),
  );
  const executionArn = await start({ items: [{ price: 60 }, { price: 40.5 }] });
  expect(await finished(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"was":"large","total":101.5}' });
  expect(events("taker")).toMatchObject([{ total: 100.5, Execution: { Id: executionArn }, State: { Name: "Tell" } }]);
  expect(await finished(await start({ items: [{ price: 1 }] }))).toMatchObject({ status: "FAILED", error: "Small2" });
});

test("JSONata maps over items, within machines that inherit it, and catches what failed", async () => {
  const { start, finished } = await startMachines(
    querying({
      Each: {
        Type: "Map",
        Items: "{% $states.input.orders[open] %}",
        ItemSelector: { order: "{% $states.context.Map.Item.Value.id %}", n: "{% $states.context.Map.Item.Index %}" },
        ItemProcessor: machine({
          One: { Type: "Pass", Output: "{% $states.input.order & $states.input.n %}", End: true },
        }),
        Next: "Risk",
      },
      Risk: {
        Type: "Pass",
        Output: "{% $states.input.nothing %}",
        Catch: [
          { ErrorEquals: ["States.QueryEvaluationError"], Output: { from: "{% $states.input %}" }, Next: "Wait" },
        ],
        End: true,
      },
      Wait: { Type: "Wait", Seconds: "{% 2 * 30 %}", End: true },
    }),
  );
  const orders = [
    { id: "a", open: true },
    { id: "b", open: false },
    { id: "c", open: true },
  ];
  expect(await finished(await start({ orders }))).toMatchObject({ output: '{"from":["a0","c1"]}' });
});

test("a JSONata task waits for its callback by the token that its arguments name", async () => {
  const { start, finished, sfn, sqs, lab } = await startMachines(
    querying({
      Ask: {
        Type: "Task",
        Resource: `${SERVICE}sqs:sendMessage.waitForTaskToken`,
        Arguments: { QueueUrl: "jobs", MessageBody: { token: "{% $states.context.Task.Token %}" } },
        Output: "{% $states.result.answer %}",
        End: true,
      },
    }),
    { queues: { jobs: {} } },
  );
  const executionArn = await start();
  const taskToken = await eventually(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: lab.queueUrl("jobs") }));
    return (JSON.parse(Messages[0]?.Body ?? "") as { token: string }).token;
  });
  await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"answer":42}' }));
  expect(await finished(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "42" });
});
