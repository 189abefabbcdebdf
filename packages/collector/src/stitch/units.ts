/**
 * Units: the spans of one trace that share a local root. The nodes of the graph that stitching walks.
 *
 * In      all spans of one W3C trace, in any order.
 * Out     Unit[]; every span is in exactly one, whatever the order they came in. A span sent twice with the same content
 *         counts once; one id with several contents keeps all, and what any of them says of keys and links holds.
 * Cost    O(n) time and memory.
 * Errors  none; a cycle of parents is cut at its earliest span, which becomes a local root.
 *
 * A span is a local root when its parent is absent, remote, in another resource, or in another invocation; and when
 * it is a record span: the handling of one message of a batch, whose cause is the message and not the invocation.
 *
 *   trace T1   send ──────────▶ record 1 ─▶ its client spans        units: {send…} {record 1…}
 *   trace B    invocation ─ ─ ─ ┘ └─▶ record 2 (no context)         units: {invocation…} {record 2…}
 */
import type { StitchKey } from "@mayfly/api";
import { spanToJson } from "@mayfly/otlp";
import { type SpanPath, spanPath } from "../model/ids.ts";
import type { LinkTarget, SpanRecord } from "../model/span.ts";
import { type StitchKeyIdentity, isMessageKey, kindOfRecord, stitchKeyIdentity } from "../model/stitch-key.ts";
import { MESSAGING_OPERATION } from "../normalize/semconv.ts";
import { finishedWherePossible } from "./finished.ts";
import type { Sight } from "./invocations.ts";

export interface Unit {
  /** The local root's path. */
  readonly path: SpanPath;
  readonly root: SpanRecord;
  /** Root first. */
  readonly spans: readonly SpanRecord[];
  readonly requestId?: string | undefined;
  /** By which others may speak of that request. */
  readonly requestKey?: StitchKeyIdentity | undefined;
  /** For a record unit: the path of the invocation span it ran in. */
  readonly invocation?: SpanPath | undefined;
  readonly produced: readonly { readonly key: StitchKey; readonly by: SpanRecord }[];
  readonly consumed: readonly StitchKey[];
  /** Carried contexts other than the parent. */
  readonly links: readonly LinkTarget[];
  /** It works for more than one message, so no single one of them is its cause. */
  readonly isBatch: boolean;
  /** How many messages it was started for, as far as it says; those that it fetched itself are none of them. */
  readonly messageCount: number;
  /** What Lambda says under the ids of its spans. */
  readonly seen?: readonly SpanRecord[] | undefined;
  /** What Lambda or X-Ray saw of this invocation (invocations.ts). */
  readonly platform?: Sight | undefined;
}

const CONSUMER = 5;

/** Where a span belongs: to its own unit when `root` is itself. */
interface Place {
  readonly root: SpanRecord;
  readonly requestId: string | undefined;
  readonly invocation: SpanPath | undefined;
}

export const unitsOf = (trace: readonly SpanRecord[]): readonly Unit[] => {
  const [first] = trace;
  if (first === undefined) return [];
  const known = remembered.get(first);
  if (known && isSame(known.trace, trace)) return known.units;
  const units = unitsIn(trace);
  remembered.set(first, { trace, units });
  return units;
};

/** While the store remembers a trace's spans they are the same objects, and so are its units. */
const remembered = new WeakMap<
  SpanRecord,
  { readonly trace: readonly SpanRecord[]; readonly units: readonly Unit[] }
>();

const isSame = (a: readonly SpanRecord[], b: readonly SpanRecord[]): boolean =>
  a.length === b.length && a.every((span, n) => span === b[n]);

const unitsIn = (trace: readonly SpanRecord[]): readonly Unit[] => {
  if (!trace.some(isPlatformEvidence)) return unitsAmong(trace);
  const own = trace.filter((span) => !isPlatformEvidence(span));
  const ownIds = new Set<string>(own.map((span) => span.spanId));
  const [beside, apart] = [true, false].map((isBeside) =>
    trace.filter((span) => isPlatformEvidence(span) && ownIds.has(span.spanId) === isBeside),
  ) as [SpanRecord[], SpanRecord[]];
  return [...withSeen(unitsAmong(own), beside), ...unitsAmong(apart)];
};

/**
 * What Lambda says is called by its own segment, and where X-Ray's span of that segment is here, it is of that: not another
 * content of the span.
 */
const withSeen = (units: readonly Unit[], beside: readonly SpanRecord[]): readonly Unit[] => {
  const byId = Map.groupBy(beside, (span) => span.spanId);
  return units.map((one) => {
    const ids = new Set(one.spans.map((span) => span.spanId));
    const seen = beside.length === 0 ? [] : [...ids].flatMap((id) => byId.get(id) ?? []);
    return seen.length === 0 ? one : { ...one, seen };
  });
};

const isPlatformEvidence = ({ evidence }: SpanRecord): boolean => evidence === "platform";

