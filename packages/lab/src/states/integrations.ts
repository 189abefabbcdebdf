/**
 * Task states: the services behind their resources, by the optimised integrations.
 *
 *   arn:aws:states:::lambda:invoke[.waitForTaskToken]     and a function's own ARN
 *   arn:aws:states:::sqs:sendMessage[.waitForTaskToken]   arn:aws:states:::sns:publish[.waitForTaskToken]
 *   arn:aws:states:::events:putEvents[.waitForTaskToken]
 *   arn:aws:states:::states:startExecution[.sync[:2]|.waitForTaskToken]
 *
 * A resource's history: Scheduled, Started, with `.sync` and callbacks Submitted, then Succeeded, Failed or TimedOut.
 */
import { filled } from "./data.ts";
import { type State, isJsonata } from "./definition.ts";
import type { Run, RunTask, StateContext } from "./interpreter.ts";
import { queried } from "./jsonata.ts";
import { StatesError, asStatesError } from "./states-error.ts";
import type { TaskTokens } from "./task-tokens.ts";

export interface TaskResource {
  /** `lambda`, `sqs`, …; `function` for a function's own ARN. */
  readonly service: string;
  /** `invoke`, `sendMessage`, … */
  readonly action: string;
  readonly pattern: "" | "sync" | "sync:2" | "waitForTaskToken";
}

export type Service = (parameters: Readonly<Record<string, unknown>>, call: ServiceCall) => Promise<ServiceAnswer>;

export interface ServiceCall {
  readonly context: StateContext;
  readonly signal: AbortSignal;
}

export interface ServiceAnswer {
  /** What the request was answered with. */
  readonly output: unknown;
  /** Of what `.sync` waits for. */
  readonly completion?: () => Promise<unknown>;
}

/** By `service:action`. */
export type Services = Readonly<Record<string, Service>>;

const SUPPORTED: Readonly<Record<string, readonly TaskResource["pattern"][]>> = {
  "lambda:invoke": ["", "waitForTaskToken"],
  "sqs:sendMessage": ["", "waitForTaskToken"],
  "sns:publish": ["", "waitForTaskToken"],
  "events:putEvents": ["", "waitForTaskToken"],
  "states:startExecution": ["", "sync", "sync:2", "waitForTaskToken"],
};

export const resourceOf = (arn: string): TaskResource | undefined => {
  if (/^arn:aws[\w-]*:lambda:[^:]*:\d*:function:/.test(arn)) return { service: "function", action: arn, pattern: "" };
  const [, service, action, pattern = ""] = /^arn:aws[\w-]*:states:::(\w+):(\w+)(?:\.(\w+(?::2)?))?$/.exec(arn) ?? [];
  if (service === undefined || action === undefined) return undefined;
  const known = (SUPPORTED[`${service}:${action}`] ?? []).find((one) => one === pattern);
  return known === undefined ? undefined : { service, action, pattern: known };
};

export interface TaskDeps {
  readonly services: Services;
  readonly tokens: TaskTokens;
  readonly region: string;
  readonly onToken: (token: string, context: StateContext) => void;
}

export const taskRunner =
  ({ services, tokens, region, onToken }: TaskDeps): RunTask =>
  async (state, input, context, run) => {
    const { trail, signal } = run;
    const resource = resourceOf(state.Resource ?? "") as TaskResource;
    const limit = limitOf(state, signal);
    const waiting =
      resource.pattern === "waitForTaskToken"
        ? tokens.issue(secondsToMs(state.HeartbeatSeconds), limit.signal)
        : undefined;
    if (waiting) onToken(waiting.token, context);
    const whole = waiting === undefined ? context : { ...context, Task: { Token: waiting.token } };
    const isFunction = resource.service === "function";
    try {
      const parameters = await parametersOf(state, input, whole, run);
      const told = {
        resourceType: resource.service,
        resource: resource.action + (resource.pattern && `.${resource.pattern}`),
      };
      const prefix = isFunction ? "LambdaFunction" : "Task";
      const about = isFunction ? {} : told;
      trail.add(
        `${prefix}Scheduled`,
        isFunction
          ? { resource: resource.action, input: JSON.stringify(parameters) }
          : { ...told, region, parameters: JSON.stringify(parameters) },
      );
      trail.add(`${prefix}Started`, isFunction ? undefined : told);
      try {
        const service = services[isFunction ? "lambda:function" : `${resource.service}:${resource.action}`] as Service;
        const given = isFunction ? { FunctionName: resource.action, Payload: parameters } : (parameters as object);
        const call = { context: whole, signal: limit.signal };
        const answer = await unlessAborted(service(given as Record<string, unknown>, call), limit.signal);
        let { output } = answer;
        if (resource.pattern !== "") {
          trail.add("TaskSubmitted", { ...told, output: JSON.stringify(output) });
          if (waiting) output = await waiting.result;
          else if (answer.completion) {
            output = await unlessAborted(answer.completion(), limit.signal);
            if (resource.pattern === "sync:2") output = withParsedOutput(output as Record<string, unknown>);
          }
        }
        trail.add(`${prefix}Succeeded`, { ...about, output: JSON.stringify(output) });
        return output;
      } catch (error) {
        if (signal.aborted) throw error;
        const { name, message } = asStatesError(error);
        const isLate = name === "States.Timeout" || name === "States.HeartbeatTimeout";
        trail.add(`${prefix}${isLate ? "TimedOut" : "Failed"}`, { ...about, error: name, cause: message });
        throw error;
      }
    } finally {
      limit.clear();
    }
  };

/** They may name the token, which only the task knows. */
const parametersOf = async (state: State, input: unknown, context: StateContext, run: Run): Promise<unknown> => {
  if (!isJsonata(state, run)) return state.Parameters === undefined ? input : filled(state.Parameters, input, context);
  return state.Arguments === undefined ? input : queried(state.Arguments, { input, context }, run.variables ?? {});
};

const secondsToMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1_000;

/** The execution's signal, and the task's own time limit. */
const limitOf = (state: State, execution: AbortSignal): { readonly signal: AbortSignal; clear(): void } => {
  const ms = secondsToMs(state.TimeoutSeconds);
  if (ms === undefined) return { signal: execution, clear: () => undefined };
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new StatesError("States.Timeout", "the task took too long")), ms);
  return { signal: AbortSignal.any([execution, own.signal]), clear: () => clearTimeout(timer) };
};

const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason as Error);
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });

const withParsedOutput = (described: Record<string, unknown>): unknown => ({
  ...described,
  Input: parsed(described["Input"]),
  Output: parsed(described["Output"]),
});

const parsed = (json: unknown): unknown => (typeof json === "string" ? (JSON.parse(json) as unknown) : json);
