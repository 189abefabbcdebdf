/**
 * A task of Step Functions. It sees of its execution only what the state machine's author mapped from `$$`, at the top of its
 * payload or in a carrier, and what the execution's input tells of the one that started it.
 *
 * Source  AWS Step Functions developer guide, "Accessing execution data from the Context object" and "Start workflow executions";
 *         Datadog's carrier, which adds `RootExecutionId`
 */
import { type AttemptSpan, attemptSpan } from "../stitch/attempt-span.ts";
import { type StitchKey, taskTokenKey } from "../stitch/keys.ts";
import { triggerRecord } from "./batch.ts";
import { tracersIn } from "./carrier.ts";
import { type JsonObject, type Trigger, isObject, keyOf, objectAt, present, textAt } from "./trigger.ts";
import { givenTaskTokens } from "./unwrap.ts";

export const stepFunctions = (event: JsonObject): Trigger | undefined => {
  const mapped = contextObjectIn(event);
  const execution = objectAt(mapped, "Execution");
  const id = textAt(execution, "Id");
  if (id === undefined) return undefined;
  const machine = textAt(objectAt(mapped, "StateMachine"), "Name") ?? id.split(":")[6];
  // What started the execution may have put its context into the input, which Execution.Input keeps for every state.
  const input = execution?.["Input"];
  const carried = tracersIn(event);
  const attempt = attemptIn(mapped, id);
  return {
    type: "step-functions",
    ...(machine !== undefined && { destination: machine }),
    ...(attempt && { attempt }),
    records: [
      triggerRecord(id, {
        contexts: carried.length > 0 ? carried : tracersIn(input),
        keys: [...executionKeys([id, ...ancestorsIn(event, input)]), ...tokensIn(event, mapped)],
      }),
    ],
  };
};

export interface StateFacts {
  readonly execution?: string;
  readonly name?: string;
  readonly retryCount?: number;
  readonly redriveCount?: number;
}

export const stateOf = (event: unknown): StateFacts => {
  const mapped = carriersIn(event).find((one) => objectAt(one, "State")) ?? contextObjectIn(event);
  const [execution, state] = [objectAt(mapped, "Execution"), objectAt(mapped, "State")];
  const [id, name] = [textAt(execution, "Id"), textAt(state, "Name")];
  const [retryCount, redriveCount] = [state?.["RetryCount"], execution?.["RedriveCount"]];
  return {
    ...(id !== undefined && { execution: id }),
    ...(name !== undefined && { name }),
    ...(typeof retryCount === "number" && { retryCount }),
    ...(typeof redriveCount === "number" && { redriveCount }),
  };
};

const carriersIn = (value: unknown): JsonObject[] =>
  [value, objectAt(value, "_mayfly"), objectAt(value, "_datadog")].filter(isObject);

/** Asked of each event. */
const contextObjectIn = (value: unknown): JsonObject | undefined =>
  withExecution(value) ?? withExecution(objectAt(value, "_mayfly")) ?? withExecution(objectAt(value, "_datadog"));

const withExecution = (value: unknown): JsonObject | undefined =>
  isObject(value) && textAt(objectAt(value, "Execution"), "Id") !== undefined ? value : undefined;

const attemptIn = (mapped: JsonObject | undefined, execution: string): AttemptSpan | undefined => {
  const state = objectAt(mapped, "State");
  const [name, enteredTime] = [textAt(state, "Name"), textAt(state, "EnteredTime")];
  if (name === undefined || enteredTime === undefined) return undefined;
  const { retryCount = 0, redriveCount = 0 } = stateOf(mapped);
  return attemptSpan({ execution, state: name, enteredTime, retryCount, redriveCount });
};

/** A payload without the context object may have the token of the task, and, of a nested execution, who started that one. */
export const taskPayload = (event: JsonObject): Trigger | undefined => {
  const keys = EXECUTION_NAMES.some((name) => name in event)
    ? [...executionKeys(ancestorsIn(event)), ...tokensIn(event, event)]
    : givenTaskTokens(event);
  if (keys.length === 0) return undefined;
  return {
    type: "unknown",
    records: [triggerRecord(undefined, { contexts: tracersIn(event), keys })],
  };
};

const tokensIn = (event: JsonObject, mapped: JsonObject | undefined): StitchKey[] => {
  const token = textAt(objectAt(mapped, "Task"), "Token");
  return [...(token === undefined ? [] : [taskTokenKey(token)]), ...givenTaskTokens(event)];
};

/** Step Functions' own name in the input of an execution that another one starts. */
const STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID";

/** One of these stands in every payload that tells of an execution. */
const EXECUTION_NAMES = [STARTED_BY, "BatchInput", "RootExecutionId", "Task", "_mayfly", "_datadog"];

/** The nearest first. What a Distributed Map hands to each of its executions stands in `BatchInput`. */
const ancestorsIn = (...inputs: readonly unknown[]): string[] => {
  const batches = inputs.map((input) => objectAt(input, "BatchInput"));
  const all = [...inputs, ...batches];
  const ids = [
    ...all.map((one) => textAt(one, STARTED_BY)),
    ...batches.map((batch) => textAt(objectAt(contextObjectIn(batch), "Execution"), "Id")),
    ...all.flatMap(carriersIn).map((one) => textAt(one, "RootExecutionId")),
  ];
  return present(ids).filter(isExecution);
};

const isExecution = (id: string): boolean => /^arn:[^:]+:states:/.test(id);

const executionKeys = (ids: readonly string[]): StitchKey[] =>
  [...new Set(ids)].flatMap((id) => keyOf("sfn-execution", id));
