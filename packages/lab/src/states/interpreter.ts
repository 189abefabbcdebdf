/**
 * Runs the states of a machine, one after the other, and tells the history.
 *
 * In      a machine without problems (check.ts), its input, and the execution it runs for.
 * Out     the last state's output; a failure is a StatesError.
 *
 *   enter ─ work ─ output ─ exit ─▶ Next         Retry: work again, RetryCount + 1, the same EnteredTime
 *             └─ error ─ Retry? ─ Catch? ─▶ its Next, else the execution (or the branch) fails
 */
import { holds } from "./choice.ts";
import { outputOf, filled, parametersOf, pathOf, placed } from "./data.ts";
import {
  type QueryLanguage,
  type Retrier,
  type State,
  type StateMachine,
  isDistributed,
  isJsonata,
  itemProcessorOf,
} from "./definition.ts";
import type { Trail } from "./history.ts";
import { required } from "./json-path.ts";
import { queried } from "./jsonata.ts";
import { StatesError, asStatesError, isNamedBy } from "./states-error.ts";

/** `$$`, without what only a state, a task or an item has. */
export interface ExecutionContext {
  readonly Execution: Readonly<Record<string, unknown>>;
  readonly StateMachine: { readonly Id: string; readonly Name: string };
}

export interface StateContext extends ExecutionContext {
  readonly State: { readonly Name: string; readonly EnteredTime: string; readonly RetryCount: number };
  readonly Map?: { readonly Item: { readonly Index: number; readonly Value: unknown } };
  readonly Task?: { readonly Token: string };
}

export interface Run {
  readonly context: ExecutionContext & Pick<StateContext, "Map">;
  readonly trail: Trail;
  /** Of the machine that this one is within. */
  readonly language?: QueryLanguage | undefined;
  /** What its states have assigned so far, and those of the machines around it. */
  readonly variables?: Record<string, unknown>;
  readonly signal: AbortSignal;
  readonly runTask: RunTask;
  readonly startMapRun: StartMapRun;
  /** Wait states and backoff. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One attempt; the task fills its parameters itself, because a callback's token is among what they may name. */
export type RunTask = (state: State, input: unknown, context: StateContext, run: Run) => Promise<unknown>;
/** A distributed Map: each item is an execution of its own. */
export type StartMapRun = (state: State, context: StateContext) => MapRun;

export interface MapRun {
  readonly mapRunArn: string;
  runItem(input: unknown, signal: AbortSignal): Promise<unknown>;
}

export const runMachine = async (machine: StateMachine, input: unknown, around: Run): Promise<unknown> => {
  const run = { ...around, language: machine.QueryLanguage ?? around.language, variables: { ...around.variables } };
  let value = input;
  for (let name: string | undefined = machine.StartAt; name !== undefined;) {
    const state: State = stateOf(machine, name);
    const step: Step = await runState(name, state, value, run);
    value = step.output;
    name = step.next;
  }
  return value;
};

const stateOf = (machine: StateMachine, name: string): State => {
  const state = machine.States[name];
  if (state === undefined) throw new StatesError("States.Runtime", `there is no state ${JSON.stringify(name)}`);
  return state;
};

interface Step {
  readonly output: unknown;
  readonly next: string | undefined;
}

const runState = async (name: string, state: State, input: unknown, run: Run): Promise<Step> => {
  run.signal.throwIfAborted();
  run.trail.add(`${state.Type}StateEntered`, { name, input: JSON.stringify(input) });
  const step = await attempts(name, state, input, run);
  run.trail.add(`${state.Type}StateExited`, { name, output: JSON.stringify(step.output) });
  return step;
};

const attempts = async (name: string, state: State, input: unknown, run: Run): Promise<Step> => {
  const EnteredTime = new Date().toISOString();
  const retries = new Map<Retrier, number>();
  for (let RetryCount = 0; ; RetryCount += 1) {
    const context: StateContext = { ...run.context, State: { Name: name, EnteredTime, RetryCount } };
    try {
      return await (isJsonata(state, run) ? queryingWork : work)(state, input, context, run);
    } catch (error) {
      if (run.signal.aborted) throw error;
      const failure = asStatesError(error);
      const retrier = (state.Retry ?? []).find(({ ErrorEquals }) => isNamedBy(failure, ErrorEquals));
      const made = retrier === undefined ? 0 : (retries.get(retrier) ?? 0);
      if (retrier === undefined || made >= (retrier.MaxAttempts ?? 3))
        return isJsonata(state, run)
          ? queryingCaught(state, input, context, failure, run)
          : caught(state, input, failure);
      retries.set(retrier, made + 1);
      await run.pause(backoffMs(retrier, made), run.signal);
    }
  }
};

const backoffMs = (retrier: Retrier, made: number): number => {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity } = retrier;
  return Math.min(IntervalSeconds * BackoffRate ** made, MaxDelaySeconds) * 1_000;
};

