/**
 * State machines, run by aws-local-stepfunctions, with what it lacks: executions by API, functions as tasks, and `$$.State`.
 *
 * The library leaves State.Name, EnteredTime and RetryCount out of the context object, and a path to one of them fails the
 * execution. So a path into `$$.State` in Parameters becomes a marker when the machine is made, and the marker is filled with
 * the facts of the attempt when the task runs.
 *
 * Refused when the machine is made: JSONata (the library passes input through instead), Map and Parallel, callbacks, task
 * resources other than a function, and loops, whose retries could not be counted.
 */
import { randomUUID } from "node:crypto";
import { StateMachine } from "aws-local-stepfunctions";
import type { StateMachineDefinition } from "../definition.ts";
import type { LabFunction } from "../function.ts";
import type { Truth } from "../truth.ts";

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

interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly runner: StateMachine;
  readonly tasks: readonly string[];
}

interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly startDate: number;
  status: "RUNNING" | "SUCCEEDED" | "FAILED";
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
      machineOf(name, arnOf(name), definition, functions),
    ]),
  );
  const executions = new Map<string, Execution>();

  const run = async (machine: Machine, execution: Execution, traceHeader: string | undefined): Promise<void> => {
    const input = JSON.parse(execution.input) as never;
    const context = {
      Execution: {
        Id: execution.executionArn,
        Input: input,
        Name: execution.name,
        RoleArn: `arn:aws:iam::${accountId}:role/${machine.name}`,
        StartTime: new Date(execution.startDate * 1_000).toISOString(),
        RedriveCount: 0,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
    const task = taskRunner(execution.executionArn, functions, truth, traceHeader);
    const handlers = Object.fromEntries(machine.tasks.map((state) => [state, task(state)]));
    const running = machine.runner.run(input, { context, overrides: { taskResourceLocalHandlers: handlers as never } });
    execution.abort = running.abort;
    try {
      const output = await running.result;
      Object.assign(execution, { status: "SUCCEEDED", output: JSON.stringify(output) });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: "States.Runtime", message: String(error) };
      Object.assign(execution, { status: "FAILED", error: name, cause: message });
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

const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const INVOKE = "arn:aws:states:::lambda:invoke";
const MARKER = "mayfly-lab:";

interface State {
  readonly Type?: string;
  readonly Resource?: string;
  readonly Parameters?: unknown;
  readonly Next?: string;
  readonly [field: string]: unknown;
}

const machineOf = (
  name: string,
  arn: string,
  definition: Readonly<Record<string, unknown>>,
  functions: ReadonlyMap<string, LabFunction>,
): Machine => {
  const states = Object.entries((definition["States"] ?? {}) as Record<string, State>);
  const problems = [
    ...(definition["QueryLanguage"] === "JSONata" ? ["JSONata is not known to the lab"] : []),
    ...states.flatMap(([state, one]) => problemsOf(one, functions).map((problem) => `state ${state}: ${problem}`)),
    ...(hasLoop(states, String(definition["StartAt"])) ? ["its states form a loop"] : []),
  ];
  if (problems.length > 0) throw new Error(`state machine ${name}: ${problems.join("; ")}`);
  const marked = Object.fromEntries(
    states.map(([state, one]) => [
      state,
      one.Parameters === undefined ? one : { ...one, Parameters: withMarkers(one.Parameters) },
    ]),
  );
  const runner = new StateMachine({ ...definition, States: marked } as never, {
    validationOptions: { checkArn: false },
  });
  return { name, arn, runner, tasks: states.filter(([, one]) => one.Type === "Task").map(([state]) => state) };
};

const problemsOf = (state: State, functions: ReadonlyMap<string, LabFunction>): string[] => {
  if (state["QueryLanguage"] === "JSONata") return ["JSONata is not known to the lab"];
  if (state.Type === "Map" || state.Type === "Parallel") return [`${state.Type} is not known to the lab`];
  if (state.Type !== "Task") return [];
  const resource = state.Resource ?? "";
  const target =
    resource === INVOKE ? (state.Parameters as { FunctionName?: string } | undefined)?.FunctionName : resource;
  if (resource !== INVOKE && !resource.includes(":function:")) return [`resource ${resource} is not known to the lab`];
  return functions.has(functionName(target ?? "")) ? [] : [`function ${target} is not defined`];
};

const functionName = (nameOrArn: string): string => {
  const parts = nameOrArn.split(":");
  return parts[parts.indexOf("function") + 1] ?? nameOrArn;
};

const hasLoop = (states: readonly (readonly [string, State])[], start: string): boolean => {
  const byName = new Map(states);
  const visit = (name: string, trail: readonly string[]): boolean =>
    trail.includes(name) || nextOf(byName.get(name)).some((next) => visit(next, [...trail, name]));
  return visit(start, []);
};

const nextOf = (state: State | undefined): string[] => {
  const branches = [...((state?.["Choices"] ?? []) as State[]), ...((state?.["Catch"] ?? []) as State[])];
  return [state?.Next, state?.["Default"], ...branches.map((branch) => branch.Next)].filter(
    (next) => typeof next === "string",
  );
};

/** `"State.$": "$$.State"` → `"State": "mayfly-lab:$$.State"`, at any depth. */
const withMarkers = (template: unknown): unknown => {
  if (Array.isArray(template)) return template.map(withMarkers);
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith(".$") && typeof value === "string" && /^\$\$\.State(\.|$)/.test(value)
        ? [key.slice(0, -2), MARKER + value]
        : [key, withMarkers(value)],
    ),
  );
};

interface StateFacts {
  readonly Name: string;
  readonly EnteredTime: string;
  readonly RetryCount: number;
}

const filled = (value: unknown, state: StateFacts): unknown => {
  if (Array.isArray(value)) return value.map((one) => filled(one, state));
  if (typeof value === "string" && value.startsWith(MARKER)) {
    const field = value.slice(MARKER.length).split(".")[2];
    return field === undefined ? state : state[field as keyof StateFacts];
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, state)]));
};

