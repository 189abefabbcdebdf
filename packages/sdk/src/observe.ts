/**
 * One invocation, from entry to flush.
 *
 *   event ─▶ trigger ─▶ invocation span ─▶ handler (as it was) ─▶ end line ─▶ span ends ─▶ flush, within its budget ─▶ result
 *
 * Whatever goes wrong here is ours alone: the handler gets its own arguments and `this`, its result or error leaves untouched,
 * and it waits for nothing but the flush. How a handler says that it is done depends on its form, and on the runtime that calls
 * it: handler-forms/ has one file for each.
 */
import { harmless } from "./diag.ts";
import { beginInvocation } from "./handler-forms/begin.ts";
import { isCallback, runCallback } from "./handler-forms/callback.ts";
import { disguised, isObserved } from "./handler-forms/disguise.ts";
import { runPromise } from "./handler-forms/promise.ts";
import { startRunning } from "./handler-forms/running.ts";
import { isStreaming, runStreaming } from "./handler-forms/streaming.ts";
import { instrumentLoadedAwsSdk } from "./instrument/aws-sdk/install.ts";
import { observeOutgoing } from "./instrument/observe-outgoing.ts";
import { captureConsole } from "./log/console.ts";
import type { Scope } from "./scope.ts";
import { type Sdk, sdk } from "./sdk.ts";
import { startInvocationSpan } from "./trace/invocation-span.ts";
import { textAt } from "./trigger/trigger.ts";
import { tellUncaughtErrors } from "./uncaught.ts";

type AnyHandler = (...args: never[]) => unknown;
type LooseHandler = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Wraps a handler, async, sync, with a callback or streaming; its type, name, length and own properties stay exactly what they
 * were, so that Lambda's own rules apply to it. Wrapping twice is wrapping once.
 */
export const observe = <H extends AnyHandler>(handler: H): H => {
  // Without types, it may be anything; Lambda says best what it thinks of a handler that is no function.
  if (typeof handler !== "function" || isObserved(handler) || sdk().config.disabled) return handler;
  const startedMs = performance.now();
  if (sdk().loaded === undefined) tellUncaughtErrors();
  sdk().loaded ??= { atMs: Date.now(), durationMs: performance.now() };
  if (sdk().config.isCapturingConsole) sdk().releaseConsole ??= captureConsole();
  sdk().outgoing ??= harmless("observing HTTP", () => observeOutgoing(sdk()));
  harmless("instrumenting the AWS SDK", () => instrumentLoadedAwsSdk());
  const inner = handler as unknown as LooseHandler;
  const observed: LooseHandler = function (...args) {
    const enteredMs = performance.now();
    const call = (given: readonly unknown[] = args): unknown => Reflect.apply(inner, this, given);
    const streams = isStreaming(observed);
    // By index: to take a list apart, an iterator is gone through.
    const event = args[0];
    const second = args[1];
    const third = args[2];
    const lambdaContext = streams ? third : second;
    if (harmless("looking for an invocation", () => isUnderWay(lambdaContext))) return call();
    const scope = harmless("beginning an invocation", () => begin(sdk(), event, lambdaContext));
    if (scope === undefined) return call();
    const running = startRunning(scope);
    sdk().sender.spent(performance.now() - enteredMs);
    if (streams) return runStreaming(running, second, call);
    if (!isCallback(third)) return runPromise(running, call);
    return runCallback(running, lambdaContext, third, (callback) => call([event, second, callback, ...args.slice(3)]));
  };
  const whole = disguised(observed, handler) as unknown as H;
  sdk().setUpMs += performance.now() - startedMs;
  return whole;
};

/** By `@mayfly/sdk/register`, by the layer, or by an observed handler around this one: it is one invocation all the same. */
const isUnderWay = (lambdaContext: unknown): boolean => {
  const requestId = textAt(lambdaContext, "awsRequestId");
  return requestId !== undefined && sdk().scope()?.invocation.requestId === requestId;
};

const begin = (state: Sdk, event: unknown, lambdaContext: unknown): Scope => {
  const { trigger, invocation, scopeOf } = beginInvocation(state, event, lambdaContext);
  const { span, describe } = startInvocationSpan(state, invocation, trigger, event);
  return scopeOf(span, describe);
};
