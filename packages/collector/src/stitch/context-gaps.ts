/**
 * Gaps that a trace context left: one that did not come with its message, one that only X-Ray's header carried, one that had stayed
 * behind in its environment, and what was not recorded because its context says so. One of each for each function, however often it ran;
 * and one for a message, however many functions received that without its context.
 *
 *   dropped-context     both sides know the message's id, such messages have a context, and none came
 *   xray-only-context   known by its X-Ray Root alone: joined by it, or, where a batch handed that on, not even that. A function without
 *                       spans has a gap of its own
 *   stale-context       carried one of an earlier invocation; what really sent is known by the message's id
 *   sampled-out         calls that were left out, or a caller whose trace was not recorded
 */
import type { Gap, StitchKey, StitchKeyKind } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { MAYFLY_SDK_SAMPLED_OUT_SPANS, SFN_RESOURCE, SFN_STATE_TYPE } from "../normalize/semconv.ts";
import type { Graph } from "./graph.ts";
import { type UnitJoin, isEntry, joinsInto, rootsInDoubt, staleInto } from "./joins.ts";
import { keyName, nameOf, refOf } from "./reason.ts";
import { batchBefore } from "./shared-roots.ts";
import type { Unit } from "./units.ts";
import type { StitchedTrace } from "./walk.ts";

export const contextGapsOf = (trace: StitchedTrace, graph: Graph): readonly Gap[] =>
  oncePerFunction([
    ...dropped(trace.joins),
    ...trace.joins.flatMap(xrayOnly),
    ...sharedRoot(trace, graph),
    ...wholeUnits(trace).flatMap((unit) => stale(unit, graph)),
    ...wholeUnits(trace).flatMap(leftOut),
  ]);

const wholeUnits = ({ parts }: StitchedTrace): readonly Unit[] =>
  parts.flatMap(({ unit, isWhole }) => (isWhole ? unit : []));

interface Found {
  readonly reason: Gap["reason"];
  readonly at: SpanRecord;
  /** Asked for once for each function, of whose invocations ten thousand may have it. */
  readonly told: () => Omit<Gap, "reason" | "at">;
}

const oncePerFunction = (found: readonly Found[]): readonly Gap[] => {
  const firsts = new Map<string, Found>();
  for (const one of found) {
    const name = `${one.reason} ${nameOf(one.at)}`;
    if (!firsts.has(name)) firsts.set(name, one);
  }
  return Array.from(firsts.values(), ({ reason, at, told }) => ({ reason, at: refOf(at), ...told() }));
};

/** On these every instrumentation puts one; others have no place for it, or one that somebody must ask for (MAYFLY_INJECT_PAYLOAD). */
const CARRIES_CONTEXT: ReadonlySet<StitchKeyKind> = new Set(["sqs-message", "sns-message"]);

interface Dropped {
  readonly key: StitchKey;
  readonly by: SpanRecord;
}

const dropped = (joins: readonly UnitJoin[]): Found[] => {
  const firsts = new Map<string, Dropped>();
  for (const join of joins) {
    const key = keyWithoutContext(join);
    const name = nameOf(join.to.root);
    if (key && !firsts.has(name)) firsts.set(name, { key, by: join.to.root });
  }
  const byMessage = Map.groupBy(firsts.values(), ({ key }) => stitchKeyIdentity(key));
  return [...byMessage.values()].flatMap(([first, ...others]) => (first ? droppedOf(first, others.length) : []));
};

const droppedOf = ({ key, by }: Dropped, others: number): Found => {
  const names =
    others === 0 ? nameOf(by) : `${nameOf(by)} and ${others} other ${others === 1 ? "function" : "functions"}`;
  const told = () => ({
    key,
    message: `${names} received ${keyName(key)} without its sender's trace context: the id alone joins them.`,
    advice:
      "Let the sender put a traceparent on the message (SQS takes ten attributes: leave one free), and let nothing on its way leave attributes out.",
  });
  return { reason: "dropped-context", at: by, told };
};

