/**
 * Where a span hangs: the incoming-context rules.
 *
 * - One record (or request) with a W3C context: that is the parent.
 * - Several records: a new trace with a link to each, even when all contexts are equal; no one of them is the cause.
 * - A state of Step Functions is linked to the attempt that it is, by the ids that an import of the execution gives it; not its
 *   child, for the import may never come.
 * - A Datadog context is linked: whether its spans ever come to us, nobody knows.
 * - No W3C context, at most one record: a new root whose trace id is the X-Ray Root, so that hops which only the platform
 *   carries share it. Lambda's own header is never a parent: its spans are not ours to see.
 */
import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  createTraceState,
  trace,
} from "@opentelemetry/api";
import type { SdkConfig } from "../config.ts";
import type { Invocation } from "../invocation.ts";
import { isCarried } from "../propagate/propagators.ts";
import { type CarriedContext, RANDOM_FLAG } from "../propagate/w3c.ts";
import { xrayTraceId } from "../propagate/xray.ts";
import { ATTR } from "../semconv.ts";
import { type Trigger, type TriggerRecord, present } from "../trigger/trigger.ts";

export interface Placement {
  readonly parent: Context;
  /** For a root that must have a given trace id. */
  readonly traceId?: string;
  readonly links: readonly Link[];
}

export const placeInvocation = (
  trigger: Trigger,
  invocation: Invocation,
  config: Pick<SdkConfig, "propagators">,
): Placement => {
  const [only, ...others] = trigger.records;
  if (others.length > 0) return { parent: ROOT_CONTEXT, links: trigger.records.flatMap(linkOfOne) };
  const carried = only && contextOf(only, ["w3c"]);
  const attempt = trigger.attempt
    ? [{ context: { ...trigger.attempt, traceFlags: TraceFlags.SAMPLED, isRemote: true } }]
    : [];
  if (carried) return { parent: trace.setSpanContext(ROOT_CONTEXT, carried), links: attempt };
  const datadog = (only && linksTo(only, ["datadog"])) ?? [];
  const traceId = only?.contexts.find((one) => one.format === "xray")?.traceId ?? rootOfInvocation(invocation, config);
  // One at most: who has several works for several.
  const links = datadog.length > 0 ? datadog : attempt;
  return { parent: ROOT_CONTEXT, links, ...(traceId !== undefined && { traceId }) };
};

const rootOfInvocation = ({ xrayHeader }: Invocation, config: Pick<SdkConfig, "propagators">): string | undefined =>
  isCarried("xray", config) ? xrayTraceId(xrayHeader) : undefined;

/**
 * The record's own context, as a parent: W3C, else Datadog's, else the X-Ray header it carries where X-Ray does not record (its Parent is
 * then a span that somebody like us put there). undefined: the record hangs under its invocation.
 */
export const recordParent = (record: TriggerRecord): Context | undefined => {
  const carried = contextOf(record);
  return carried && trace.setSpanContext(ROOT_CONTEXT, carried);
};

/** Says which message brought it: a context may have stayed behind from an earlier one, and the id tells who really sent. */
const linkOfOne = (record: TriggerRecord): Link[] => {
  const id = record.keys[0]?.id ?? record.id;
  return linksTo(record).map((link) =>
    id === undefined ? link : { ...link, attributes: { [ATTR.messagingMessageId]: id } },
  );
};

const linksTo = (record: TriggerRecord, formats?: readonly CarriedContext["format"][]): Link[] => {
  const context = contextOf(record, formats);
  return context ? [{ context }] : [];
};

/** Of the first format that has one. An X-Ray header whose trace is recorded names a segment, which never comes to us. */
const contextOf = (
  { contexts }: TriggerRecord,
  formats: readonly CarriedContext["format"][] = ["w3c", "datadog", "xray"],
): SpanContext | undefined => {
  const usable = contexts.filter(({ format, spanId, sampled }) => spanId && !(format === "xray" && sampled));
  const found = present(formats.map((format) => usable.find((one) => one.format === format)))[0];
  return found && remoteContextOf(found);
};

/** undefined where only a trace is named. */
export const remoteContextOf = (carried: CarriedContext): SpanContext | undefined =>
  carried.spanId === undefined
    ? undefined
    : {
        traceId: carried.traceId,
        spanId: carried.spanId,
        // X-Ray's decision is about X-Ray; only a W3C flag is handed on.
        traceFlags:
          (carried.format === "w3c" && carried.sampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED) |
          (carried.random ? RANDOM_FLAG : 0),
        isRemote: true,
        ...(carried.traceState !== undefined && { traceState: createTraceState(carried.traceState) }),
      };
