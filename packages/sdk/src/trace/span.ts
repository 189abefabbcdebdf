/** A span of the application's own. */
import { context, trace } from "@opentelemetry/api";
import { harmless } from "../diag.ts";
import { recordError } from "../errors.ts";
import { sdk } from "../sdk.ts";

type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Runs `fn` inside a span named `name`, and gives back what it gives, at the same time: a value for a sync function, a promise
 * for an async one. What it throws is recorded and thrown on, untouched.
 */
export const span = <T>(name: string, fn: () => T, attributes: SpanAttributes = {}): T => {
  const { config, spans } = sdk();
  if (config.disabled) return fn();
  const active = harmless("starting a span", () => spans.tracer.startSpan(name, { attributes }, context.active()));
  if (active === undefined) return fn();
  const fail = (error: unknown): never => {
    recordError(active, error);
    active.end();
    throw error;
  };
  let result: T;
  try {
    result = context.with(trace.setSpan(context.active(), active), fn);
  } catch (error) {
    return fail(error);
  }
  if (!(result instanceof Promise)) {
    active.end();
    return result;
  }
  return result.then((value) => {
    active.end();
    return value;
  }, fail) as T;
};
