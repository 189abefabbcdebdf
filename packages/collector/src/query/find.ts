/**
 * From whatever id somebody has in hand to the stitched trace that it belongs to.
 *
 * An id is a unit's `<traceId>.<spanId>` (old links keep working when late data moves the root), a placeholder's id, a
 * W3C trace id, a request id, also one that only log lines name, or the id of any stitch key. Asked for a batch by name,
 * the answer is the batch itself, with the transactions it worked for in `memberOf`; asked for one of its messages, it is
 * that message's transaction.
 */
import { type SpanPath, isSpanId, isTraceId, spanPath } from "../model/ids.ts";
import { parseStitchKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { type Root, rootOf } from "../stitch/ascend.ts";
import { type Graph, createGraph, missingParentsOf } from "../stitch/graph.ts";
import { byStart, joinsInto } from "../stitch/joins.ts";
import { membersOf } from "../stitch/members.ts";
import type { Unit } from "../stitch/units.ts";
import { type StitchedTrace, walk } from "../stitch/walk.ts";
import type { Inquiry, KeyHolder, StoreReader } from "../store/store.ts";

/** A stitched trace past these is cut and says so. */
export const WALK_BOUNDS = { maxSpans: 100_000, maxHolders: 20_000, maxUnits: 20_000 };
/** Of one id's matches, so many are followed to their roots. */
const MAX_SEEDS = 50;
/** Of a request that only log lines name, so many are looked at. */
const MAX_LINES = 1_000;

export interface Found {
  readonly trace: StitchedTrace;
  readonly graph: Graph;
  readonly memberOf: readonly string[];
  readonly alternatives: readonly string[];
  /** Whether it would be found like this again; and what the store told of it, in bytes. */
  readonly asked: Pick<Inquiry, "isCurrent" | "bytes">;
}

export const findTrace = async (store: Pick<StoreReader, "inquire">, id: string): Promise<Found | undefined> => {
  const asked = store.inquire();
  const graph = createGraph({ asOfNow: () => asked }, WALK_BOUNDS);
  const seeds = await seedsOf(id, asked, graph);
  const [newest, ...others] = await rootsOf(seeds.toSorted((a, b) => byStart(b, a)).slice(0, MAX_SEEDS), graph);
  if (newest === undefined) return undefined;
  return {
    trace: await walk(newest, graph, WALK_BOUNDS.maxUnits),
    graph,
    memberOf: newest.placeholder ? [] : await membersOf(newest.unit, graph),
    alternatives: others.map((root) => root.id),
    asked,
  };
};

export interface FoundUnits extends Pick<Found, "asked"> {
  readonly units: readonly Unit[];
  readonly truncated: boolean;
}

/** The units of one W3C trace, bare. */
export const findUnits = async (store: Pick<StoreReader, "inquire">, id: string): Promise<FoundUnits> => {
  const asked = store.inquire();
  const graph = createGraph({ asOfNow: () => asked }, WALK_BOUNDS);
  const [seed] = await seedsOf(id, asked, graph);
  const named = id.toLowerCase();
  const traceId = isTraceId(named) ? named : seed?.root.traceId;
  return {
    units: seed && traceId ? graph.bareUnits(traceId) : [],
    truncated: graph.truncated,
    asked,
  };
};

const seedsOf = async (id: string, store: Inquiry, graph: Graph): Promise<readonly Unit[]> => {
  const hex = id.toLowerCase();
  const [traceId = "", spanId = ""] = hex.split(".");
  if (isTraceId(traceId)) {
    await graph.load([traceId]);
    const units = [...graph.units(traceId), ...graph.seenIn(traceId)];
    const isPlaceholder = hex === missingParentsOf(traceId);
    const orphans = graph.orphans(traceId);
    if (isPlaceholder && orphans.length > 0) return orphans;
    // Of a placeholder whose span has come since, the trace is what is left of its id.
    if ((hex === traceId || isPlaceholder) && units.length > 0) return tops(withoutTheirRecords(units), graph);
    const unit = isSpanId(spanId) && graph.unitOf(spanPath(traceId, spanId));
    if (unit) return [unit];
  }
  for (const look of [unitsOfRequest, unitsOfKey, unitsOfLogs]) {
    const units = await look(id, store, graph);
    if (units.length > 0) return units;
  }
  return [];
};

const unitsOfRequest = async (requestId: string, store: Inquiry, graph: Graph): Promise<readonly Unit[]> => {
  const traceIds = await store.tracesOfRequest(requestId, MAX_SEEDS);
  await graph.load(traceIds);
  return withoutTheirRecords(
    distinctUnits(traceIds.flatMap((traceId) => [...graph.units(traceId), ...graph.seenIn(traceId)])).filter((unit) =>
      ranIn(unit, requestId),
    ),
  );
};

const distinctUnits = (units: readonly Unit[]): readonly Unit[] => [...new Set(units)];

const ranIn = (unit: Unit, requestId: string): boolean =>
  unit.requestId === requestId || unit.spans.some((span) => span.requestId === requestId);

const unitsOfKey = async (id: string, store: Inquiry, graph: Graph): Promise<readonly Unit[]> => {
  const written = parseStitchKey(id);
  const keys = written ? [written] : await store.keysWithId(id, MAX_SEEDS);
  if (keys.length === 0) return [];
  const holders = await store.holdersOfKeys(keys.map(stitchKeyIdentity), WALK_BOUNDS.maxHolders);
  const produced = await unitsOfHolders(
    holders.filter((holder) => holder.side === "produced").slice(-MAX_SEEDS),
    graph,
  );
  if (produced.length > 0) return produced;
  const consumed = await unitsOfHolders(holders.slice(-MAX_SEEDS), graph);
  const single = consumed.filter((unit) => !unit.isBatch);
  return single.length > 0 ? single : consumed;
};

const unitsOfHolders = async (holders: readonly KeyHolder[], graph: Graph): Promise<readonly Unit[]> => {
  await graph.load(holders.map((holder) => holder.traceId));
  return [...new Set(holders.flatMap((holder) => graph.unitOf(holder.path) ?? []))];
};

/** A request that no span names: its log lines say in which trace, and often in which span, they were written. */
const unitsOfLogs = async (requestId: string, store: Inquiry, graph: Graph): Promise<readonly Unit[]> => {
  const lines = await store.logs({ requestIds: [requestId], limit: MAX_LINES });
  const written = lines.flatMap(({ traceId, spanId }) => (traceId === undefined ? [] : [{ traceId, spanId }]));
  await graph.load([...new Set(written.map(({ traceId }) => traceId))].slice(0, MAX_SEEDS));
  const named = written.flatMap(({ traceId, spanId }) => (spanId && graph.unitOf(spanPath(traceId, spanId))) ?? []);
  if (named.length > 0) return withoutTheirRecords(distinctUnits(named));
  const inTraces = distinctUnits(written.flatMap(({ traceId }) => [...graph.units(traceId), ...graph.seenIn(traceId)]));
  return tops(withoutTheirRecords(inTraces), graph);
};

/** An invocation named by its id stands for its records too. */
const withoutTheirRecords = (units: readonly Unit[]): readonly Unit[] => {
  const paths = new Set<SpanPath>(units.map((unit) => unit.path));
  return units.filter((unit) => unit.invocation === undefined || !paths.has(unit.invocation));
};

/** Those that no other of them leads to, so that a large trace is not climbed from each of its leaves. */
const tops = (units: readonly Unit[], graph: Graph): readonly Unit[] => {
  const all = new Set(units);
  return units.filter((unit) => !joinsInto(unit, graph).some((join) => all.has(join.fromUnit)));
};

/** Each root once, newest first. */
const rootsOf = async (seeds: readonly Unit[], graph: Graph): Promise<readonly Root[]> => {
  const roots = new Map<string, Root>();
  for (const seed of seeds) {
    const root = await rootOf(seed, graph);
    roots.set(root.id, root);
  }
  return [...roots.values()].toSorted((a, b) => Number(startOf(b) - startOf(a)) || (a.id < b.id ? -1 : 1));
};

const startOf = (root: Root): bigint => {
  const first = root.placeholder ? root.units[0] : root.unit;
  return first?.root.start ?? 0n;
};
