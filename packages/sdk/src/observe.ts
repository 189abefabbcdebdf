/**
 * One invocation, from entry to flush.
 *
 *   event ─▶ trigger ─▶ invocation span ─▶ handler (as it was) ─▶ end line ─▶ span ends ─▶ flush, within its budget ─▶ result
 *
 * Whatever goes wrong here is ours alone: the handler gets its own arguments and `this`, its result or error leaves untouched,
 * and it waits for nothing but the flush. How a handler says that it is done depends on its form, and on the runtime that calls
 * it: handler-forms/ has one file for each.
 */
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import { harmless } from "./diag.ts";
import { isCallback, runCallback } from "./handler-forms/callback.ts";
import { runPromise } from "./handler-forms/promise.ts";
import { startRunning } from "./handler-forms/running.ts";
import { isStreaming, runStreaming } from "./handler-forms/streaming.ts";
import { instrumentLoadedAwsSdk } from "./instrument/aws-sdk/install.ts";
import { observeOutgoing } from "./instrument/observe-outgoing.ts";
import { readInvocation } from "./invocation.ts";
import { captureConsole } from "./log/console.ts";
import type { Scope } from "./scope.ts";
import { type Sdk, sdk } from "./sdk.ts";
import { startInvocationSpan } from "./trace/invocation-span.ts";
import { payloadText } from "./trace/payload.ts";
import { detectTrigger } from "./trigger/detect.ts";
import { isObject } from "./trigger/trigger.ts";
import { tellUncaughtErrors } from "./uncaught.ts";

type AnyHandler = (...args: never[]) => unknown;
type LooseHandler = (this: unknown, ...args: unknown[]) => unknown;

const OBSERVED = Symbol.for("mayfly.observed");

/**
 * Wraps a handler, async, sync, with a callback or streaming; its type, name, length and own properties stay exactly what they
 * were, so that Lambda's own rules apply to it. Wrapping twice is wrapping once.
 */
export const observe = <H extends AnyHandler>(handler: H): H => {
  // Without types, it may be anything; Lambda says best what it thinks of a handler that is no function.
  if (typeof handler !== "function" || isObserved(handler) || sdk().config.disabled) return handler;
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
    const [event, second, third] = args;
    const lambdaContext = streams ? third : second;
    const scope = harmless("beginning an invocation", () => begin(sdk(), event, lambdaContext));
    if (scope === undefined) return call();
    const running = startRunning(scope);
    sdk().sender.spent(performance.now() - enteredMs);
    if (streams) return runStreaming(running, second, call);
    if (!isCallback(third)) return runPromise(running, call);
    return runCallback(running, lambdaContext, third, (callback) => call([event, second, callback, ...args.slice(3)]));
  };
  return disguised(observed, handler) as unknown as H;
};

const isObserved = (handler: AnyHandler): boolean => Object.hasOwn(handler, OBSERVED);

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
  state.pace.begun();
  const trigger = detectTrigger(event, lambdaContext);
  const invocation = readInvocation(isObject(lambdaContext) ? lambdaContext : undefined, state.config, {
    isFirst: state.takeFirst(),
    loadedAtMs: state.loaded?.atMs ?? Date.now(),
  });
  const { span, describe } = startInvocationSpan(state, invocation, trigger, event);
  const eventText = harmless("capturing the event", () => payloadText(state, "event", event));
  const held = state.details.heldUnder(span, invocation.isColdStart);
  return {
    invocation,
    trigger,
    invocationSpan: span,
    describe,
    span,
    open: new Map([[span as OpenSpan, held]]),
    held,
    calls: new Set(),
    eventText,
    // Under Lambda's own name for it in log lines.
    annotations: invocation.tenantId === undefined ? {} : { tenantId: invocation.tenantId },
    sequence: { next: 0 },
    records: { failed: 0 },
  };
};
