import { DescribeExecutionCommand, type DescribeExecutionOutput, StartExecutionCommand } from "@aws-sdk/client-sfn";
import { expect, test } from "vitest";
import { type FinishedExecution, type LabDefinition, type LabOptions, startLab } from "../src/index.ts";
import { type Rig, fn, startRig } from "./rig.ts";

type State = Record<string, unknown>;

const INVOKE = "arn:aws:states:::lambda:invoke";

const invoke = (FunctionName: string, Payload: unknown, more: State = {}): State => ({
  Type: "Task",
  Resource: INVOKE,
  Parameters: { FunctionName, Payload },
  ...more,
});

const definitionOf = (states: Record<string, State>): LabDefinition => ({
  functions: { task: fn("task"), other: fn("task") },
  stateMachines: { flow: { definition: { StartAt: Object.keys(states)[0], States: states } } },
});

interface MachineRig extends Rig {
  readonly run: (input?: unknown, name?: string) => Promise<DescribeExecutionOutput>;
}

const startMachine = async (states: Record<string, State>, options: LabOptions = {}): Promise<MachineRig> => {
  const rig = await startRig(definitionOf(states), options);
  return {
    ...rig,
    async run(input = {}, name = "run-1") {
      const stateMachineArn = rig.lab.stateMachineArn("flow");
      const { executionArn } = await rig.sfn.send(
        new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
      );
      await rig.lab.idle();
      return rig.sfn.send(new DescribeExecutionCommand({ executionArn }));
    },
  };
};

const outputOf = ({ output = "null" }: DescribeExecutionOutput): unknown => JSON.parse(output);

test("who wants to know is told how each execution ended", async () => {
  const ended: FinishedExecution[] = [];
  const states = {
    Ask: { Type: "Choice", Choices: [{ Variable: "$.ok", BooleanEquals: true, Next: "Done" }], Default: "Refuse" },
    Done: { Type: "Succeed" },
    Refuse: { Type: "Fail", Error: "CardDeclined", Cause: "no cover" },
  };
  const { run } = await startMachine(states, { onExecution: (execution) => ended.push(execution) });
  await run({ ok: true }, "good");
  await run({ ok: false }, "bad");
  const about = { stateMachineName: "flow", durationMs: expect.any(Number) as number };
  expect(ended).toEqual([
    { ...about, executionArn: expect.stringMatching(/:good$/) as string, status: "SUCCEEDED" },
    {
      ...about,
      executionArn: expect.stringMatching(/:bad$/) as string,
      status: "FAILED",
      error: "CardDeclined",
      cause: "no cover",
    },
  ]);
});

test("a linear machine hands each task's result to the next", async () => {
  const { run, lab } = await startMachine({
    Prepare: { Type: "Pass", Parameters: { "order.$": "$.order", step: "prepared" }, Next: "First" },
    First: invoke("task", { "echo.$": "$.order" }, { ResultPath: "$.first", Next: "Second" }),
    Second: invoke("other", { "echo.$": "$.first.Payload" }, { OutputPath: "$.Payload", End: true }),
  });

  const execution = await run({ order: "o-1" });

  expect(execution).toMatchObject({
    executionArn: "arn:aws:states:eu-west-1:000000000000:execution:flow:run-1",
    stateMachineArn: lab.stateMachineArn("flow"),
    name: "run-1",
    status: "SUCCEEDED",
    input: '{"order":"o-1"}',
    startDate: expect.any(Date) as Date,
    stopDate: expect.any(Date) as Date,
  });
  expect(outputOf(execution)).toEqual({ echoed: { echoed: "o-1" } });
  expect(lab.truth.deliveries.map(({ functionName, source }) => [functionName, source])).toEqual([
    ["task", "step-functions"],
    ["other", "step-functions"],
  ]);
});

