/**
 * A state machine, made from its Amazon States Language by aws-local-stepfunctions, with what that lacks: `$$.State`.
 *
 * The library leaves State.Name, EnteredTime and RetryCount out of the context object, and a path to one of them fails the
 * execution. So a path into `$$.State` in Parameters becomes a marker when the machine is made, and `filled` puts the facts of
 * the attempt in its place when the task runs.
 *
 * Errors  refused when the machine is made: JSONata (the library passes input through instead), Map and Parallel, callbacks,
 *         task resources other than a function, and loops, whose retries could not be counted.
 */
import { StateMachine } from "aws-local-stepfunctions";
import type { LabFunction } from "../function.ts";

export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly runner: StateMachine;
  readonly tasks: readonly string[];
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

export const machineOf = (
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

export const functionName = (nameOrArn: string): string => {
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