const unitsAmong = (trace: readonly SpanRecord[]): readonly Unit[] => {
  const [only] = trace;
  if (only && trace.length === 1) return [unit(only, trace, place(only, undefined, undefined))];
  const { firsts, others } = byId(trace);
  const places = new Map<SpanRecord, Place>();
  for (const span of firsts.values()) settle(span, firsts, places);

  const members = new Map<SpanRecord, SpanRecord[]>();
  for (const { root } of places.values()) if (!members.has(root)) members.set(root, [root]);
  for (const [span, { root }] of places) if (span !== root) members.get(root)?.push(span);
  for (const span of others) {
    const first = firsts.get(span.spanId);
    const place = first && places.get(first);
    if (place) members.get(place.root)?.push(span);
  }
  return [...members].map(([root, spans]) => unit(root, spans, places.get(root)));
};

/** One span for each id, and the other contents that came under it. */
const byId = (trace: readonly SpanRecord[]): { firsts: Map<string, SpanRecord>; others: SpanRecord[] } => {
  const firsts = new Map<string, SpanRecord>();
  for (const span of trace) firsts.set(span.spanId, span);
  const others: SpanRecord[] = [];
  if (firsts.size === trace.length) return { firsts, others };
  for (const [spanId, copies] of Map.groupBy(trace, (span) => span.spanId)) {
    const [first, ...more] = copies.length > 1 ? distinctContents(finishedWherePossible(copies)) : copies;
    if (first) firsts.set(spanId, copies.length > 1 ? withAllEvidence(first, copies) : first);
    others.push(...more);
  }
  return { firsts, others };
};

/** In an order of their own, so that the order of arrival decides nothing: the one that says most comes first. */
const distinctContents = (copies: readonly SpanRecord[]): readonly SpanRecord[] => {
  const byContent = new Map(copies.map((span) => [content(span), span]));
  return [...byContent]
    .toSorted(([a, spanA], [b, spanB]) => evidenceIn(spanB) - evidenceIn(spanA) || (a < b ? -1 : 1))
    .map(([, span]) => span);
};

const evidenceIn = ({ produced, consumed, links }: SpanRecord): number =>
  produced.length + consumed.length + links.length;

/** What a copy said before the span had finished holds too: its keys are known by then, and are not taken back. */
const withAllEvidence = (first: SpanRecord, copies: readonly SpanRecord[]): SpanRecord => {
  const all = [first, ...copies];
  const requestId = all.find((span) => span.requestId !== undefined)?.requestId;
  return {
    ...first,
    ...(requestId !== undefined && { requestId }),
    batchCount: Math.max(...all.map((span) => span.batchCount)),
    produced: distinctBy(
      all.flatMap((span) => span.produced),
      stitchKeyIdentity,
    ),
    consumed: distinctBy(
      all.flatMap((span) => span.consumed),
      stitchKeyIdentity,
    ),
    links: distinctBy(
      all.flatMap((span) => span.links),
      (link) => spanPath(link.traceId, link.spanId),
    ),
  };
};

const distinctBy = <T>(values: readonly T[], identity: (value: T) => string): readonly T[] =>
  [...new Map(values.toReversed().map((value) => [identity(value), value])).values()].toReversed();

const content = (span: SpanRecord): string => span.origin.resourceId + JSON.stringify(spanToJson(span.wire));

/**
 * Places `span` and, before it, those ancestors that have no place yet; iterative, because traces can be deep. In a
 * cycle the earliest span comes first, and so finds its parent without a place.
 */
const settle = (span: SpanRecord, spans: ReadonlyMap<string, SpanRecord>, places: Map<SpanRecord, Place>): void => {
  if (places.has(span)) return;
  const above = localParent(span, spans);
  if (above === undefined || places.has(above)) {
    places.set(span, place(span, above, above && places.get(above)));
    return;
  }
  const waiting: SpanRecord[] = [];
  const onPath = new Set<SpanRecord>();
  let next: SpanRecord | undefined = span;
  while (next !== undefined && !places.has(next) && !onPath.has(next)) {
    waiting.push(next);
    onPath.add(next);
    next = localParent(next, spans);
  }
  const entry = next && onPath.has(next) ? waiting.indexOf(next) : waiting.length;
  const ordered = [...waiting.slice(0, entry), ...earliestLast(waiting.slice(entry))];
  for (const one of ordered.toReversed()) {
    const parent = localParent(one, spans);
    places.set(one, place(one, parent, parent && places.get(parent)));
  }
};

/** The same circle, each span still before its parent, begun so that its earliest span is the last. */
const earliestLast = (cycle: readonly SpanRecord[]): readonly SpanRecord[] => {
  const [earliest] = cycle.toSorted((a, b) => compare(a.start, b.start) || compare(a.spanId, b.spanId));
  const at = earliest ? cycle.indexOf(earliest) + 1 : 0;
  return [...cycle.slice(at), ...cycle.slice(0, at)];
};

const compare = <T extends bigint | string>(a: T, b: T): number => Number(a > b) - Number(a < b);

