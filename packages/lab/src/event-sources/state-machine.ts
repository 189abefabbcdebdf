/**
 * A state machine, made from its Amazon States Language by aws-local-stepfunctions, with what that lacks: `$$.State`.
 *
 * The library leaves State.Name, EnteredTime and RetryCount out of the context object, and a path to one of them fails the
 * execution. So a path into `$$.State` in Parameters becomes a marker when the machine is made, and `filled` puts the facts of
 * the attempt in its place when the task runs.
 *
 * Errors  refused when the lab starts: JSONata (the library passes input through instead), Map and Parallel, callbacks, task
 *         resources other than a function, `$$.State` elsewhere, and loops, whose retries could not be counted.
 */
import { StateMachine } from "aws-local-stepfunctions";

export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly runner: StateMachine;
  readonly tasks: readonly MachineTask[];
}

export interface MachineTask {
  readonly state: string;
  readonly functionName: string;
  /** By `lambda:invoke`: what the function gets is in `Payload`, and what it gives comes back there. */
  readonly isInvoke: boolean;
}

const INVOKE = "arn:aws:states:::lambda:invoke";
const MARKER = "mayfly-lab:";

interface State {
  readonly Type?: string;
  readonly Resource?: string;
  readonly Parameters?: unknown;
  readonly Next?: string;
  readonly [field: string]: unknown;
}

type Definition = Readonly<Record<string, unknown>>;

/** Of a definition without problems. */
export const machineOf = (name: string, arn: string, definition: Definition): Machine => {
  const states = statesOf(definition);
  const tasks = states.filter(([, one]) => one.Type === "Task");
  return {
    name,
    arn,
    runner: runnerOf(definition),
    tasks: tasks.map(([state, one]) => ({
      state,
      functionName: targetOf(one) ?? "",
      isInvoke: one.Resource === INVOKE,
    })),
  };
};

export const machineProblems = (definition: Definition, hasFunction: (name: string) => boolean): readonly string[] => {
  const states = statesOf(definition);
  const problems = [
    ...(definition["QueryLanguage"] === "JSONata" ? ["JSONata is not known to the lab"] : []),
    ...states.flatMap(([state, one]) => stateProblems(one, hasFunction).map((problem) => `state ${state}: ${problem}`)),
    ...(hasLoop(states, String(definition["StartAt"])) ? ["its states form a loop"] : []),
  ];
  if (problems.length > 0) return problems;
  try {
    runnerOf(definition);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
};

const statesOf = (definition: Definition): [string, State][] =>
  Object.entries((definition["States"] ?? {}) as Record<string, State>);

const runnerOf = (definition: Definition): StateMachine => {
  const marked = statesOf(definition).map(([state, one]) => [
    state,
    one.Type === "Task" && one.Parameters !== undefined ? { ...one, Parameters: withMarkers(one.Parameters) } : one,
  ]);
  return new StateMachine({ ...definition, States: Object.fromEntries(marked) as object } as never, {
    validationOptions: { checkArn: false },
  });
};

const stateProblems = (state: State, hasFunction: (name: string) => boolean): string[] => {
  if (state["QueryLanguage"] === "JSONata") return ["JSONata is not known to the lab"];
  if (state.Type === "Map" || state.Type === "Parallel") return [`${state.Type} is not known to the lab`];
  const outside = state.Type === "Task" ? { ...state, Parameters: undefined } : state;
  const problems = /"\$\$\.State["."]/.test(JSON.stringify(outside))
    ? ["$$.State is known to the lab in the Parameters of a task alone"]
    : [];
  if (state.Type !== "Task") return problems;
  const target = targetOf(state);
  if (target === undefined) return [...problems, `resource ${state.Resource} is not known to the lab`];
  return hasFunction(target) ? problems : [...problems, `function ${JSON.stringify(target)} is not defined`];
};

/** The function behind a task; undefined for any other resource. */
const targetOf = ({ Resource = "", Parameters }: State): string | undefined => {
  if (Resource !== INVOKE) return Resource.includes(":function:") ? functionName(Resource) : undefined;
  const { FunctionName } = (Parameters ?? {}) as { FunctionName?: unknown };
  return typeof FunctionName === "string" ? functionName(FunctionName) : "";
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

export interface StateFacts {
  readonly Name: string;
  readonly EnteredTime: string;
  readonly RetryCount: number;
}

export const filled = (value: unknown, state: StateFacts): unknown => {
  if (Array.isArray(value)) return value.map((one) => filled(one, state));
  if (typeof value === "string" && value.startsWith(MARKER)) {
    const field = value.slice(MARKER.length).split(".")[2];
    return field === undefined ? state : state[field as keyof StateFacts];
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, state)]));
};