test("lambda:invoke gives what Lambda's own API gives: payload, status and the request id of the invocation", async () => {
  const { run, lab } = await startMachine({ Only: invoke("task", { echo: 1 }, { End: true }) });

  expect(outputOf(await run())).toMatchObject({
    ExecutedVersion: "$LATEST",
    Payload: { echoed: 1 },
    StatusCode: 200,
    SdkResponseMetadata: { RequestId: lab.truth.deliveries[0]?.requestId },
  });
});

test("a function's ARN as resource gets the state's input and gives its bare result", async () => {
  const { run } = await startMachine({
    Only: { Type: "Task", Resource: "arn:aws:lambda:eu-west-1:000000000000:function:task", End: true },
  });

  expect(outputOf(await run({ echo: "bare", FunctionName: "other" }))).toEqual({ echoed: "bare" });
});

test("$$ tells a task its execution, machine and state", async () => {
  const { run, lab } = await startMachine({
    Only: invoke(
      "task",
      {
        echo: {
          "id.$": "$$.Execution.Id",
          "execution.$": "$$.Execution",
          "machine.$": "$$.StateMachine",
          "state.$": "$$.State",
          "name.$": "$$.State.Name",
        },
      },
      { OutputPath: "$.Payload.echoed", End: true },
    ),
  });

  const execution = await run({ a: 1 });

  expect(outputOf(execution)).toEqual({
    id: execution.executionArn,
    execution: {
      Id: execution.executionArn,
      Input: { a: 1 },
      Name: "run-1",
      RoleArn: expect.stringMatching(/^arn:aws:iam::/) as string,
      StartTime: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      RedriveCount: 0,
    },
    machine: { Id: lab.stateMachineArn("flow"), Name: "flow" },
    state: { Name: "Only", EnteredTime: expect.stringMatching(/^\d{4}-.*Z$/) as string, RetryCount: 0 },
    name: "Only",
  });
});

test("a retry is a new invocation, and knows its number from $$.State.RetryCount", async () => {
  const Retry = [{ ErrorEquals: ["TooEarly"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 }];
  const { run, lab } = await startMachine({
    Flaky: invoke(
      "task",
      { failBelow: 1, "retryCount.$": "$$.State.RetryCount" },
      { Retry, OutputPath: "$.Payload", End: true },
    ),
  });

  const execution = await run();

  expect(outputOf(execution)).toEqual({ retryCount: 1 });
  expect(lab.truth.deliveries.map(({ outcome }) => outcome)).toEqual(["error", "success"]);
  expect(new Set(lab.truth.deliveries.map(({ requestId }) => requestId)).size).toBe(2);
});

test("what Catch names goes its own way, with the function's error as its cause", async () => {
  const Catch = [{ ErrorEquals: ["CardDeclined"], ResultPath: "$.problem", Next: "Mend" }];
  const { run } = await startMachine({
    Charge: invoke("task", { fail: "CardDeclined" }, { Catch, Next: "Never" }),
    Never: { Type: "Fail", Error: "NotReached" },
    Mend: { Type: "Pass", End: true },
  });

  const execution = await run({ order: "o-1" });

  expect(execution.status).toBe("SUCCEEDED");
  const { order, problem } = outputOf(execution) as { order: string; problem: { Error: string; Cause: string } };
  expect([order, problem.Error]).toEqual(["o-1", "CardDeclined"]);
  expect(JSON.parse(problem.Cause)).toMatchObject({ errorType: "CardDeclined", errorMessage: "as asked" });
});

test("an error that nothing catches fails the execution, and the next states do not run", async () => {
  const { run, lab } = await startMachine({
    First: invoke("task", { fail: "CardDeclined" }, { Next: "Second" }),
    Second: invoke("other", { echo: 1 }, { End: true }),
  });

  const execution = await run();

  expect(execution).toMatchObject({ status: "FAILED", error: "CardDeclined" });
  expect(JSON.parse(execution.cause ?? "")).toMatchObject({ errorMessage: "as asked" });
  expect(execution.output).toBeUndefined();
  expect(lab.truth.deliveries.map(({ functionName }) => functionName)).toEqual(["task"]);
});

test("a Choice goes the way its input names", async () => {
  const { run, lab } = await startMachine({
    Which: { Type: "Choice", Choices: [{ Variable: "$.tier", StringEquals: "gold", Next: "Gold" }], Default: "Plain" },
    Gold: invoke("task", { echo: "gold" }, { OutputPath: "$.Payload.echoed", End: true }),
    Plain: invoke("other", { echo: "plain" }, { OutputPath: "$.Payload.echoed", End: true }),
  });

  expect(outputOf(await run({ tier: "gold" }, "one"))).toBe("gold");
  expect(outputOf(await run({ tier: "tin" }, "two"))).toBe("plain");
  expect([...lab.truth.executions.keys()].map((arn) => arn.split(":").at(-1))).toEqual(["one", "two"]);
});

test("an execution that takes longer than its machine may is timed out", async () => {
  const states = { Wait: { Type: "Wait", Seconds: 600, End: true } };
  const definition = { StartAt: "Wait", TimeoutSeconds: 1, States: states };
  const { lab, sfn } = await startRig({ functions: {}, stateMachines: { slow: { definition } } });

  const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: lab.stateMachineArn("slow") }));
  await lab.idle();

  expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: "TIMED_OUT" });
});