/** The parent, where it is one that ran in the same environment. */
const localParent = (span: SpanRecord, spans: ReadonlyMap<string, SpanRecord>): SpanRecord | undefined => {
  if (span.parentSpanId === undefined || span.parentIsRemote) return undefined;
  const parent = spans.get(span.parentSpanId);
  return parent?.origin.resourceId === span.origin.resourceId ? parent : undefined;
};

const place = (span: SpanRecord, parent: SpanRecord | undefined, above: Place | undefined): Place => {
  const invocationLink = span.links.length === 0 ? undefined : span.links.find((link) => link.toInvocation);
  if (invocationLink) {
    return {
      root: span,
      requestId: span.requestId,
      invocation: spanPath(invocationLink.traceId, invocationLink.spanId),
    };
  }
  const anotherInvocation =
    span.requestId !== undefined && above?.requestId !== undefined && span.requestId !== above.requestId;
  if (above === undefined || parent === undefined || anotherInvocation) {
    return { root: span, requestId: span.requestId, invocation: undefined };
  }
  const requestId = span.requestId ?? above.requestId;
  if (handlesOneRecordOf(above.root, span)) {
    return { root: span, requestId, invocation: above.root.path };
  }
  return { root: above.root, requestId: above.requestId ?? requestId, invocation: above.invocation };
};

/** A record span without a context of its own consumes again what its invocation consumed. */
const handlesOneRecordOf = (invocation: SpanRecord, span: SpanRecord): boolean => {
  if (span.consumed.length === 0) return false;
  const messages = span.consumed.filter(isMessageKey);
  if (messages.length === 0) return false;
  const whole = new Set(invocation.consumed.map(stitchKeyIdentity));
  return messages.every((key) => whole.has(stitchKeyIdentity(key)));
};

const unit = (root: SpanRecord, spans: readonly SpanRecord[], where: Place | undefined): Unit => {
  // Official instrumentations put what was received on a CONSUMER span below the invocation span.
  const receiving = spans.filter(
    (span) => span === root || span.wire.kind === CONSUMER || span.consumed.some(isTaskToken),
  );
  const requestId = where?.requestId ?? onlyRequestOf(spans);
  const consumed = receiving.flatMap((span) => span.consumed);
  const links = receiving.flatMap((span) => span.links).filter((link) => !link.toInvocation);
  const handling = receiving.filter((span) => span === root || (span.wire.kind === CONSUMER && !isPolling(span)));
  const messageCount = handling.reduce(
    (most, span) => Math.max(most, span.batchCount),
    mostOfOneKind(handling.flatMap((span) => span.consumed.filter(isMessageKey))),
  );
  const produced: { readonly key: StitchKey; readonly by: SpanRecord }[] = [];
  for (const by of spans) for (const key of by.produced) produced.push({ key, by });
  // One shape for all units, as for spans.
  return {
    path: root.path,
    root,
    spans,
    requestId,
    requestKey: requestId === undefined ? undefined : stitchKeyIdentity({ kind: "lambda-request", id: requestId }),
    invocation: where?.invocation,
    produced,
    consumed,
    links,
    isBatch: where?.invocation === undefined && Math.max(messageCount, mostOfOneKind(consumed), links.length) > 1,
    messageCount,
    seen: undefined,
    platform: undefined,
  };
};

/** An instrumentation around ours may know of no invocation; then the spans below it name it. */
const onlyRequestOf = (spans: readonly SpanRecord[]): string | undefined => {
  let only: string | undefined;
  for (const { requestId } of spans) {
    if (requestId === undefined || requestId === only) continue;
    if (only !== undefined) return undefined;
    only = requestId;
  }
  return only;
};

/** Consumed by the call that sends it back. */
const isTaskToken = ({ kind }: StitchKey): boolean => kind === "sfn-task-token";

/** One header came with all of its messages: what that names as the parent has sent one of them at most. */
export const hasSharedHeader = ({ isBatch, messageCount }: Unit): boolean => isBatch && messageCount > 1;

const isPolling = ({ wire }: SpanRecord): boolean =>
  wire.attributes.some(
    ({ key, value }) =>
      OPERATION.has(key) && value !== undefined && "stringValue" in value && value.stringValue === "receive",
  );

const OPERATION: ReadonlySet<string> = new Set(MESSAGING_OPERATION);

/** A record that came wrapped (EventBridge → SNS → SQS) has an id of each kind and is still one record. */
const mostOfOneKind = (keys: readonly StitchKey[]): number => {
  if (keys.length === 0) return 0;
  const ids = new Map<string, Set<string>>();
  for (const key of keys.filter((one) => isMessageKey(one) || isTaskToken(one))) {
    const seen = ids.get(kindOfRecord(key)) ?? new Set();
    ids.set(kindOfRecord(key), seen.add(stitchKeyIdentity(key)));
  }
  return Math.max(0, ...[...ids.values()].map((seen) => seen.size));
};
