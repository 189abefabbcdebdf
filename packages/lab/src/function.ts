/**
 * A function: its execution environments, and the two ways to invoke it.
 *
 * A free environment is used again (the last one first), else a new one is started, up to the reserved concurrency; past that
 * invocations wait. An asynchronous invocation that fails is tried again with the same request id.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { FunctionDefinition } from "./definition.ts";
import { type Environment, type InvocationResult, type LogLine, startEnvironment } from "./environment.ts";
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
  /** Invocations running, waiting or to be tried again. */
  readonly pending: number;
  close(): Promise<void>;
}

export interface FunctionDeps {
  readonly name: string;
  readonly definition: FunctionDefinition;
  readonly arn: string;
  /** Read when an environment starts. */
  readonly variables: () => Readonly<Record<string, string>>;
  readonly truth: Truth;
  readonly watchdog: Watchdog;
  readonly asyncRetryDelayMs: number;
  readonly onLog: (line: LogLine) => void;
}

const DEFAULT_CONCURRENCY = 10;

export const createFunction = (deps: FunctionDeps): LabFunction => {
  const { name, definition, arn, truth } = deps;
  const limit = definition.reservedConcurrency ?? DEFAULT_CONCURRENCY;
  const environments = new Set<Environment>();
  const free: Environment[] = [];
  const waiting: (() => void)[] = [];
  const retries = new Set<NodeJS.Timeout>();
  let starting = 0;
  let pending = 0;
  let isClosed = false;

  const takeEnvironment = async (): Promise<Environment> => {
    for (;;) {
      const warm = free.pop();
      if (warm && !warm.isGone) return warm;
      if (environments.size + starting < limit) return newEnvironment();
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };

  const newEnvironment = async (): Promise<Environment> => {
    starting += 1;
    try {
      const accessKeyId = `AKIALAB${randomBytes(6).toString("hex").toUpperCase()}`;
      const environment = await startEnvironment({ ...deps, accessKeyId });
      if (isClosed) await environment.kill();
      if (!environment.isGone) environments.add(environment);
      truth.runs(environment);
      return environment;
    } finally {
      starting -= 1;
    }
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
    void giveBack(environment);
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
    for (let number = 1; number <= last && !isClosed; number += 1) {
      const { outcome } = await attempt(event, requestId, number);
      if (outcome === "success") return;
      if (number < last) await delay(deps.asyncRetryDelayMs * number, retries);
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
    async close() {
      isClosed = true;
      for (const timer of retries) clearTimeout(timer);
      await Promise.all([...environments].map((environment) => environment.kill()));
    },
  };
};

const delay = (ms: number, timers: Set<NodeJS.Timeout>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      resolve();
    }, ms);
    timers.add(timer);
  });
