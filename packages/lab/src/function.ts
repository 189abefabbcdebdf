/**
 * A function: its execution environments, and the two ways to invoke it.
 *
 * A free environment is used again (the last one first), else a new one is started, up to the reserved concurrency; past that
 * invocations wait. An asynchronous invocation that fails is tried again with the same request id. New code (`reload`) reaches
 * invocations that have no environment yet; one that is at work ends after it.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { FunctionDefinition } from "./definition.ts";
import type { Destinations } from "./destinations.ts";
import { type Environment, type LogLine, createEnvironment } from "./environment.ts";
import type { Moment } from "./moments.ts";
import type { PlatformRecord } from "./platform-records.ts";
import type { InvocationResult } from "./runtime-api.ts";
import type { Runtime } from "./runtime.ts";
import { arrivingHeader } from "./trace-header.ts";
import type { Truth } from "./truth.ts";
import type { Cause, Delivery } from "./truth-log.ts";
import type { Watchdog } from "./watchdog.ts";

export interface Event {
  readonly payload: string;
  readonly source: Delivery["source"];
  readonly causes: readonly Cause[];
  /** X-Amzn-Trace-Id as the sender's request carried it. */
  readonly traceHeader?: string;
  readonly clientContext?: string;
  /** Given by the source where it has told it to somebody; else a new one. */
  readonly requestId?: string;
}

export interface LabFunction {
  readonly name: string;
  readonly arn: string;
  invoke(event: Event): Promise<InvocationResult>;
  /** Accepted at once; runs and is tried again by itself. Gives its request id. */
  invokeAsync(event: Event): string;
  /** Invocations running, at work after their response, waiting or to be tried again. */
  readonly pending: number;
  /** Ends the environments that wait for work, as Lambda ends those it no longer needs. */
  shutdown(): Promise<void>;
  /** No environment that is there now takes another invocation; the next ones are by this definition, where one is given. */
  reload(definition?: FunctionDefinition): void;
  close(): Promise<void>;
}

export interface FunctionDeps {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly runtime: Runtime;
  readonly arn: string;
  /** Read when an environment starts. */
  readonly variables: (definition: FunctionDefinition) => Readonly<Record<string, string>>;
  readonly truth: Truth;
  readonly watchdog: Watchdog;
  readonly asyncRetryDelayMs: number;
  /** Told of each asynchronous invocation that has ended; awaited. */
  readonly onAsyncEnd: Destinations;
  readonly onLog: (line: LogLine) => void;
  readonly onMoment: (moment: Moment) => void;
  readonly onPlatformRecord: (record: PlatformRecord) => void;
  readonly onInvocation: (invocation: FinishedInvocation) => void;
}

/** Told when the environment is ready for its next event, so that all that it printed and sent is out. */
export interface FinishedInvocation extends Delivery {
  /** From the event to the result. */
  readonly durationMs: number;
  /** Of a cold start: the load of the runtime and the handler. */
  readonly initDurationMs?: number;
  /** What the handler returned, or the error as JSON. */
  readonly payload: string;
}

const DEFAULT_CONCURRENCY = 10;
const LAB_CLOSED: InvocationResult = {
  outcome: "crash",
  payload: JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: "the lab was closed" }),
};