/** A task's attempts: each call after the first, in the same state, is a retry. */
const taskRunner =
  (executionArn: string, functions: ReadonlyMap<string, LabFunction>, truth: Truth, traceHeader: string | undefined) =>
  (state: string) => {
    let retryCount = -1;
    const enteredTime = { value: "" };
    return async (parameters: unknown): Promise<unknown> => {
      retryCount += 1;
      enteredTime.value ||= new Date().toISOString();
      const input = filled(parameters, { Name: state, EnteredTime: enteredTime.value, RetryCount: retryCount });
      const isInvoke = typeof input === "object" && input !== null && "FunctionName" in input;
      const { FunctionName, Payload } = (isInvoke ? input : {}) as { FunctionName?: string; Payload?: unknown };
      const target = functions.get(functionName(FunctionName ?? ""));
      const requestId = randomUUID();
      const result = await target?.invoke({
        requestId,
        payload: JSON.stringify(isInvoke ? (Payload ?? {}) : input),
        source: "step-functions",
        causes: [truth.causeOf({ kind: "sfn-execution", id: executionArn })],
        ...(traceHeader !== undefined && { traceHeader }),
      });
      if (result === undefined)
        throw refusal("Lambda.ResourceNotFoundException", `Function not found: ${FunctionName}`);
      const payload = JSON.parse(result.payload) as { errorType?: string; errorMessage?: string };
      if (result.outcome !== "success")
        throw refusal(payload.errorType ?? "Lambda.Unknown", payload.errorMessage ?? "");
      return {
        ExecutedVersion: "$LATEST",
        Payload: payload,
        StatusCode: 200,
        SdkResponseMetadata: { RequestId: requestId },
      };
    };
  };
