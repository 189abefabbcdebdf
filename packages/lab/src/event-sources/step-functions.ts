/**
 * Step Functions by its API: executions of state machines, their history, callbacks by token, and nested executions.
 *
 * An execution's ARN   standard   …:execution:<machine>:<name>
 *                      express    …:express:<machine>:<name>:<uuid>
 *                      an item of a distributed Map, an execution of its own   …:execution:<machine>/<map label>:<uuid>
 * X-Amzn-Trace-Id      from the request's header, else its field; every task, message and nested execution gets it.
 */
import { randomUUID } from "node:crypto";
import type { StateMachineDefinition } from "../definition.ts";
import type { LabFunction } from "../function.ts";
import type { Messaging } from "../messaging.ts";
import { type StateMachine, itemProcessorOf } from "../states/definition.ts";
import { type History, createHistory } from "../states/history.ts";
import { type Service, taskRunner } from "../states/integrations.ts";
import { type ExecutionContext, type Run, runMachine } from "../states/interpreter.ts";
import { createServices, executionOf } from "../states/services.ts";
import { StatesError, asStatesError } from "../states/states-error.ts";
import { createTaskTokens, tokenHash } from "../states/task-tokens.ts";
import type { Truth } from "../truth.ts";
import type { EventBridge } from "./eventbridge.ts";

export interface StepFunctionsDeps {
  readonly machines: Readonly<Record<string, StateMachineDefinition>>;
  readonly functions: ReadonlyMap<string, LabFunction>;
  readonly messaging: Messaging;
  readonly eventBridge: EventBridge;
  readonly truth: Truth;
  readonly region: string;
  readonly accountId: string;
  readonly pause: Run["pause"];
  readonly onExecution: (execution: FinishedExecution) => void;
}

export interface FinishedExecution {
  readonly stateMachineName: string;
  readonly executionArn: string;
  readonly status: Exclude<Status, "RUNNING">;
  readonly durationMs: number;
  readonly error?: string;
  readonly cause?: string;
  /** Of an item or a batch of a distributed Map. */
  readonly mapRunArn?: string;
}

export interface RequestHeaders {
  readonly authorization?: string | undefined;
  readonly traceHeader?: string | undefined;
}

/** Every operation, by its name; what it refuses is an Error with AWS's name. */
type Operation = (input: never, headers: RequestHeaders) => object | Promise<object>;

export interface StepFunctions {
  readonly operations: Readonly<Record<string, Operation>>;
  /** Executions that run. */
  readonly pending: number;
  close(): void;
}

type Status = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";

interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly isExpress: boolean;
  readonly definition: StateMachine;
}

interface Execution {
  readonly executionArn: string;
  readonly machine: Machine;
  readonly name: string;
  readonly startDate: number;
  readonly input: string;
  readonly traceHeader: string | undefined;
  /** Of an item or a batch of a distributed Map. */
  readonly mapRunArn?: string;
  readonly history: History;
  readonly stop: AbortController;
  done: Promise<void>;
  status: Status;
  output?: string;
  error?: string;
  cause?: string;
  stopDate?: number;
}

interface StartInput {
  readonly stateMachineArn?: string;
  readonly name?: string;
  readonly input?: string;
  readonly traceHeader?: string;
}

interface Start extends StartInput {
  readonly sender: string | undefined;
  readonly parent?: string;
  readonly mapRunArn?: string;
}

const finished = (execution: Execution, stopDate: number): FinishedExecution => {
  const { machine, executionArn, status, startDate, error, cause, mapRunArn } = execution;
  return {
    stateMachineName: machine.name,
    executionArn,
    status: status === "RUNNING" ? "ABORTED" : status,
    durationMs: (stopDate - startDate) * 1_000,
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
    ...(mapRunArn !== undefined && { mapRunArn }),
  };
};

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

