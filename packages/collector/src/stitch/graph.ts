/**
 * The part of the graph that one question has looked at so far: loaded trace by trace from the store, kept for the
 * length of the question, never longer.
 *
 * Everything is asked for in bulk (three reads however many traces), so that a walk over a store across a network costs
 * round trips by its depth and not by its size.
 *
 * Bounds  `maxSpans` loaded spans and `maxHolders` key and link holders per read; reaching one sets `truncated`.
 */
import { type SpanId, type SpanPath, type TraceId, spanPath } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { type StitchKeyIdentity, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { KeyHolder, LinkHolder, Store } from "../store/store.ts";
import { type Unit, unitsOf } from "./units.ts";

export interface GraphBounds {
  readonly maxSpans: number;
  readonly maxHolders: number;
}

export interface Graph {
  /** Loads these traces with everything that points at them; a trace is loaded once. */
  load(traceIds: Iterable<TraceId>): Promise<void>;
  isLoaded(traceId: TraceId): boolean;
  units(traceId: TraceId): readonly Unit[];
  /** The span, where it has arrived and its trace is loaded. */
  span(path: SpanPath): SpanRecord | undefined;
  /** The unit that holds this span. */
  unitOf(path: SpanPath): Unit | undefined;
  holders(key: StitchKeyIdentity): readonly KeyHolder[];
  linksTo(path: SpanPath): readonly LinkHolder[];
  readonly truncated: boolean;
}

export const createGraph = (store: Store, bounds: GraphBounds): Graph => {
  const unitsByTrace = new Map<TraceId, readonly Unit[]>();
  const spans = new Map<SpanPath, SpanRecord>();
  const unitBySpan = new Map<SpanPath, Unit>();
  const holdersByKey = new Map<StitchKeyIdentity, KeyHolder[]>();
  const linksByTarget = new Map<SpanPath, LinkHolder[]>();
  let spansLeft = bounds.maxSpans;
  let truncated = false;

  const loadSpans = async (traceIds: readonly TraceId[]): Promise<void> => {
    const loaded = spansLeft > 0 ? await store.spansOfTraces(traceIds, spansLeft) : [];
    spansLeft -= loaded.length;
    if (spansLeft <= 0) truncated = true;
    const byTrace = Map.groupBy(loaded, (span) => span.traceId);
    for (const traceId of traceIds) {
      const units = unitsOf(byTrace.get(traceId) ?? []);
      unitsByTrace.set(traceId, units);
      for (const unit of units) for (const span of unit.spans) index(unit, span);
    }
  };

  const index = (unit: Unit, span: SpanRecord): void => {
    const path = spanPath(span.traceId, span.spanId);
    if (unitBySpan.has(path)) return; // the same id with another content: the first stands for it
    spans.set(path, span);
    unitBySpan.set(path, unit);
  };

  const loadLinks = async (traceIds: readonly TraceId[]): Promise<void> => {
    const links = await store.linksToTraces(traceIds, bounds.maxHolders);
    if (links.length >= bounds.maxHolders) truncated = true;
    for (const link of links) append(linksByTarget, spanPath(link.target.traceId, link.target.spanId), link);
  };

  const loadHolders = async (traceIds: readonly TraceId[]): Promise<void> => {
    const unknown = new Set(keysOf(traceIds.flatMap((id) => unitsByTrace.get(id) ?? [])));
    for (const key of unknown) if (holdersByKey.has(key)) unknown.delete(key);
    const holders = unknown.size > 0 ? await store.holdersOfKeys([...unknown], bounds.maxHolders) : [];
    if (holders.length >= bounds.maxHolders) truncated = true;
    for (const key of unknown) holdersByKey.set(key, []);
    for (const holder of holders) append(holdersByKey, holder.identity, holder);
  };

  return {
    async load(traceIds) {
      const missing = [...new Set(traceIds)].filter((id) => !unitsByTrace.has(id));
      if (missing.length === 0) return;
      await loadSpans(missing);
      await loadLinks(missing);
      await loadHolders(missing);
    },
    isLoaded: (traceId) => unitsByTrace.has(traceId),
    units: (traceId) => unitsByTrace.get(traceId) ?? [],
    span: (path) => spans.get(path),
    unitOf: (path) => unitBySpan.get(path),
    holders: (key) => holdersByKey.get(key) ?? [],
    linksTo: (path) => linksByTarget.get(path) ?? [],
    get truncated() {
      return truncated;
    },
  };
};

const keysOf = (units: readonly Unit[]): StitchKeyIdentity[] =>
  units.flatMap((unit) => [...unit.produced.map((produced) => produced.key), ...unit.consumed].map(stitchKeyIdentity));

const append = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
};

/** The all-zero span id can name no span (W3C), so it names the parents that a trace is missing. */
const NO_SPAN = "0000000000000000" as SpanId;
export const missingParentsOf = (traceId: TraceId): SpanPath => spanPath(traceId, NO_SPAN);