test("a Fail state fails the execution with the error that it names", async () => {
  const { run } = await startMachine({ Only: { Type: "Fail", Error: "OutOfStock", Cause: "no lamps" } });

  expect(await run()).toMatchObject({ status: "FAILED", error: "OutOfStock", cause: "no lamps" });
});

test("the API refuses what is not there, what is no JSON, and a name that is taken", async () => {
  const { run, sfn, lab } = await startMachine({ Only: { Type: "Pass", End: true } });
  const stateMachineArn = lab.stateMachineArn("flow");
  await run();

  await expect(run()).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
  await expect(
    sfn.send(new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}-other` })),
  ).rejects.toMatchObject({ name: "StateMachineDoesNotExist" });
  await expect(sfn.send(new StartExecutionCommand({ stateMachineArn, input: "{" }))).rejects.toMatchObject({
    name: "InvalidExecutionInput",
  });
  await expect(
    sfn.send(new DescribeExecutionCommand({ executionArn: "arn:aws:states:x:1:execution:flow:none" })),
  ).rejects.toMatchObject({ name: "ExecutionDoesNotExist" });
});

test("close() aborts an execution that waits", async () => {
  const rig = await startRig(definitionOf({ Wait: { Type: "Wait", Seconds: 600, End: true } }));
  await rig.sfn.send(new StartExecutionCommand({ stateMachineArn: rig.lab.stateMachineArn("flow") }));

  await expect(rig.lab.close()).resolves.toBeUndefined();
});

test.each([
  [
    "an expression that cannot be read",
    { Only: { Type: "Pass", QueryLanguage: "JSONata", Output: "{% 1 + %}", End: true } },
    'state Only: the expression "1 +" cannot be read',
  ],
  ["an item reader", { Only: { Type: "Map", ItemReader: {}, End: true } }, "ItemReader is not known to the lab"],
  ["a way to nowhere", { Only: { Type: "Pass", Next: "Gone" } }, 'state Only: there is no state "Gone" to go to'],
  [
    "a filter in a path",
    { Only: { Type: "Pass", InputPath: "$.a[?(@.b)]", End: true } },
    "is no path that the lab knows",
  ],
  [
    "a function that is not there, in a branch",
    {
      Only: {
        Type: "Parallel",
        Branches: [{ StartAt: "A", States: { A: invoke("gone", {}, { End: true }) } }],
        End: true,
      },
    },
    'state Only: state A: function "gone" is not defined',
  ],
  [
    "another service",
    { Only: { Type: "Task", Resource: "arn:aws:states:::glue:startJobRun", End: true } },
    "is not known to the lab",
  ],
])("a machine with %s keeps the lab from starting", async (_, states, problem) => {
  await expect(startLab(definitionOf(states))).rejects.toThrow(problem);
});
