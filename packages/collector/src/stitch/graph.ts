/**
 * The part of the graph that one question has looked at so far: loaded trace by trace from the store, kept for the
 * length of the question, never longer.
 *
 * Everything is asked for in bulk (three reads however many traces), so that a walk over a store across a network costs
 * round trips by its depth and not by its size.
 *
 * What is asked for again and again is worked out once: children, records and orphans when a trace is loaded, and by
 * `once` whatever a unit's surroundings say, until more is loaded.
 *
 * Whatever was seen of an invocation from outside stands in a trace of its own, if nobody carried a context: a trace is
 * loaded together with those that speak of the same requests, so that it is brought to the invocation before anybody asks.
 * The paths of what was brought there lead to the invocation.
 *
 * Bounds  `maxSpans` loaded spans and `maxHolders` key and link holders per read; reaching one sets `truncated`.
 */
import type { StitchKey } from "@mayfly/api";
import { type SpanId, type SpanPath, type TraceId, spanPath } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { type StitchKeyIdentity, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { KeyHolder, LinkHolder, StoreReader } from "../store/store.ts";
import type { Root } from "./ascend.ts";
import { evidencePaths, withEvidence } from "./invocations.ts";
import { type Unit, hasSharedHeader, unitsOf } from "./units.ts";

export interface GraphBounds {
  readonly maxSpans: number;
  readonly maxHolders: number;
}

export interface Graph {
  /** Loads these traces with everything that points at them; a trace is loaded once. */
  load(traceIds: Iterable<TraceId>): Promise<void>;
  isLoaded(traceId: TraceId): boolean;
  /** Of keys that no loaded trace holds. */
  loadHolders(keys: readonly StitchKeyIdentity[]): Promise<void>;
  units(traceId: TraceId): readonly Unit[];
  /** As they arrived: what was seen of an invocation is a unit of its own. */
  bareUnits(traceId: TraceId): readonly Unit[];
  /** Invocations, in whatever trace, of which something in this trace was seen. */
  seenIn(traceId: TraceId): readonly Unit[];
  /** The span, where it has arrived and its trace is loaded. */
  span(path: SpanPath): SpanRecord | undefined;
  /** The unit that holds this span. */
  unitOf(path: SpanPath): Unit | undefined;
  /** Units whose root names this span as its parent. */
  unitsUnder(path: SpanPath): readonly Unit[];
  /** Record units that ran in this invocation, of all traces that are loaded. */
  recordsIn(invocation: SpanPath): readonly Unit[];
  /** Units of the trace that name a parent which has not arrived. */
  orphans(traceId: TraceId): readonly Unit[];
  /** `compute()`, remembered of this unit or trace until more is loaded. */
  once<T>(what: string, of: Unit | TraceId, compute: () => T): T;
  /** Roots that were found (ascend.ts): whatever they rest on was loaded to find them, so more cannot move them. */
  readonly roots: Map<Unit, Root>;
  /** Traces whose beginning is being looked for. */
  readonly climbing: Set<TraceId>;
  holders(key: StitchKeyIdentity): readonly KeyHolder[];
  /** Those of them that produced it, and those that consumed it: a message may have ten thousand of these, each of which asks for its sender. */
  producers(key: StitchKeyIdentity): readonly KeyHolder[];
  consumers(key: StitchKeyIdentity): readonly KeyHolder[];
  /** Whether these are all that the store holds. */
  isWhole(key: StitchKeyIdentity): boolean;
  linksTo(path: SpanPath): readonly LinkHolder[];
  readonly truncated: boolean;
}

const NONE: readonly never[] = [];

/** What stands under a path. */
interface Held {
  readonly span: SpanRecord;
  readonly unit: Unit;
}

/** Who uses one request id again and again is not followed: it tells nothing then. */
export const MAX_TRACES_OF_REQUEST = 50;

export const createGraph = (store: Pick<StoreReader, "asOfNow">, bounds: GraphBounds): Graph => {
  const reader = store.asOfNow();
  const unitsByTrace = new Map<TraceId, readonly Unit[]>();
  const bareByTrace = new Map<TraceId, readonly Unit[]>();
  const seenByTrace = new Map<TraceId, Unit[]>();
  const held = new Map<SpanPath, Held>();
  const holdersByKey = new Map<StitchKeyIdentity, KeyHolder[]>();
  const producersByKey = new Map<StitchKeyIdentity, KeyHolder[]>();
  const consumersByKey = new Map<StitchKeyIdentity, KeyHolder[]>();
  const cutKeys = new Set<StitchKeyIdentity>();
  const linksByTarget = new Map<SpanPath, LinkHolder[]>();
  const unitsByParent = new Map<SpanPath, Unit[]>();
  const recordsByInvocation = new Map<SpanPath, Unit[]>();
  const orphansByTrace = new Map<TraceId, Unit[]>();
  const remembered = new Map<string, Map<Unit | TraceId, unknown>>();
  let spansLeft = bounds.maxSpans;
  let truncated = false;

  const loadSpans = async (traceIds: readonly TraceId[]): Promise<void> => {
    const loaded = spansLeft > 0 ? await reader.spansOfTraces(traceIds, spansLeft) : [];
    spansLeft -= loaded.length;
    if (spansLeft <= 0) truncated = true;
    const only = traceIds.length === 1 ? traceIds[0] : undefined;
    if (only !== undefined) return void bareByTrace.set(only, unitsOf(loaded));
    const byTrace = Map.groupBy(loaded, (span) => span.traceId);
    for (const traceId of traceIds) bareByTrace.set(traceId, unitsOf(byTrace.get(traceId) ?? []));
  };

  /** The other traces in which their requests are spoken of. */
  const tracesOfRequests = (traceIds: readonly TraceId[]): readonly TraceId[] => {
    const requests = new Set<StitchKeyIdentity>();
    for (const id of traceIds) for (const unit of bareByTrace.get(id) ?? []) addRequestKeys(unit, requests);
    const speaking = new Set<TraceId>();
    for (const key of requests) {
      const holders = consumersByKey.get(key) ?? [];
      if (holders.every(({ traceId }) => bareByTrace.has(traceId))) continue;
      const traces = tracesSpeakingOf(key);
      if (traces.size <= MAX_TRACES_OF_REQUEST) for (const traceId of traces) speaking.add(traceId);
    }
    return [...speaking].filter((traceId) => !bareByTrace.has(traceId));
  };

  const tracesSpeakingOf = (request: StitchKeyIdentity): ReadonlySet<TraceId> =>
    new Set((consumersByKey.get(request) ?? []).map((holder) => holder.traceId));

  const isFollowed = (requestId: string): boolean =>
    tracesSpeakingOf(stitchKeyIdentity({ kind: "lambda-request", id: requestId })).size <= MAX_TRACES_OF_REQUEST;

  const settle = (traceIds: readonly TraceId[]): void => {
    const { units, moved } = withEvidence(
      traceIds.flatMap((id) => bareByTrace.get(id) ?? []),
      isFollowed,
    );
    const byTrace = moved.size === 0 ? bareByTrace : Map.groupBy(units, (unit) => unit.root.traceId);
    for (const traceId of traceIds) unitsByTrace.set(traceId, byTrace.get(traceId) ?? NONE);
    for (const unit of units) index(unit);
    for (const unit of new Set(moved.values())) indexSight(unit);
    for (const unit of units) if (isOrphan(unit)) append(orphansByTrace, unit.root.traceId, unit);
  };

  const indexSight = (unit: Unit): void => {
    for (const path of evidencePaths(unit)) if (!held.has(path)) held.set(path, { span: unit.root, unit });
    for (const traceId of new Set(unit.platform?.spans.map((span) => span.traceId)))
      if (traceId !== unit.root.traceId) append(seenByTrace, traceId, unit);
  };

  const index = (unit: Unit): void => {
    for (const span of unit.spans) {
      if (held.has(span.path)) continue; // the same id with another content: the first stands for it
      held.set(span.path, { span, unit });
    }
    const parent = unit.root.parentPath;
    if (parent) append(unitsByParent, parent, unit);
    if (unit.invocation) append(recordsByInvocation, unit.invocation, unit);
  };

  const isOrphan = (unit: Unit): boolean => {
    const parent = unit.root.parentPath;
    return parent !== undefined && !held.has(parent) && !hasSharedHeader(unit);
  };

  const loadLinks = async (traceIds: readonly TraceId[]): Promise<void> => {
    const links = await reader.linksToTraces(traceIds, bounds.maxHolders);
    if (links.length >= bounds.maxHolders) truncated = true;
    for (const link of links) append(linksByTarget, link.target, link);
  };

  const loadHolders = async (keys: readonly StitchKeyIdentity[]): Promise<void> => {
    const unknown = new Set(keys);
    for (const key of unknown) if (holdersByKey.has(key)) unknown.delete(key);
    const holders = unknown.size > 0 ? await reader.holdersOfKeys([...unknown], bounds.maxHolders) : [];
    const isCut = holders.length >= bounds.maxHolders;
    if (isCut) truncated = true;
    for (const key of unknown) {
      holdersByKey.set(key, []);
      if (isCut) cutKeys.add(key);
    }
    for (const holder of holders) {
      append(holdersByKey, holder.identity, holder);
      append(holder.side === "produced" ? producersByKey : consumersByKey, holder.identity, holder);
    }
  };

  return {
    async load(traceIds) {
      let missing: readonly TraceId[] = [...new Set(traceIds)].filter((id) => !unitsByTrace.has(id));
      if (missing.length === 0) return;
      remembered.clear();
      const loaded: TraceId[] = [];
      while (missing.length > 0) {
        await loadSpans(missing);
        await loadLinks(missing);
        await loadHolders(keysOf(missing.flatMap((id) => bareByTrace.get(id) ?? [])));
        loaded.push(...missing);
        missing = tracesOfRequests(missing);
      }
      settle(loaded);
    },
    isLoaded: (traceId) => unitsByTrace.has(traceId),
    async loadHolders(keys) {
      if (keys.every((key) => holdersByKey.has(key))) return;
      remembered.clear();
      await loadHolders(keys);
    },
    units: (traceId) => unitsByTrace.get(traceId) ?? [],
    bareUnits: (traceId) => bareByTrace.get(traceId) ?? [],
    seenIn: (traceId) => seenByTrace.get(traceId) ?? NONE,
    span: (path) => held.get(path)?.span,
    unitOf: (path) => held.get(path)?.unit,
    unitsUnder: (path) => unitsByParent.get(path) ?? NONE,
    recordsIn: (invocation) => recordsByInvocation.get(invocation) ?? NONE,
    orphans: (traceId) => orphansByTrace.get(traceId) ?? NONE,
    once<T>(what: string, of: Unit | TraceId, compute: () => T): T {
      let known = remembered.get(what);
      if (known === undefined) remembered.set(what, (known = new Map()));
      const before = known.get(of);
      if (before !== undefined || known.has(of)) return before as T;
      const computed = compute();
      known.set(of, computed);
      return computed;
    },
    roots: new Map(),
    climbing: new Set(),
    holders: (key) => holdersByKey.get(key) ?? [],
    producers: (key) => producersByKey.get(key) ?? [],
    consumers: (key) => consumersByKey.get(key) ?? [],
    isWhole: (key) => !cutKeys.has(key),
    linksTo: (path) => linksByTarget.get(path) ?? NONE,
    get truncated() {
      return truncated;
    },
  };
};

const addRequestKeys = ({ consumed }: Unit, keys: Set<StitchKeyIdentity>): void => {
  for (const key of consumed) if (key.kind === "lambda-request") keys.add(stitchKeyIdentity(key));
};

const keysOf = (units: readonly Unit[]): StitchKeyIdentity[] => {
  const identities: StitchKeyIdentity[] = [];
  const add = (key: StitchKey): void => void identities.push(stitchKeyIdentity(key));
  for (const { produced, consumed, seen = [] } of units) {
    for (const { key } of produced) add(key);
    consumed.forEach(add);
    for (const span of seen) [...span.produced, ...span.consumed].forEach(add);
  }
  return identities;
};

const append = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
};

/** The all-zero span id can name no span (W3C), so it names the parents that a trace is missing. */
const NO_SPAN = "0000000000000000" as SpanId;
export const missingParentsOf = (traceId: TraceId): SpanPath => spanPath(traceId, NO_SPAN);