export const createStepFunctions = (deps: StepFunctionsDeps): StepFunctions => {
  const { truth, region, accountId } = deps;
  const prefix = `arn:aws:states:${region}:${accountId}`;
  const machines = new Map(
    Object.entries(deps.machines).map(([name, { definition, type }]): [string, Machine] => {
      const arn = `${prefix}:stateMachine:${name}`;
      return [arn, { name, arn, isExpress: type === "EXPRESS", definition: definition as unknown as StateMachine }];
    }),
  );
  const executions = new Map<string, Execution>();
  const tokens = createTaskTokens();

  const found = (executionArn = ""): Execution => {
    const execution = executions.get(executionArn);
    if (execution !== undefined) return execution;
    throw refusal("ExecutionDoesNotExist", `Execution Does Not Exist: '${executionArn}'`);
  };

  const contextOf = (execution: Execution): ExecutionContext => ({
    Execution: {
      Id: execution.executionArn,
      Input: JSON.parse(execution.input) as unknown,
      Name: execution.name,
      RoleArn: roleOf(execution.machine),
      StartTime: new Date(Math.round(execution.startDate * 1_000)).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: execution.machine.arn, Name: execution.machine.name },
  });

  const roleOf = (machine: Machine): string => `arn:aws:iam::${accountId}:role/${machine.name}`;

  const run = async (execution: Execution): Promise<void> => {
    const { machine, history, input, stop } = execution;
    const { trail } = history;
    trail.add("ExecutionStarted", { input, roleArn: roleOf(machine) });
    const { TimeoutSeconds } = machine.definition;
    const timer =
      TimeoutSeconds === undefined
        ? undefined
        : setTimeout(() => stop.abort(new StatesError("States.Timeout", "")), TimeoutSeconds * 1_000);
    try {
      const output = await runMachine(machine.definition, JSON.parse(input), {
        context: contextOf(execution),
        trail,
        signal: stop.signal,
        runTask,
        startMapRun,
        pause: deps.pause,
      });
      Object.assign(execution, { status: "SUCCEEDED", output: JSON.stringify(output) });
      trail.add("ExecutionSucceeded", { output: execution.output });
    } catch (error) {
      const { name, message } = asStatesError(stop.signal.aborted ? stop.signal.reason : error);
      const status: Status = !stop.signal.aborted ? "FAILED" : name === "States.Timeout" ? "TIMED_OUT" : "ABORTED";
      const told = { ...(name !== "" && { error: name }), ...(message !== "" && { cause: message }) };
      Object.assign(execution, { status, ...told });
      trail.add(
        { FAILED: "ExecutionFailed", TIMED_OUT: "ExecutionTimedOut", ABORTED: "ExecutionAborted" }[status],
        told,
      );
    } finally {
      clearTimeout(timer);
      execution.stopDate = Date.now() / 1_000;
      deps.onExecution(finished(execution, execution.stopDate));
    }
  };

  const begin = (machine: Machine, executionArn: string, name: string, start: Start): Execution => {
    const input = start.input ?? "{}";
    const startDate = Date.now() / 1_000;
    const execution: Execution = {
      executionArn,
      machine,
      name,
      startDate,
      input,
      traceHeader: start.traceHeader,
      ...(start.mapRunArn !== undefined && { mapRunArn: start.mapRunArn }),
      history: createHistory(),
      stop: new AbortController(),
      done: Promise.resolve(),
      status: "RUNNING",
    };
    executions.set(executionArn, execution);
    truth.started(executionArn, start.sender, start.parent);
    execution.done = run(execution);
    return execution;
  };

  const start = (given: Start): Execution => {
    const { stateMachineArn = "", name = randomUUID(), input = "{}" } = given;
    const machine = machines.get(stateMachineArn);
    if (machine === undefined)
      throw refusal("StateMachineDoesNotExist", `State Machine Does Not Exist: '${stateMachineArn}'`);
    if (!isJson(input)) throw refusal("InvalidExecutionInput", "the input is not JSON");
    const executionArn = machine.isExpress
      ? `${prefix}:express:${machine.name}:${name}:${randomUUID()}`
      : `${prefix}:execution:${machine.name}:${name}`;
    const before = executions.get(executionArn);
    // As on AWS, the same start twice is one while it runs.
    if (before?.status === "RUNNING" && before.input === input) return before;
    if (before !== undefined) throw refusal("ExecutionAlreadyExists", `Execution Already Exists: '${executionArn}'`);
    return begin(machine, executionArn, name, given);
  };

  const nested = (parent: string): Pick<Start, "sender" | "parent" | "traceHeader"> => {
    const traceHeader = executions.get(parent)?.traceHeader;
    return { sender: truth.starterOf(parent), parent, ...(traceHeader !== undefined && { traceHeader }) };
  };

  const startExecution: Service = async ({ StateMachineArn, Name, Input }, { context, signal }) => {
    const child = refusedAsStates(() =>
      start({
        ...nested(executionOf(context)),
        stateMachineArn: String(StateMachineArn),
        input: JSON.stringify(Input ?? {}),
        ...(typeof Name === "string" && { name: Name }),
      }),
    );
    return {
      output: { ExecutionArn: child.executionArn, StartDate: new Date(child.startDate * 1_000).toISOString() },
      completion: async () => {
        await doneOrStopped(child, signal);
        const described = upperFirstKeys(describe(child));
        if (child.status === "SUCCEEDED") return described;
        throw new StatesError("States.TaskFailed", JSON.stringify(described));
      },
    };
  };

  const runTask = taskRunner({
    services: createServices({
      ...deps,
      traceHeaderOf: (executionArn) => executions.get(executionArn)?.traceHeader,
      startExecution,
    }),
    tokens,
    region,
    onToken: (token, context) =>
      truth.awaits({ tokenHash: tokenHash(token), executionArn: executionOf(context), state: context.State.Name }),
  });

  const startMapRun: Run["startMapRun"] = (state, context) => {
    const parent = found(executionOf(context));
    const label = `${parent.machine.name}/${state.Label ?? randomUUID()}`;
    const machine: Machine = { ...parent.machine, definition: itemProcessorOf(state) as StateMachine };
    const mapRunArn = `${prefix}:mapRun:${label}:${randomUUID()}`;
    return {
      mapRunArn,
      async runItem(item, signal) {
        const id = randomUUID();
        const input = JSON.stringify(item);
        const child = begin(machine, `${prefix}:execution:${label}:${id}`, id, {
          ...nested(parent.executionArn),
          input,
          mapRunArn,
        });
        await doneOrStopped(child, signal);
        if (child.status === "SUCCEEDED") return JSON.parse(child.output ?? "null") as unknown;
        throw new StatesError(child.error ?? "States.TaskFailed", child.cause ?? "");
      },
    };
  };

  const callBack = (token: string | undefined, { authorization }: RequestHeaders, settle: () => void): object => {
    settle();
    truth.calledBack(tokenHash(token ?? ""), truth.senderOf({ authorization }));
    return {};
  };

  const request = (input: StartInput, { authorization, traceHeader }: RequestHeaders): Start => {
    const header = traceHeader ?? input.traceHeader;
    return {
      ...input,
      sender: truth.senderOf({ authorization }),
      ...(header !== undefined && { traceHeader: header }),
    };
  };

  const operations = {
    StartExecution(input: StartInput, headers: RequestHeaders) {
      const { executionArn, startDate } = start(request(input, headers));
      return { executionArn, startDate };
    },
    async StartSyncExecution(input: StartInput, headers: RequestHeaders) {
      const machine = machines.get(input.stateMachineArn ?? "");
      if (machine?.isExpress === false)
        throw refusal("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine");
      const execution = start(request(input, headers));
      await execution.done;
      return describe(execution);
    },
    DescribeExecution(input: { executionArn?: string }) {
      return describe(standard(found(input.executionArn)));
    },
    StopExecution(input: { executionArn?: string; error?: string; cause?: string }) {
      const execution = standard(found(input.executionArn));
      execution.stop.abort(new StatesError(input.error ?? "", input.cause ?? ""));
      return { stopDate: Date.now() / 1_000 };
    },
    ListExecutions(input: {
      stateMachineArn?: string;
      mapRunArn?: string;
      statusFilter?: Status;
      maxResults?: number;
      nextToken?: string;
    }) {
      const { mapRunArn, stateMachineArn = "" } = input;
      if (mapRunArn === undefined && !machines.has(stateMachineArn))
        throw refusal("StateMachineDoesNotExist", `State Machine Does Not Exist: '${stateMachineArn}'`);
      // Those of a Map run are listed by that alone.
      const all = [...executions.values()]
        .filter(
          (one) => one.mapRunArn === mapRunArn && (mapRunArn !== undefined || one.machine.arn === stateMachineArn),
        )
        .filter(({ status }) => status === (input.statusFilter ?? status))
        .toReversed();
      const { page, nextToken } = pageOf(all, input);
      return {
        executions: page.map((execution) => {
          const { input: _, output: __, error: ___, cause: ____, traceHeader: _____, ...listed } = describe(execution);
          return listed;
        }),
        ...nextToken,
      };
    },
    GetExecutionHistory(input: {
      executionArn?: string;
      reverseOrder?: boolean;
      maxResults?: number;
      nextToken?: string;
    }) {
      const { events } = standard(found(input.executionArn)).history;
      const { page, nextToken } = pageOf(input.reverseOrder === true ? events.toReversed() : events, input);
      return { events: page, ...nextToken };
    },
    SendTaskSuccess(input: { taskToken?: string; output?: string }, headers: RequestHeaders) {
      if (!isJson(input.output ?? "")) throw refusal("InvalidOutput", "Invalid Output: 'Invalid JSON'");
      return callBack(input.taskToken, headers, () => tokens.succeed(input.taskToken, JSON.parse(input.output ?? "")));
    },
    SendTaskFailure(input: { taskToken?: string; error?: string; cause?: string }, headers: RequestHeaders) {
      return callBack(input.taskToken, headers, () => tokens.fail(input.taskToken, input.error, input.cause));
    },
    SendTaskHeartbeat(input: { taskToken?: string }) {
      tokens.heartbeat(input.taskToken);
      return {};
    },
  } satisfies Record<string, Operation>;

  return {
    operations,
    get pending() {
      return [...executions.values()].filter((execution) => execution.status === "RUNNING").length;
    },
    close() {
      for (const { stop } of executions.values()) stop.abort(new StatesError("", "the lab was closed"));
    },
  };
};

