/**
 * The invocation as OpenTelemetry's instrumentation of Lambda runs it, with what the SDK knows in its place:
 *
 *   eventContextExtractor   trigger ─▶ parent, or the trace id of a root
 *   requestHook             name, kind, links ─▶ the invocation is under way: scope, timeout watch
 *   (the handler, in the extractor's context, through which the SDK finds the scope)
 *   responseHook            described and ended: status, keys, end line
 *   forceFlush              sent, within the flush budget; the response waits for it
 *
 * The first two are called one after the other, with the span started between them, and nothing else in between.
 *
 * Quirk  The instrumentation records an error and ends the span after the last hook, a second time; it is not let through.
 * Quirk  It gives a batch from SQS a second span, which says what the invocation's says already; it is not sent.
 */
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  type TimeInput,
  trace,
} from "@opentelemetry/api";
import type { Span as OpenSpan } from "@opentelemetry/sdk-trace";
import { harmless } from "../diag.ts";
import { type Beginning, beginInvocation } from "../handler-forms/begin.ts";
import { type Running, startRunning } from "../handler-forms/running.ts";
import type { Scope } from "../scope.ts";
import { type Registered, SCOPE_IN_CONTEXT, type Sdk } from "../sdk.ts";
import { type InvocationFacts, invocationFacts } from "../trace/invocation-span.ts";
import { type Placement, placeInvocation } from "../trace/parent.ts";

interface Arrived {
  readonly place: { scope?: Scope };
  readonly placement: Placement;
  readonly facts: InvocationFacts;
  readonly scopeOf: Beginning["scopeOf"];
}

export interface LambdaHooks extends Pick<Registered, "flush" | "isRepeated"> {
  readonly config: {
    eventContextExtractor(event: unknown, lambdaContext: unknown): Context;
    requestHook(span: Span, info: { readonly event?: unknown }): void;
    responseHook(span: Span, info: { readonly err?: unknown; readonly res?: unknown }): void;
  };
}

export const createLambdaHooks = (sdk: Sdk, instrumentation: string): LambdaHooks => {
  const underWay = new WeakMap<Span, Running>();
  const over = new Set<Running>();
  let arrived: Arrived | undefined;

  const arrive = (event: unknown, lambdaContext: unknown): Context => {
    const { trigger, invocation, scopeOf } = beginInvocation(sdk, event, lambdaContext);
    const placement = placeInvocation(trigger, invocation, sdk.config);
    const place = {};
    arrived = { place, placement, scopeOf, facts: invocationFacts(sdk, invocation, trigger, event) };
    if (placement.traceId !== undefined) sdk.spans.nextRoot(placement.traceId);
    // A context without a span is passed over for the root context; an invalid one is as good as none.
    const parent = trace.getSpanContext(placement.parent) ?? INVALID_SPAN_CONTEXT;
    return trace.setSpanContext(placement.parent, parent).setValue(SCOPE_IN_CONTEXT, place);
  };

  const start = (span: OpenSpan, { place, placement, facts, scopeOf }: Arrived): void => {
    span.updateName(facts.name);
    Object.assign(span, { kind: facts.kind satisfies SpanKind });
    span.addLinks([...placement.links]);
    for (const key of Object.keys(span.attributes)) delete span.attributes[key];
    const end = span.end.bind(span);
    Object.assign(span, { end: (time?: TimeInput) => time !== undefined && end(time) });
    const scope = scopeOf(span, () => facts.describe(span));
    place.scope = scope;
    underWay.set(span, startRunning(scope));
  };

  const stop = (span: Span, error: unknown, result: unknown): void => {
    const running = underWay.get(span);
    if (running === undefined) return;
    if (error === undefined || error === null) running.succeeded(result);
    else running.failed(error);
    Object.assign(span, { recordException: () => undefined });
    over.add(running);
  };

  return {
    config: {
      eventContextExtractor: (event, lambdaContext) =>
        harmless("reading an event", () => arrive(event, lambdaContext)) ?? ROOT_CONTEXT,
      requestHook(span) {
        const given = arrived;
        arrived = undefined;
        if (given) harmless("beginning an invocation", () => start(span as OpenSpan, given));
      },
      responseHook: (span, { err, res }) => harmless("ending an invocation", () => stop(span, err, res)),
    },
    isRepeated: ({ instrumentationScope, parentSpanContext }) =>
      instrumentationScope.name === instrumentation && parentSpanContext !== undefined && !parentSpanContext.isRemote,
    async flush() {
      const all = [...over];
      over.clear();
      await Promise.all(all.map((running) => running.sent()));
    },
  };
};
