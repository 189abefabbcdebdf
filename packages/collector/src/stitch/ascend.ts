/**
 * From any unit up to the root of its stitched trace, along *continues* joins.
 *
 * A batch has no root above it (it works for many); a record of a batch goes up to its own message's sender and never
 * into the batch. Where the evidence names something nobody sent, the root is a placeholder: one per trace for parents
 * that never arrived (unless the trace has a beginning, and only its middle is missing: then that is the root), one for all invocations that ids connect which nobody says to have sent.
 *
 * Cost    one load per step; a cycle of joins has its earliest unit as its root.
 */
import type { Placeholder, StitchKey } from "@mayfly/api";
import { type TraceId, traceOf } from "../model/ids.ts";
import {
  type StitchKeyIdentity,
  isExact,
  isMessageKey,
  parseStitchKey,
  stitchKeyIdentity,
} from "../model/stitch-key.ts";
import { type Graph, missingParentsOf } from "./graph.ts";
import { beginningsOf, byStart, hasProducer, joinsInto, rootsInDoubt } from "./joins.ts";
import { batchBefore, loadBatchesWith, mayNameHeadersParent } from "./shared-roots.ts";
import { type Unit, hasSharedHeader } from "./units.ts";
import { likelyWriters } from "./writers.ts";

export type Root =
  | { readonly id: string; readonly unit: Unit; readonly placeholder?: undefined }
  | ({ readonly id: string } & Missing);

/** Found once per graph for every unit on the way, because a trace is climbed from all of its units. */
export const rootOf = async (start: Unit, graph: Graph): Promise<Root> => {
  const path = new Set<Unit>();
  let root: Root | undefined;
  for (let unit: Unit | undefined = start; root === undefined;) {
    root = graph.roots.get(unit);
    if (root) break;
    if (path.has(unit)) root = earliest(cycleFrom(unit, path));
    else {
      path.add(unit);
      const above = await unitAbove(unit, graph);
      if (above === undefined) root = (await placeholderAbove(unit, graph)) ?? { id: unit.path, unit };
      else unit = above;
    }
  }
  for (const unit of path) graph.roots.set(unit, root);
  return root;
};

const cycleFrom = (entry: Unit, path: ReadonlySet<Unit>): readonly Unit[] => {
  const units = [...path];
  return units.slice(units.indexOf(entry));
};

/** The root of a cycle is the same from wherever it was entered. */
const earliest = (cycle: readonly Unit[]): Root => {
  const unit = cycle.reduce((first, one) => (byStart(one, first) < 0 ? one : first));
  return { id: unit.path, unit };
};

const unitAbove = async (unit: Unit, graph: Graph): Promise<Unit | undefined> => {
  await loadSenders([unit], graph);
  const join = joinsInto(unit, graph).find((one) => one.relation === "continues");
  if (join) return join.fromUnit;
  const invocation = unit.invocation && graph.unitOf(unit.invocation);
  return invocation && !invocation.isBatch && !isParentMissing(unit, graph) ? invocation : undefined;
};

/** A batch is asked for its senders only when somebody looks at all its members. */
const loadSenders = async (units: readonly Unit[], graph: Graph): Promise<void> => {
  const traceIds = units.flatMap((unit) => [
    ...(unit.invocation ? [traceOf(unit.invocation)] : []),
    ...(unit.isBatch ? [] : sendersOf(unit, graph)),
  ]);
  await graph.load(traceIds);
  await loadBatchesWith(
    units.flatMap((unit) => rootsInDoubt(unit, graph)),
    graph,
  );
};

/** The traces of all that may have sent what it received. */
export const sendersOf = (unit: Unit, graph: Graph): TraceId[] => [
  ...[...unit.links, ...(unit.platform?.senders ?? [])].map((link) => link.traceId),
  ...unit.consumed.flatMap((key) => likelyWriters(key, unit, graph)).map((holder) => holder.traceId),
];

const placeholderAbove = async (unit: Unit, graph: Graph): Promise<Root | undefined> => {
  if (!isParentMissing(unit, graph)) return unknownProducer(unit, graph);
  return isStranded(unit, graph) ? undefined : missingParent(unit, graph);
};

export const isParentMissing = (unit: Unit, graph: Graph): boolean => {
  const { parentPath } = unit.root;
  return parentPath !== undefined && !hasSharedHeader(unit) && graph.span(parentPath) === undefined;
};

/** Its missing parent may be Lambda's, and its trace a batch's header's: of whose story it is then cannot be told. */
const isStranded = (unit: Unit, graph: Graph): boolean =>
  isParentMissing(unit, graph) &&
  mayNameHeadersParent(unit) &&
  batchBefore(unit, unit.root.traceId, graph) !== undefined;

