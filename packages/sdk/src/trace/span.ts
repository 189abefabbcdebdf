/** A span of the application's own. */
import { type Context, context, trace } from "@opentelemetry/api";
import { harmless } from "../diag.ts";
import { recordError } from "../errors.ts";
import { sdk } from "../sdk.ts";
import { type Settled, isThenable, watchFirstThen } from "./thenable.ts";

type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[] | readonly boolean[]>
>;

/**
 * Runs `fn` inside a span named `name`, and gives back what it gives, at the same time: a value for a sync function, a promise
 * for an async one, a query builder as it is, whose span ends when it was awaited and has settled. What it throws is recorded and
 * thrown on, untouched.
 */
export const span = <T>(name: string, fn: () => T, attributes: SpanAttributes = {}): T => {
  const { config, spans } = sdk();
  if (config.disabled) return fn();
  const active = harmless("starting a span", () => spans.tracer.startSpan(name, { attributes }, context.active()));
  if (active === undefined) return fn();
  const inside = trace.setSpan(context.active(), active);
  const rejected = (error: unknown): void => {
    recordError(active, error);
    active.end();
  };
  const fail = (error: unknown): never => {
    rejected(error);
    throw error;
  };
  let result: T;
  try {
    result = context.with(inside, fn);
  } catch (error) {
    return fail(error);
  }
  if (result instanceof Promise) {
    return result.then((value) => {
      active.end();
      return value;
    }, fail) as T;
  }
  if (!isWatched(result, inside, { fulfilled: () => active.end(), rejected })) active.end();
  return result;
};

/** false where there is nothing to wait for, or no way to. */
const isWatched = (result: unknown, inside: Context, settled: Settled): boolean => {
  try {
    if (!isThenable(result)) return false;
    watchFirstThen(result, inside, settled);
    return true;
  } catch {
    return false;
  }
};
