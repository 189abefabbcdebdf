/** Executions of state machines, by the API: StartExecution, DescribeExecution, and functions as their tasks. */
import { randomUUID } from "node:crypto";
import type { StateMachineDefinition } from "../definition.ts";
import type { LabFunction } from "../function.ts";
import type { Truth } from "../truth.ts";
import { type Machine, type MachineTask, filled, machineOf } from "./state-machine.ts";

export interface StepFunctionsDeps {
  readonly machines: Readonly<Record<string, StateMachineDefinition>>;
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly truth: Truth;
  readonly region: string;
  readonly accountId: string;
}

export interface StepFunctions {
  stateMachineArn(name: string): string;
  start(input: StartInput, headers: { authorization?: string | undefined; traceHeader?: string | undefined }): object;
  describe(executionArn: string): object | undefined;
  /** Executions that run. */
  readonly pending: number;
  close(): void;
}

export interface StartInput {
  readonly stateMachineArn?: string;
  readonly name?: string;
  readonly input?: string;
  readonly traceHeader?: string;
}

interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly startDate: number;
  status: "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT";
  readonly input: string;
  output?: string;
  error?: string;
  cause?: string;
  stopDate?: number;
  abort?: () => void;
}

export const createStepFunctions = (deps: StepFunctionsDeps): StepFunctions => {
  const { functions, truth, region, accountId } = deps;
  const prefix = `arn:aws:states:${region}:${accountId}`;
  const arnOf = (name: string): string => `${prefix}:stateMachine:${name}`;
  const machines = new Map(
    Object.entries(deps.machines).map(([name, { definition }]) => [
      arnOf(name),
      machineOf(name, arnOf(name), definition),
    ]),
  );
  const executions = new Map<string, Execution>();

  const run = async (machine: Machine, execution: Execution, traceHeader: string | undefined): Promise<void> => {
    const input: unknown = JSON.parse(execution.input);
    const context = {
      Execution: {
        Id: execution.executionArn,
        Input: input,
        Name: execution.name,
        RoleArn: `arn:aws:iam::${accountId}:role/${machine.name}`,
        StartTime: new Date(Math.round(execution.startDate * 1_000)).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
    const task = taskRunner(execution.executionArn, functions, truth, traceHeader);
    const handlers = Object.fromEntries(machine.tasks.map((one) => [one.state, task(one)]));
    try {
      const running = machine.runner.run(input as never, {
        context: context as never,
        overrides: { taskResourceLocalHandlers: handlers as never },
      });
      execution.abort = running.abort;
      const output = await running.result;
      Object.assign(execution, { status: "SUCCEEDED", output: JSON.stringify(output) });
    } catch (error) {
      Object.assign(execution, failureOf(error));
    }
    execution.stopDate = Date.now() / 1_000;
  };

  return {
    stateMachineArn: arnOf,
    start({ stateMachineArn = "", name = randomUUID(), input = "{}", traceHeader }, headers) {
      const machine = machines.get(stateMachineArn);
      if (machine === undefined)
        throw refusal("StateMachineDoesNotExist", `State Machine Does Not Exist: '${stateMachineArn}'`);
      const executionArn = `${prefix}:execution:${machine.name}:${name}`;
      if (executions.has(executionArn))
        throw refusal("ExecutionAlreadyExists", `Execution Already Exists: '${executionArn}'`);
      if (!isJson(input)) throw refusal("InvalidExecutionInput", "the input is not JSON");
      const execution: Execution = {
        executionArn,
        stateMachineArn,
        name,
        input,
        startDate: Date.now() / 1_000,
        status: "RUNNING",
      };
      executions.set(executionArn, execution);
      truth.started(executionArn, truth.senderOf({ authorization: headers.authorization }));
      void run(machine, execution, headers.traceHeader ?? traceHeader);
      return { executionArn, startDate: execution.startDate };
    },
    describe(executionArn) {
      const execution = executions.get(executionArn);
      if (execution === undefined) return undefined;
      const { abort: _, ...described } = execution;
      return described;
    },
    get pending() {
      return [...executions.values()].filter((execution) => execution.status === "RUNNING").length;
    },
    close() {
      for (const execution of executions.values()) if (execution.status === "RUNNING") execution.abort?.();
    },
  };
};

/** The library wraps what failed a state in an error of its own. */
const failureOf = (error: unknown): Partial<Execution> => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const { name, message } = inner instanceof Error ? inner : { name: "States.Runtime", message: String(inner) };
  return name === "ExecutionTimeoutError" ? { status: "TIMED_OUT" } : { status: "FAILED", error: name, cause: message };
};

const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** A task's attempts: each call after the first, in the same state, is a retry. */
const taskRunner =
  (executionArn: string, functions: ReadonlyMap<string, LabFunction>, truth: Truth, traceHeader: string | undefined) =>
  ({ state, functionName, isInvoke }: MachineTask) => {
    let retryCount = -1;
    const enteredTime = { value: "" };
    return async (parameters: unknown): Promise<unknown> => {
      retryCount += 1;
      enteredTime.value ||= new Date().toISOString();
      const input = filled(parameters, { Name: state, EnteredTime: enteredTime.value, RetryCount: retryCount });
      const sent = isInvoke ? ((input as { Payload?: unknown }).Payload ?? {}) : input;
      const requestId = randomUUID();
      const result = await functions.get(functionName)?.invoke({
        requestId,
        payload: JSON.stringify(sent),
        source: "step-functions",
        causes: [truth.causeOf({ kind: "sfn-execution", id: executionArn })],
        ...(traceHeader !== undefined && { traceHeader }),
      });
      if (result === undefined)
        throw refusal("Lambda.ResourceNotFoundException", `Function not found: ${functionName}`);
      const payload: unknown = JSON.parse(result.payload);
      // As on AWS, the cause is the function's error as JSON.
      if (result.outcome !== "success")
        throw refusal((payload as { errorType?: string }).errorType ?? "Lambda.Unknown", result.payload);
      if (!isInvoke) return payload;
      return {
        ExecutedVersion: "$LATEST",
        Payload: payload,
        StatusCode: 200,
        SdkResponseMetadata: { RequestId: requestId },
      };
    };
  };
