/**
 * A function: its execution environments, and the two ways to invoke it.
 *
 * A free environment is used again (the last one first), else a new one is started, up to the reserved concurrency; past that
 * invocations wait. An asynchronous invocation that fails is tried again with the same request id.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { FunctionDefinition } from "./definition.ts";
import { type Environment, type LogLine, createEnvironment } from "./environment.ts";
import type { Moment } from "./moments.ts";
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
  close(): Promise<void>;
}

export interface FunctionDeps {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly runtime: Runtime;
  readonly arn: string;
  /** Read when an environment starts. */
  readonly variables: () => Readonly<Record<string, string>>;
  readonly truth: Truth;
  readonly watchdog: Watchdog;
  readonly asyncRetryDelayMs: number;
  readonly onLog: (line: LogLine) => void;
  readonly onMoment: (moment: Moment) => void;
}

const DEFAULT_CONCURRENCY = 10;
const LAB_CLOSED: InvocationResult = {
  outcome: "crash",
  payload: JSON.stringify({ errorType: "Runtime.ExitError", errorMessage: "the lab was closed" }),
};

export const createFunction = (deps: FunctionDeps): LabFunction => {
  const { name, definition, arn, truth } = deps;
  const limit = definition.reservedConcurrency ?? DEFAULT_CONCURRENCY;
  const environments = new Set<Environment>();
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
      else if (environments.size < limit) return newEnvironment();
      else await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return undefined;
  };

  const newEnvironment = async (): Promise<Environment> => {
    const accessKeyId = `AKIALAB${randomBytes(6).toString("hex").toUpperCase()}`;
    const environment = createEnvironment({ ...deps, accessKeyId });
    environments.add(environment); // before it runs: close() ends it while it starts, too
    truth.runs(environment);
    await environment.start();
    return environment;
  };

  /** When the runtime has asked for its next event, so that work after a response holds its environment. */
  const giveBack = async (environment: Environment): Promise<void> => {
    await environment.ready();
    if (environment.isGone) environments.delete(environment);
    else free.push(environment);
    waiting.shift()?.();
  };

  const attempt = async (event: Event, requestId: string, number: number): Promise<InvocationResult> => {
    const environment = await takeEnvironment();
    if (environment === undefined) return LAB_CLOSED;
    const { isColdStart } = environment;
    const traceHeader = arrivingHeader(event.traceHeader, name, Date.now());
    const { clientContext, payload } = event;
    const result = await environment.invoke({
      requestId,
      payload,
      traceHeader,
      ...(clientContext !== undefined && { clientContext }),
    });
    const { source, causes } = event;
    truth.delivered({
      functionName: name,
      requestId,
      attempt: number,
      source,
      causes,
      coldStart: isColdStart,
      outcome: result.outcome,
    });
    void counted(() => giveBack(environment));
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
      const { outcome } = await attempt(event, requestId, number);
      if (outcome === "success") return;
      if (number < last) await pause(deps.asyncRetryDelayMs * number, undefined, closing).catch(() => undefined);
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
    async close() {
      closing.abort();
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...environments].map((environment) => environment.shutdown()));
    },
  };
};
