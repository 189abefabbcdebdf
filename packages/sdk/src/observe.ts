/**
 * One invocation, from entry to flush.
 *
 *   event ─▶ trigger ─▶ invocation span ─▶ handler (as it was) ─▶ end line ─▶ span ends ─▶ flush, within its budget ─▶ result
 *
 * Whatever goes wrong here is ours alone: the handler gets its own arguments and `this`, its result or error leaves untouched,
 * and it waits for nothing but the flush.
 */
import { type Span, SpanStatusCode, context, trace } from "@opentelemetry/api";
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import { harmless, warn } from "./diag.ts";
import { errorFacts, recordError } from "./errors.ts";
import { instrumentLoadedAwsSdk } from "./instrument/aws-sdk/install.ts";
import { readInvocation } from "./invocation.ts";
import { RESERVED_BEFORE_TIMEOUT_MS } from "./limits.ts";
import { ownLogger } from "./log/own.ts";
import { type Scope, inScope } from "./scope.ts";
import { type Sdk, sdk } from "./sdk.ts";
import { ATTR } from "./semconv.ts";
import { lossAttributes, startInvocationSpan } from "./trace/invocation-span.ts";
import { watchTimeout } from "./trace/unfinished.ts";
import { detectTrigger } from "./trigger/detect.ts";
import { isObject } from "./trigger/trigger.ts";

type AnyHandler = (...args: never[]) => unknown;
type AnyArgs = [event?: unknown, context?: unknown, ...others: unknown[]];
type LooseHandler = (this: unknown, ...args: AnyArgs) => unknown;

const OBSERVED = Symbol.for("mayfly.observed");
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
/** Lambda's Node 24 runtime refuses a handler with a callback, by its length; older ones wait for the callback. */
const MAX_PARAMETERS = 2;

/**
 * Wraps an async handler; its type stays exactly what it was. Wrapping twice is wrapping once. A callback or streaming handler is
 * given back as it is, which is said once on stderr.
 */
export const observe = <H extends AnyHandler>(handler: H): H => {
  // Without types, it may be anything; Lambda says best what it thinks of a handler that is no function.
  if (typeof handler !== "function" || isObserved(handler) || sdk().config.disabled) return handler;
  const reason = unsupported(handler);
  if (reason !== undefined) {
    warn(`observe: ${reason} handlers are not observed by this version; the handler runs as it is`);
    return handler;
  }
  sdk().initDurationMs ??= Math.round(performance.now());
  harmless("instrumenting the AWS SDK", () => instrumentLoadedAwsSdk());
  const inner = handler as unknown as LooseHandler;
  const observed = async function (this: unknown, ...args: AnyArgs): Promise<unknown> {
    const scope = harmless("beginning an invocation", () => begin(sdk(), args[0], args[1]));
    return scope ? run(scope, () => inner.apply(this, args)) : inner.apply(this, args);
  };
  return disguised(observed, handler) as unknown as H;
};

const isObserved = (handler: AnyHandler): boolean => Object.hasOwn(handler, OBSERVED);

const unsupported = (handler: AnyHandler): string | undefined => {
  if (Object.hasOwn(handler, STREAMING)) return "streaming";
  return handler.length > MAX_PARAMETERS ? "callback" : undefined;
};

/** Name, length and own symbols of the original, so that whoever looks at the handler sees the handler. */
const disguised = (observed: LooseHandler, handler: AnyHandler): LooseHandler => {
  for (const key of Reflect.ownKeys(handler)) {
    const property = Object.getOwnPropertyDescriptor(handler, key);
    if (property && key !== "prototype" && key !== "arguments" && key !== "caller")
      Object.defineProperty(observed, key, property);
  }
  return Object.defineProperty(observed, OBSERVED, { value: true });
};

const begin = (state: Sdk, event: unknown, lambdaContext: unknown): Scope => {
  state.sender.probe();
  const trigger = detectTrigger(event, lambdaContext);
  const invocation = readInvocation(
    isObject(lambdaContext) ? lambdaContext : undefined,
    state.config,
    state.takeFirst(),
  );
  const span = startInvocationSpan(state, invocation, trigger, event);
  return {
    invocation,
    trigger,
    invocationSpan: span,
    span,
    open: new Set([span as OpenSpan]),
    annotations: {},
    sequence: { next: 0 },
    records: { failed: 0 },
  };
};

const run = async (scope: Scope, handler: () => unknown): Promise<unknown> => {
  const { invocationSpan: span } = scope;
  const timeout = harmless("watching the timeout", () =>
    watchTimeout(scope, sdk(), (budgetMs) => sdk().sender.flush(budgetMs)),
  );
  try {
    const result = await inScope(scope, () => context.with(trace.setSpan(context.active(), span), handler));
    harmless("describing the result", () => describeResult(span, scope, result));
    endLine(scope, { outcome: "success" });
    return result;
  } catch (error) {
    harmless("describing the error", () => recordError(span, error));
    endLine(scope, { outcome: "error", errorCode: errorFacts(error).errorType });
    throw error;
  } finally {
    timeout?.cancel();
    harmless("saying what was lost", () => span.setAttributes(lossAttributes(sdk())));
    span.end();
    scope.open.clear();
    await harmless("sending", () => sdk().sender.flush(flushBudgetMs(scope)));
    // Clients that the handler loaded while it ran.
    if (scope.invocation.isFirst) harmless("instrumenting the AWS SDK", () => instrumentLoadedAwsSdk());
  }
};

const describeResult = (span: Span, scope: Scope, result: unknown): void => {
  if (scope.trigger.type !== "http" || !isObject(result)) return;
  const status = result["statusCode"];
  if (typeof status !== "number") return;
  span.setAttribute(ATTR.httpStatusCode, status);
  if (status < 500) return;
  span.setAttribute(ATTR.errorType, String(status));
  span.setStatus({ code: SpanStatusCode.ERROR });
};

const endLine = (scope: Scope, fields: { outcome: string; errorCode?: string }): void => {
  if (!sdk().config.endLine) return;
  harmless("writing the end line", () => {
    const durationMs = Math.round((performance.now() - scope.invocation.startedMs) * 1e3) / 1e3;
    const { failed: recordsFailed } = scope.records;
    const line = { durationMs, ...fields, ...(recordsFailed > 0 && { recordsFailed }) };
    inScope({ ...scope, span: scope.invocationSpan }, () =>
      ownLogger()[fields.outcome === "error" ? "error" : "info"](line, "invocation end"),
    );
  });
};

const flushBudgetMs = (scope: Scope): number =>
  Math.min(sdk().config.flushBudgetMs, scope.invocation.remainingMs() - RESERVED_BEFORE_TIMEOUT_MS);