const caught = (state: State, input: unknown, failure: StatesError): Step => {
  const catcher = (state.Catch ?? []).find(({ ErrorEquals }) => isNamedBy(failure, ErrorEquals));
  if (catcher === undefined) throw failure;
  const output = placed(catcher.ResultPath, input, { Error: failure.name, Cause: failure.message });
  return { output, next: catcher.Next };
};

const queryingCaught = async (
  state: State,
  input: unknown,
  context: StateContext,
  failure: StatesError,
  run: Run,
): Promise<Step> => {
  const catcher = (state.Catch ?? []).find(({ ErrorEquals }) => isNamedBy(failure, ErrorEquals));
  if (catcher === undefined) throw failure;
  const errorOutput = { Error: failure.name, Cause: failure.message };
  return stepOf(catcher, errorOutput, { input, context, errorOutput }, run);
};

/** Both are told what the variables were before. */
const stepOf = async (
  { Output, Assign, Next }: Pick<State, "Output" | "Assign" | "Next">,
  result: unknown,
  states: object,
  { variables = {} }: Run,
): Promise<Step> => {
  const output = Output === undefined ? result : await queried(Output, states, variables);
  const assigned = Assign === undefined ? {} : await queried(Assign, states, variables);
  Object.assign(variables, assigned);
  return { output, next: Next };
};

/** A state whose fields are JSONata's. */
const queryingWork = async (state: State, input: unknown, context: StateContext, run: Run): Promise<Step> => {
  const states = { input, context };
  const asked = (field: unknown): Promise<unknown> => queried(field, states, run.variables ?? {});
  const given = async (): Promise<unknown> => (state.Arguments === undefined ? input : asked(state.Arguments));
  const resulting = (result: unknown): Promise<Step> => stepOf(state, result, { ...states, result }, run);
  switch (state.Type) {
    case "Task":
      return resulting(await run.runTask(state, input, context, run));
    case "Parallel":
      return resulting(await parallel(state, await given(), run));
    case "Map":
      return resulting(await queryingMap(state, input, context, run));
    case "Choice": {
      for (const rule of state.Choices ?? [])
        if ((await asked(rule.Condition)) === true) return stepOf(rule, input, states, run);
      if (state.Default === undefined)
        throw new StatesError("States.NoChoiceMatched", "No choice rule matched and there is no Default");
      return stepOf({ ...state, Next: state.Default }, input, states, run);
    }
    case "Wait": {
      const at = state.Timestamp === undefined ? undefined : Date.parse(String(await asked(state.Timestamp)));
      const ms = at === undefined ? Number(await asked(state.Seconds)) * 1_000 : Math.max(0, at - Date.now());
      await run.pause(ms, run.signal);
      return stepOf(state, input, states, run);
    }
    case "Pass":
    case "Succeed":
      return stepOf(state, input, states, run);
    case "Fail":
      throw new StatesError(String(await asked(state.Error ?? "")), String(await asked(state.Cause ?? "")));
  }
};

const work = async (state: State, rawInput: unknown, context: StateContext, run: Run): Promise<Step> => {
  const given = (): unknown => parametersOf(state, rawInput, context);
  const through = (): unknown => pathOf(state.OutputPath, pathOf(state.InputPath, rawInput, context), context);
  const resulting = (result: unknown): Step => ({
    output: outputOf(state, rawInput, result, context),
    next: state.Next,
  });
  switch (state.Type) {
    case "Pass":
      return resulting(state.Result ?? given());
    case "Task":
      return resulting(await run.runTask(state, pathOf(state.InputPath, rawInput, context), context, run));
    case "Parallel":
      return resulting(await parallel(state, given(), run));
    case "Map":
      return resulting(await map(state, pathOf(state.InputPath, rawInput, context), context, run));
    case "Choice":
      return { output: through(), next: chosen(state, pathOf(state.InputPath, rawInput, context), context) };
    case "Wait":
      await run.pause(waitMs(state, pathOf(state.InputPath, rawInput, context), context), run.signal);
      return { output: through(), next: state.Next };
    case "Succeed":
      return { output: through(), next: undefined };
    case "Fail":
      throw new StatesError(
        String(state.ErrorPath === undefined ? (state.Error ?? "") : required(state.ErrorPath, rawInput, context)),
        String(state.CausePath === undefined ? (state.Cause ?? "") : required(state.CausePath, rawInput, context)),
      );
  }
};

const chosen = (state: State, input: unknown, context: StateContext): string => {
  const rule = (state.Choices ?? []).find((one) => holds(one, input, context));
  const next = rule?.Next ?? state.Default;
  if (next !== undefined) return next;
  throw new StatesError("States.NoChoiceMatched", "No choice rule matched and there is no Default");
};

const waitMs = (state: State, input: unknown, context: StateContext): number => {
  const seconds =
    (state.Seconds as number | undefined) ?? (state.SecondsPath && Number(required(state.SecondsPath, input, context)));
  if (typeof seconds === "number") return seconds * 1_000;
  const at = state.Timestamp ?? String(required(state.TimestampPath ?? "$", input, context));
  return Math.max(0, Date.parse(at) - Date.now());
};