/** One for all orphans of a trace that no other evidence leads up from. */
const missingParent = async (unit: Unit, graph: Graph): Promise<Root> => {
  const { traceId } = unit.root;
  const units = await orphansOf(traceId, graph);
  const root = (await beginning(traceId, graph)) ?? {
    id: missingParentsOf(traceId),
    ...missingParents(traceId, units),
  };
  for (const one of units) graph.roots.set(one, root);
  return root;
};

/** The units of the trace that only a parent which never arrived could have led to, earliest first. */
export const orphansOf = async (traceId: TraceId, graph: Graph): Promise<readonly Unit[]> => {
  const orphans = graph.orphans(traceId);
  await loadSenders(orphans, graph);
  return orphans.filter((one) => !continuesSomething(one, graph) && !isStranded(one, graph)).toSorted(byStart);
};

export interface Missing {
  readonly placeholder: Placeholder;
  /** What hangs under it, earliest first. */
  readonly units: readonly Unit[];
}

export const missingParents = (traceId: TraceId, units: readonly Unit[]): Missing => {
  const parents = new Set(units.map((one) => one.root.parentSpanId));
  const [spanId] = parents.size === 1 ? parents : [];
  const id = missingParentsOf(traceId);
  return { placeholder: { id, reason: "missing-parent", traceId, ...(spanId !== undefined && { spanId }) }, units };
};

/** The root of the trace's parentless units, where they have one and the same; a trace id may serve several stories. */
const beginning = async (traceId: TraceId, graph: Graph): Promise<Root | undefined> => {
  // What begins the trace may itself have been caused by one of its orphans: then there is no other beginning.
  if (graph.climbing.has(traceId)) return undefined;
  graph.climbing.add(traceId);
  const roots = new Map<string, Root>();
  const first = beginningsOf(traceId, graph);
  const uncaused = first.filter((unit) => unit.links.length === 0 && !hasProducer(unit, graph));
  // One that was sent something may lead up to these very orphans, and begins the trace only where nothing else does.
  for (const unit of uncaused.length > 0 ? uncaused : first) {
    const root = await rootOf(unit, graph);
    roots.set(root.id, root);
    if (roots.size > 1) break;
  }
  graph.climbing.delete(traceId);
  return roots.size === 1 ? roots.values().next().value : undefined;
};

const continuesSomething = (unit: Unit, graph: Graph): boolean =>
  joinsInto(unit, graph).some((join) => join.relation === "continues");

/**
 * One for all units that keys without a producer connect, directly or through each other: they have one cause, whatever
 * names of it reached them (a message's id in SQS and in SNS, say). Named by the smallest key that two invocations share.
 */
const unknownProducer = async (unit: Unit, graph: Graph): Promise<Root | undefined> => {
  if (hasProducer(unit, graph) || unit.isBatch) return undefined;
  const units = new Set([unit]);
  const shared = new Map<StitchKeyIdentity, StitchKey>();
  const asked = new Set<StitchKeyIdentity>();
  for (const one of units) {
    for (const key of one.consumed.filter(isExact)) {
      const identity = stitchKeyIdentity(key);
      if (asked.has(identity)) continue;
      asked.add(identity);
      const consumers = await consumersOf(identity, graph);
      if (new Set(consumers.map((each) => each.invocation ?? each.path)).size < 2) continue;
      shared.set(identity, key);
      for (const consumer of consumers) units.add(consumer); // and the loop comes to it
    }
  }
  const [first] = [...shared].toSorted(([a, keyA], [b, keyB]) => byWorth(keyA, keyB) || (a < b ? -1 : 1));
  if (first === undefined) return undefined;
  const [id, received] = first;
  const key = parseStitchKey(id) ?? received; // without a scope that only some of them saw
  const root = {
    id,
    placeholder: { id, reason: "unknown-producer", key } as const,
    units: [...units].toSorted(byStart),
  };
  for (const one of units) graph.roots.set(one, root);
  return root;
};

/** A message id tells more than the request id that all attempts of one event share. */
const byWorth = (a: StitchKey, b: StitchKey): number => Number(isMessageKey(b)) - Number(isMessageKey(a));

/** The units that received this key and have no other cause; a batch counts by its record units. */
const consumersOf = async (key: StitchKeyIdentity, graph: Graph): Promise<readonly Unit[]> => {
  const holders = graph.consumers(key);
  await graph.load(holders.map((holder) => holder.traceId));
  const units = new Set(holders.flatMap((holder) => graph.unitOf(holder.path) ?? []));
  await loadSenders([...units], graph);
  return [...units].filter(
    (unit) =>
      !unit.isBatch &&
      !isPartOf(unit, units, graph) &&
      !isParentMissing(unit, graph) &&
      !continuesSomething(unit, graph) &&
      !hasProducer(unit, graph),
  );
};

const isPartOf = (unit: Unit, units: ReadonlySet<Unit>, graph: Graph): boolean => {
  const invocation = unit.invocation && graph.unitOf(unit.invocation);
  return invocation !== undefined && !invocation.isBatch && units.has(invocation);
};
