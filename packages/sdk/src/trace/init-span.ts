/**
 * The span of the init phase, in the trace of the invocation whose caller waited for it: from the start of the process to the loaded
 * function. A child that begins before its parent, because Lambda loads the function before it asks for the event.
 *
 *   init        |-----------|
 *   invocation               |-------|
 *
 * Only of a cold start on demand: where the environment was made ready beforehand the span would stretch the trace over a time in
 * which nobody waited, and after a snapshot is restored, its clock tells of the snapshot's making.
 */
import { type Context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { Scope } from "../scope.ts";
import type { Sdk } from "../sdk.ts";
import { ATTR } from "../semconv.ts";
import { hrTimeOf } from "./wall-clock.ts";

/** Once, however often it is called. Calls at init hang below it; without it, each is a root of its own. */
export const recordInit = (sdk: Sdk, scope: Scope): void =>
  sdk.scopes.run(scope, () => {
    const parent = startInit(sdk, scope);
    for (const start of sdk.initCalls.splice(0)) start(parent);
  });

const startInit = ({ spans, loaded }: Sdk, { invocation, invocationSpan }: Scope): Context => {
  const { isColdStart, initialization } = invocation;
  if (!isColdStart || initialization !== "on-demand" || !loaded || loaded.isTold) return ROOT_CONTEXT;
  loaded.isTold = true;
  const startTime = hrTimeOf(performance.timeOrigin);
  const parent = trace.setSpan(ROOT_CONTEXT, invocationSpan);
  const span = spans.tracer.startSpan("init", { startTime, attributes: { [ATTR.faasColdstart]: true } }, parent);
  span.end(hrTimeOf(performance.timeOrigin + loaded.durationMs));
  return trace.setSpan(ROOT_CONTEXT, span);
};