export const createFunction = (deps: FunctionDeps): LabFunction => {
  const { name, arn, truth } = deps;
  let { definition } = deps;
  const environments = new Set<Environment>();
  /** Those with older code. */
  const retired = new WeakSet<Environment>();
  const initDurationsMs = new WeakMap<Environment, number>();
  const free: Environment[] = [];
  const waiting: (() => void)[] = [];
  const closing = new AbortController();
  let pending = 0;

  /** Undefined once the lab closes: nothing starts then. */
  const takeEnvironment = async (): Promise<Environment | undefined> => {
    while (!closing.signal.aborted) {
      const warm = free.pop();
      if (warm && !warm.isGone) return warm;
      if (warm) environments.delete(warm); // ended while it was frozen
      else if (environments.size < (definition.reservedConcurrency ?? DEFAULT_CONCURRENCY)) {
        const fresh = await newEnvironment();
        if (!retired.has(fresh)) return fresh;
        await end(fresh); // the code changed while it started
      } else await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return undefined;
  };

  const newEnvironment = async (): Promise<Environment> => {
    const accessKeyId = `AKIALAB${randomBytes(6).toString("hex").toUpperCase()}`;
    const current = definition;
    const variables = (): Readonly<Record<string, string>> => deps.variables(current);
    const environment = createEnvironment({ ...deps, definition, variables, accessKeyId });
    environments.add(environment); // before it runs: close() ends it while it starts, too
    truth.runs(environment);
    const startedAtMs = performance.now();
    await environment.start();
    initDurationsMs.set(environment, performance.now() - startedAtMs);
    return environment;
  };

  const giveBack = (environment: Environment): void => {
    if (retired.has(environment)) return void counted(() => end(environment));
    if (environment.isGone) environments.delete(environment);
    else free.push(environment);
    waiting.shift()?.();
  };

  const end = async (environment: Environment): Promise<void> => {
    await environment.shutdown();
    environments.delete(environment);
    waiting.shift()?.();
  };

  const attempt = async (event: Event, requestId: string, number: number): Promise<InvocationResult> => {
    const environment = await takeEnvironment();
    if (environment === undefined) return LAB_CLOSED;
    const { isColdStart } = environment;
    const traceHeader = arrivingHeader(event.traceHeader, name, Date.now());
    const { clientContext, payload } = event;
    const startedAtMs = performance.now();
    const result = await environment.invoke({
      requestId,
      payload,
      traceHeader,
      ...(clientContext !== undefined && { clientContext }),
    });
    const durationMs = performance.now() - startedAtMs;
    const { source, causes } = event;
    const delivery: Delivery = {
      functionName: name,
      requestId,
      attempt: number,
      source,
      causes,
      coldStart: isColdStart,
      outcome: result.outcome,
    };
    truth.delivered(delivery);
    void counted(async () => {
      await environment.ready(); // so that work after a response holds its environment
      const initDurationMs = isColdStart ? initDurationsMs.get(environment) : undefined;
      deps.onInvocation({
        ...delivery,
        durationMs,
        ...(initDurationMs !== undefined && { initDurationMs }),
        payload: result.payload,
      });
      giveBack(environment);
    });
    return result;
  };

  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    pending += 1;
    try {
      return await work();
    } finally {
      pending -= 1;
    }
  };

  const attempts = async (event: Event, requestId: string): Promise<void> => {
    const last = 1 + (definition.maximumRetryAttempts ?? 2);
    for (let number = 1; number <= last && !closing.signal.aborted; number += 1) {
      const result = await attempt(event, requestId, number);
      if (closing.signal.aborted) return;
      if (result.outcome === "success" || number === last) {
        const { payload, traceHeader } = event;
        return deps.onAsyncEnd({
          functionArn: arn,
          definition,
          requestId,
          payload,
          ...(traceHeader !== undefined && { traceHeader }),
          attempts: number,
          result,
        });
      }
      await pause(deps.asyncRetryDelayMs * number, undefined, closing).catch(() => undefined);
    }
  };

  return {
    name,
    arn,
    invoke: (event) => counted(() => attempt(event, event.requestId ?? randomUUID(), 1)),
    invokeAsync(event) {
      const requestId = event.requestId ?? randomUUID();
      void counted(() => attempts(event, requestId));
      return requestId;
    },
    get pending() {
      return pending;
    },
    async shutdown() {
      const idle = free.splice(0);
      for (const environment of idle) environments.delete(environment);
      await Promise.all(idle.map((environment) => environment.shutdown()));
    },
    reload(next = definition) {
      definition = next;
      for (const environment of environments) retired.add(environment);
      for (const environment of free.splice(0)) void counted(() => end(environment));
    },
    async close() {
      closing.abort();
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...environments].map((environment) => environment.shutdown()));
    },
  };
};
