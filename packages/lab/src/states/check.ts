/** What keeps a machine from running in the lab, all at once. */
import { isKnownRule } from "./choice.ts";
import {
  type QueryLanguage,
  type State,
  type StateMachine,
  isDistributed,
  isJsonata,
  itemProcessorOf,
} from "./definition.ts";
import { resourceOf } from "./integrations.ts";
import { isIntrinsic } from "./intrinsics.ts";
import { expressionProblems } from "./jsonata.ts";
import { parsePath } from "./json-path.ts";

type Problems = readonly string[];

const TYPES: readonly string[] = ["Task", "Pass", "Choice", "Wait", "Parallel", "Map", "Succeed", "Fail"];

const UNKNOWN_FIELDS = [
  "ItemReader",
  "ResultWriter",
  "ToleratedFailureCount",
  "ToleratedFailurePercentage",
  "Credentials",
  "TimeoutSecondsPath",
  "HeartbeatSecondsPath",
  "MaxConcurrencyPath",
];

const PATH_FIELDS = ["Parameters", "ResultSelector", "Result", "Variable"];
const QUERY_FIELDS = ["Arguments", "Output", "Assign", "Items", "Condition"];

export const machineProblems = (
  definition: object,
  hasFunction: (name: string) => boolean,
  around?: QueryLanguage,
): Problems => {
  const machine = definition as Partial<StateMachine>;
  const language = machine.QueryLanguage ?? around;
  const states = machine.States ?? {};
  const missing = (name: string | undefined): boolean => name === undefined || states[name] === undefined;
  return [
    ...(missing(machine.StartAt) ? [`StartAt ${JSON.stringify(machine.StartAt)} is not among its states`] : []),
    ...Object.entries(states).flatMap(([name, state]) =>
      [
        ...stateProblems(state, hasFunction, language),
        ...nextOf(state).flatMap((next) =>
          missing(next) ? [`there is no state ${JSON.stringify(next)} to go to`] : [],
        ),
      ].map((problem) => `state ${name}: ${problem}`),
    ),
  ];
};

const stateProblems = (
  state: State,
  hasFunction: (name: string) => boolean,
  language: QueryLanguage | undefined,
): Problems => {
  if (!TYPES.includes(state.Type)) return [`type ${JSON.stringify(state.Type)} is not known`];
  const isQuerying = isJsonata(state, { language });
  const { Branches, ItemProcessor, Iterator, ...own } = state;
  const endsItself = ["Choice", "Succeed", "Fail"].includes(state.Type);
  const inner = [...(Branches ?? []), ...(ItemProcessor ? [ItemProcessor] : []), ...(Iterator ? [Iterator] : [])];
  return [
    ...(endsItself || state.End === true || state.Next !== undefined ? [] : ["it has neither Next nor End"]),
    ...(state.Type === "Task" ? taskProblems(state, hasFunction) : []),
    ...(state.Type === "Map" && itemProcessorOf(state) === undefined ? ["it has no ItemProcessor"] : []),
    ...batcherProblems(state),
    ...(state.Type === "Parallel" && (Branches ?? []).length === 0 ? ["it has no Branches"] : []),
    ...UNKNOWN_FIELDS.filter((one) => one in state).map((one) => `${one} is not known to the lab`),
    ...(state.Choices ?? []).flatMap((rule) =>
      (isQuerying ? rule.Condition !== undefined : isKnownRule(rule))
        ? []
        : [`rule ${JSON.stringify(rule)} has no known comparison`],
    ),
    ...(isQuerying ? expressionProblems(own) : pathProblems(own)),
    ...strangeFields(own, isQuerying),
    ...inner.flatMap((machine) => machineProblems(machine, hasFunction, language)),
  ];
};

/** Each language has its own. */
const strangeFields = (state: object, isQuerying: boolean): Problems => {
  const { Choices = [], Catch = [] } = state as Partial<State>;
  const names = new Set([state, ...Choices, ...Catch].flatMap((one) => Object.keys(one)));
  return [...names]
    .filter((name) => (isQuerying ? name.endsWith("Path") || PATH_FIELDS.includes(name) : QUERY_FIELDS.includes(name)))
    .map((name) => `${name} is none of ${isQuerying ? "JSONata's" : "JSONPath's"} fields`);
};

const batcherProblems = (state: State): Problems => {
  if (state.ItemBatcher === undefined) return [];
  const { MaxItemsPerBatch, BatchInput: _, ...others } = state.ItemBatcher;
  return [
    ...(isDistributed(state) ? [] : ["ItemBatcher is of distributed Maps alone"]),
    ...(Number.isInteger(MaxItemsPerBatch) && MaxItemsPerBatch > 0 ? [] : ["ItemBatcher has no MaxItemsPerBatch"]),
    ...Object.keys(others).map((one) => `ItemBatcher.${one} is not known to the lab`),
  ];
};

const taskProblems = (state: State, hasFunction: (name: string) => boolean): Problems => {
  const resource = resourceOf(state.Resource ?? "");
  if (resource === undefined) return [`resource ${state.Resource} is not known to the lab`];
  if (resource.service !== "function" && resource.service !== "lambda") return [];
  const { FunctionName } = (state.Arguments ?? state.Parameters ?? {}) as { readonly FunctionName?: unknown };
  const target = resource.service === "function" ? resource.action : FunctionName;
  if (typeof target === "string" && target.startsWith("{%")) return [];
  // By a path, it is known only when the task runs.
  if (typeof target !== "string")
    return resource.service === "lambda" && hasPath(state, "FunctionName.$") ? [] : [undefinedFunction("")];
  return hasFunction(functionName(target)) ? [] : [undefinedFunction(functionName(target))];
};

const hasPath = ({ Parameters }: State, key: string): boolean =>
  typeof Parameters === "object" && Parameters !== null && key in Parameters;

const undefinedFunction = (name: string): string => `function ${JSON.stringify(name)} is not defined`;

export const functionName = (nameOrArn: string): string => {
  const parts = nameOrArn.split(":");
  return parts[parts.indexOf("function") + 1] ?? nameOrArn;
};

/** Paths stand in fields named so, in templates under `.$`, and in rules as `Variable`. */
const pathProblems = (state: object): Problems => {
  const { Choices, Parameters, ItemSelector, ItemBatcher, ResultSelector, Catch } = state as Partial<State>;
  const fields = Object.entries(state).flatMap(([key, value]) =>
    key.endsWith("Path") && typeof value === "string" ? [value] : [],
  );
  const paths = [
    ...fields,
    ...[Parameters, ItemSelector, ItemBatcher, ResultSelector].flatMap((template) =>
      textsAt(template, (key) => key.endsWith(".$")),
    ),
    ...textsAt([Choices, Catch], (key) => key === "Variable" || key.endsWith("Path")),
  ];
  return paths.flatMap((path) => {
    if (isIntrinsic(path)) return [];
    try {
      parsePath(path);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
};

const textsAt = (value: unknown, isWanted: (key: string) => boolean): readonly string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" ? (isWanted(key) ? [inner] : []) : textsAt(inner, isWanted),
  );
};

const nextOf = (state: State): readonly string[] => {
  const branches = [...(state.Choices ?? []), ...(state.Catch ?? [])];
  return [state.Next, state.Default, ...branches.map((branch) => branch.Next)].filter((next) => next !== undefined);
};
