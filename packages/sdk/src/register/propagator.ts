/**
 * What OpenTelemetry's instrumentations put into requests and messages: W3C Trace Context, as the SDK itself writes it. The sender it names is
 * the one that is sent, also of an invocation that is not sampled.
 */
import { type TextMapPropagator, isSpanContextValid, trace } from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import { formatTraceparent, parseTraceparent } from "../propagate/w3c.ts";
import { remoteContextOf } from "../trace/parent.ts";
import { senderContext } from "../trace/sender-context.ts";

const FIELDS = ["traceparent", "tracestate"] as const;

export const propagator: TextMapPropagator = {
  fields: () => [...FIELDS],
  inject(from, carrier, setter) {
    const span = trace.getSpan(from);
    if (span === undefined || isTracingSuppressed(from)) return;
    const sender = senderContext(span);
    if (!isSpanContextValid(sender)) return;
    setter.set(carrier, "traceparent", formatTraceparent(sender));
    const state = sender.traceState?.serialize();
    if (state) setter.set(carrier, "tracestate", state);
  },
  extract(into, carrier, getter) {
    const [traceparent, tracestate] = FIELDS.map((field) => getter.get(carrier, field));
    const carried = parseTraceparent(
      Array.isArray(traceparent) ? traceparent[0] : traceparent,
      Array.isArray(tracestate) ? tracestate.join(",") : tracestate,
    );
    const context = carried && remoteContextOf(carried);
    return context ? trace.setSpanContext(into, context) : into;
  },
};
