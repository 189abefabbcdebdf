/**
 * Calls that are made while the function loads. In whose trace its init is told is known when its first invocation ends (trace/init-span.ts):
 * their spans are started then, below the init's where it has one, and what there is to say of them waits until then.
 *
 *   init        |--call--|
 *   invocation                |-------|◀ span started, told, ended, at the times that were
 *
 * So no context can go out with such a call; whatever it sends is joined by the ids in its answer.
 */
import { type Context, type HrTime, type Span, context, trace } from "@opentelemetry/api";
import { harmless } from "../../diag.ts";
import { MAX_INIT_CALLS } from "../../limits.ts";
import { type Sdk, sdk } from "../../sdk.ts";

/** Says something of a call; `at` is the time where that is not now. */
export type Tell = (what: (span: Span, at?: HrTime) => void) => void;

/** What was begun before a snapshot was made would be told by each environment that it is restored to. */
export const isInitCall = (state: Sdk): boolean =>
  state.isAtInit &&
  !state.config.isSnapStart &&
  state.initCalls.length < MAX_INIT_CALLS &&
  state.scope() === undefined &&
  trace.getSpan(context.active()) === undefined;

export const tellLater = (start: (parent: Context) => Span): Tell => {
  const state = sdk();
  const waiting: ((span: Span) => void)[] = [];
  let span: Span | undefined;
  state.initCalls.push((parent) => {
    span = start(parent);
    for (const say of waiting) say(span);
  });
  return (what) => {
    const at = state.spans.now();
    // Who waits for a call still loads.
    if (state.isAtInit && state.loaded) state.loaded.durationMs = performance.now();
    const say = (one: Span): void => harmless("telling of a call at init", () => what(one, at));
    if (span) say(span);
    else waiting.push(say);
  };
};