const parallel = async (state: State, input: unknown, run: Run): Promise<unknown> => {
  run.trail.add("ParallelStateStarted");
  const results = await together(
    state.Branches ?? [],
    Infinity,
    run,
    (branch, _, own) => runMachine(branch, input, own),
    (failure) => run.trail.add("ParallelStateFailed", { error: failure.name, cause: failure.message }),
  );
  run.trail.add("ParallelStateSucceeded");
  return results;
};

const map = async (state: State, input: unknown, context: StateContext, run: Run): Promise<unknown> => {
  const items = state.ItemsPath === undefined ? input : required(state.ItemsPath, input, context);
  if (!Array.isArray(items)) throw new StatesError("States.Runtime", "the items of a Map state are not an array");
  const selector = state.ItemSelector ?? state.Parameters;
  const inputs = items.map((Value: unknown, Index) =>
    selector === undefined ? Value : filled(selector, input, { ...context, Map: { Item: { Index, Value } } }),
  );
  const BatchInput: unknown = filled(state.ItemBatcher?.BatchInput, input, context);
  return mapOver(state, { items, inputs, BatchInput }, context, run);
};

const queryingMap = async (state: State, input: unknown, context: StateContext, run: Run): Promise<unknown> => {
  const asked = (field: unknown, whole: StateContext = context): Promise<unknown> =>
    queried(field, { input, context: whole }, run.variables ?? {});
  const items = state.Items === undefined ? input : await asked(state.Items);
  if (!Array.isArray(items)) throw new StatesError("States.Runtime", "the items of a Map state are not an array");
  const { ItemSelector } = state;
  const inputs = await Promise.all(
    items.map((Value: unknown, Index) =>
      ItemSelector === undefined ? Value : asked(ItemSelector, { ...context, Map: { Item: { Index, Value } } }),
    ),
  );
  const BatchInput = await asked(state.ItemBatcher?.BatchInput);
  return mapOver(state, { items, inputs, BatchInput }, context, run);
};

interface MapWork {
  readonly items: readonly unknown[];
  /** What each is handed on as. */
  readonly inputs: readonly unknown[];
  readonly BatchInput: unknown;
}

const mapOver = async (
  state: State,
  { items, inputs, BatchInput }: MapWork,
  context: StateContext,
  run: Run,
): Promise<unknown> => {
  const processor = itemProcessorOf(state) as StateMachine;
  const mapRun = isDistributed(state) ? run.startMapRun(state, context) : undefined;
  const { Name } = context.State;
  const batchSize = state.ItemBatcher?.MaxItemsPerBatch;
  const given = batchSize === undefined ? inputs : batches(inputs, batchSize, BatchInput);
  if (mapRun) run.trail.add("MapRunStarted", { mapRunArn: mapRun.mapRunArn });
  else run.trail.add("MapStateStarted", { length: items.length });
  const results = await together(
    given,
    state.MaxConcurrency || Infinity,
    run,
    async (itemInput, Index, own) => {
      const Map = { Item: { Index, Value: items[Index] } };
      if (mapRun) return mapRun.runItem(itemInput, own.signal);
      own.trail.add("MapIterationStarted", { name: Name, index: Index });
      try {
        const result = await runMachine(processor, itemInput, { ...own, context: { ...own.context, Map } });
        own.trail.add("MapIterationSucceeded", { name: Name, index: Index });
        return result;
      } catch (error) {
        own.trail.add(own.signal.aborted ? "MapIterationAborted" : "MapIterationFailed", { name: Name, index: Index });
        throw error;
      }
    },
    (failure) =>
      run.trail.add(mapRun ? "MapRunFailed" : "MapStateFailed", { error: failure.name, cause: failure.message }),
  );
  run.trail.add(mapRun ? "MapRunSucceeded" : "MapStateSucceeded");
  return results;
};

/** What the children of a distributed Map get in place of single items. */
const batches = (items: readonly unknown[], size: number, BatchInput: unknown): readonly unknown[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => ({
    ...(BatchInput !== undefined && { BatchInput }),
    Items: items.slice(n * size, (n + 1) * size),
  }));

/** Each with a trail of its own, at most `limit` at once; the first failure aborts the others, which are awaited. */
const together = async <T>(
  items: readonly T[],
  limit: number,
  run: Run,
  one: (item: T, index: number, own: Run) => Promise<unknown>,
  onFailure: (failure: StatesError) => void,
): Promise<unknown[]> => {
  const others = new AbortController();
  const signal = AbortSignal.any([run.signal, others.signal]);
  const results: unknown[] = Array.from({ length: items.length });
  let failure: StatesError | undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < items.length && !signal.aborted; n = next++) {
      try {
        results[n] = await one(items[n] as T, n, { ...run, signal, trail: run.trail.fork() });
      } catch (error) {
        failure ??= asStatesError(error);
        others.abort(failure);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  run.signal.throwIfAborted();
  if (failure === undefined) return results;
  onFailure(failure);
  throw failure;
};