const describe = (execution: Execution): Record<string, unknown> => {
  const { machine, history: _, stop: __, done: ___, ...told } = execution;
  return { ...told, stateMachineArn: machine.arn };
};

/** What an execution waits for ends with it. */
const doneOrStopped = async (child: Execution, signal: AbortSignal): Promise<void> => {
  const stop = (): void => child.stop.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  await child.done;
  signal.removeEventListener("abort", stop);
};

/** Express executions have no record to ask for. */
const standard = (execution: Execution): Execution => {
  if (!execution.machine.isExpress) return execution;
  throw refusal("InvalidArn", `Invalid Arn: 'Resource type not valid in this context: ${execution.executionArn}'`);
};

interface Paging {
  readonly maxResults?: number;
  readonly nextToken?: string;
}

const pageOf = <T>(
  all: readonly T[],
  { maxResults, nextToken }: Paging,
): { page: readonly T[]; nextToken: { nextToken?: string } } => {
  const from = nextToken === undefined ? 0 : Number(Buffer.from(nextToken, "base64").toString());
  if (!Number.isInteger(from)) throw refusal("InvalidToken", "Invalid Token: 'Invalid token'");
  const to = from + Math.min(maxResults || DEFAULT_PAGE, MAX_PAGE);
  return {
    page: all.slice(from, to),
    nextToken: to < all.length ? { nextToken: Buffer.from(String(to)).toString("base64") } : {},
  };
};

const refusedAsStates = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    const { name, message } = error as Error;
    throw new StatesError(`StepFunctions.${name}Exception`, message);
  }
};

const upperFirstKeys = (described: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(described).map(([key, value]) => [key.charAt(0).toUpperCase() + key.slice(1), value]),
  );

const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