const keyWithoutContext = ({ from, to, keys, relation }: UnitJoin): StitchKey | undefined =>
  from.evidence || isOfStates(from) || relation === "links" || carriesContext(to)
    ? undefined
    : keys.find(({ kind }) => CARRIES_CONTEXT.has(kind));

/** An imported execution's: a state machine puts no context on what it sends. */
const isOfStates = ({ wire }: SpanRecord): boolean =>
  wire.attributes.some(({ key }) => key === SFN_STATE_TYPE || key === SFN_RESOURCE);

const carriesContext = ({ root, links, invocation }: Unit): boolean =>
  links.length > 0 || (root.parentPath !== undefined && invocation !== root.parentPath);

const xrayOnly = ({ kind, to }: UnitJoin): Found[] => {
  if (kind !== "xray-root" || to.platform?.isAlone) return [];
  const told = () => ({
    message: `${nameOf(to.root)} shares nothing but the X-Ray Root with this transaction: which span called it is not known.`,
    advice: "Wrap the caller and this function with observe(), so that the context or an id of the message joins them.",
  });
  return [{ reason: "xray-only-context", at: to.root, told }];
};

/** A story that begins with what a batch may have called, and that does not lead to that batch itself. */
const sharedRoot = ({ id, parts }: StitchedTrace, graph: Graph): Found[] => {
  const unit = parts[0]?.unit;
  if (unit?.path !== id || isEntry(unit) || unit.consumed.some(isMessageKey) || joinsInto(unit, graph).length > 0)
    return [];
  for (const root of rootsInDoubt(unit, graph)) {
    const batch = batchBefore(unit, root, graph);
    if (batch === undefined || parts.some((part) => part.unit === batch)) continue;
    const told = () => ({
      key: { kind: "xray-root", id: rootOfTraceId(root) } as const,
      message: `${nameOf(unit.root)} was called with nothing but an X-Ray Root, which ${nameOf(batch.root)} had for ${batch.messageCount} messages at once: of whose transaction it is cannot be told.`,
      advice: `Handle the batch of ${nameOf(batch.root)} with eachRecord(event, fn), and wrap this function with observe(): the context or an id of what a record sends then joins them.`,
    });
    return [{ reason: "xray-only-context", at: unit.root, told }];
  }
  return [];
};

const stale = (unit: Unit, graph: Graph): Found[] => {
  const [carried] = staleInto(unit, graph);
  if (carried === undefined) return [];
  const name = nameOf(carried.from);
  const told = () => {
    const key = unit.consumed.find(isMessageKey);
    return {
      ...(key && { key }),
      message: `${nameOf(unit.root)} carries the context of another invocation of ${name}, which had ended before the message was sent: the message's id was followed instead.`,
      advice: `Let ${name} take the context within the handler for each message: none that a module, a client or an unawaited promise keeps from one invocation to the next.`,
    };
  };
  return [{ reason: "stale-context", at: unit.root, told }];
};

const leftOut = ({ spans }: Unit): Found[] =>
  spans.flatMap((span) => {
    const count = sampledOutSpans(span);
    if (count === 0) return [];
    const told = () => ({
      message: `${count} ${count === 1 ? "call" : "calls"} within ${nameOf(span)} were left out by sampling; what they sent still joins.`,
      advice: "Raise OTEL_TRACES_SAMPLER_ARG, or keep slow ones with MAYFLY_KEEP_SLOW_MS.",
    });
    return [{ reason: "sampled-out", at: span, told } as const];
  });

const sampledOutSpans = ({ wire }: SpanRecord): number => {
  const value = wire.attributes.find(({ key }) => key === MAYFLY_SDK_SAMPLED_OUT_SPANS)?.value;
  return value && "intValue" in value ? Number(value.intValue) : 0;
};

/** Bit 0x100: it says whether its parent is remote, and so sets flags at all. */
const [FLAGS_ARE_KNOWN, SAMPLED] = [0x100, 0x1];

/** In place of a missing parent: its trace's flag says that nobody recorded it. */
export const isSampledOut = ({ wire: { flags } }: SpanRecord): boolean =>
  (flags & FLAGS_ARE_KNOWN) !== 0 && (flags & SAMPLED) === 0;
