/**
 * A stitched trace: from its root down along all joins.
 *
 * In      a root (ascend.ts) or, for a batch that somebody asks for by name, the batch unit itself.
 * Out     the spans it holds, the joins between them, the placeholders above them, in causal order.
 * Bounds  `maxUnits`; `truncated` says that it was reached, or that the graph's own bounds were.
 *
 * A batch reached by a *links* join gives only its invocation span: the work for this transaction is in the record unit
 * that received the same message, and what lies below other records belongs to other transactions.
 *
 *   send ─────links────▶ invocation (10 messages)     ← its span, nothing below it
 *     └───continues────▶ record 3 ──▶ …               ← everything
 */
import { type SpanPath, type TraceId, traceOf } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { eachOnce, isExact, isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { type Missing, type Root, missingParents, orphansOf, rootOf, sendersOf } from "./ascend.ts";
import { type Clocks, clocksOf } from "./clock-skew.ts";
import type { Graph } from "./graph.ts";
import { evidencePaths } from "./invocations.ts";
import { type UnitJoin, adriftUnder, byStart, joinsInto, rootsBegunBy, rootsInDoubt } from "./joins.ts";
import { loadBatchesWith } from "./shared-roots.ts";
import type { Unit } from "./units.ts";
import { likelyReceivers } from "./writers.ts";

export interface StitchedTrace {
  readonly id: string;
  /** What is missing at the root or in the middle, and what hangs under it. */
  readonly missing: readonly Missing[];
  /** In causal order: every unit after the one that caused it. */
  readonly parts: readonly Part[];
  readonly joins: readonly UnitJoin[];
  readonly clocks: Clocks;
  readonly truncated: boolean;
}

/** What a stitched trace holds of a unit: all of it, or only the span of the invocation that worked for many. */
export interface Part {
  readonly unit: Unit;
  readonly isWhole: boolean;
  readonly spans: readonly SpanRecord[];
}

export const walk = async (root: Root, graph: Graph, maxUnits: number): Promise<StitchedTrace> => {
  const parts = new Map<Unit, Part>();
  let truncated = false;

  const include = (unit: Unit, isWhole: boolean): boolean => {
    const known = parts.get(unit);
    if (known && (known.isWhole || !isWhole)) return false;
    if (!known && parts.size >= maxUnits) {
      truncated = true;
      return false;
    }
    parts.set(unit, { unit, isWhole, spans: isWhole ? unit.spans : [unit.root] });
    return isWhole;
  };

  let frontier = (root.placeholder ? root.units : [root.unit]).filter((unit) => include(unit, true));
  while (frontier.length > 0) {
    await loadConsumers(frontier, graph);
    const next: Unit[] = [];
    for (const unit of frontier) {
      const strayed = mayHaveStrays(unit, root, graph) ? await strayedFrom(unit, root, graph) : [];
      for (const [one, isWhole] of below(unit, strayed, graph)) if (include(one, isWhole)) next.push(one);
      const invocation = unit.invocation && graph.unitOf(unit.invocation);
      if (invocation) include(invocation, false);
    }
    frontier = next;
  }

  // What its messages' ids outweigh is told as well (context-gaps.ts).
  await graph.load([...parts.keys()].filter(isOfOneMessage).flatMap(({ links }) => links.map((link) => link.traceId)));
  const lent = Array.from(parts.values()).filter(({ isWhole }) => !isWhole);
  await graph.load(lent.flatMap(({ unit }) => coSendersOf(unit, graph)));
  const joins = joinsAmong(parts, graph);
  return {
    id: root.id,
    missing: await missingIn(root, parts, graph),
    parts: [...parts.values()],
    joins,
    clocks: clocksOf([...parts.keys()], joins),
    truncated: truncated || graph.truncated,
  };
};

const isOfOneMessage = ({ isBatch, consumed }: Unit): boolean => !isBatch && consumed.some(isMessageKey);

/** What comes directly below a unit, earliest first, and whether all of it does. */
const below = (unit: Unit, strayed: readonly Unit[], graph: Graph): readonly (readonly [Unit, boolean])[] => {
  const found: (readonly [Unit, boolean])[] = [];
  for (const { to, relation } of consumersOf(unit, graph)) found.push([to, relation === "continues"]);
  for (const one of [recordsOf(unit, graph), strayed].flat()) found.push([one, true]);
  return found.toSorted(([a], [b]) => byStart(a, b));
};

const mayHaveStrays = ({ root: { traceId, parentSpanId }, invocation }: Unit, root: Root, graph: Graph): boolean =>
  parentSpanId === undefined &&
  invocation === undefined &&
  root.placeholder?.traceId !== traceId &&
  graph.orphans(traceId).length > 0;

/** Orphans of a trace that this unit began, wherever in its story they belong. */
const strayedFrom = async ({ root: { traceId } }: Unit, root: Root, graph: Graph): Promise<readonly Unit[]> => {
  const orphans = await orphansOf(traceId, graph);
  const [first] = orphans;
  return first && (await rootOf(first, graph)).id === root.id ? orphans : [];
};

const missingIn = async (root: Root, parts: ReadonlyMap<Unit, Part>, graph: Graph): Promise<readonly Missing[]> => {
  const missing: Missing[] = root.placeholder ? [root] : [];
  for (const traceId of new Set([...parts.keys()].map((unit) => unit.root.traceId))) {
    if (root.placeholder?.traceId === traceId || graph.orphans(traceId).length === 0) continue;
    const units = (await orphansOf(traceId, graph)).filter((unit) => parts.get(unit)?.isWhole);
    if (units.length > 0) missing.push(missingParents(traceId, units));
  }
  return missing;
};

/**
 * So that `consumersOf` and `recordsOf` find all there are. Who carries the context of one of these units, or received what
 * it sent, may have been sent that by another, whose trace is then needed to tell.
 */
export const loadConsumers = async (units: readonly Unit[], graph: Graph): Promise<void> => {
  await graph.load(units.flatMap((unit) => neighbours(unit, graph)));
  const carrying: Unit[] = [];
  for (const unit of units) eachCarrier(unit, graph, (one) => void (one.isBatch || carrying.push(one)));
  const reached = new Set(carrying);
  for (const unit of units) eachReceiver(unit, graph, (one) => void (one.isBatch || reached.add(one)));
  await graph.load([
    ...[...reached].flatMap((unit) => sendersOf(unit, graph)),
    ...units.flatMap((unit) => coSendersOf(unit, graph)),
  ]);
  const inDoubt = [
    ...carrying.flatMap((unit) => rootsInDoubt(unit, graph)),
    ...units.flatMap((unit) => rootsBegunBy(unit, graph)),
  ];
  await loadBatchesWith(inDoubt, graph);
};

/** The units that name one of this unit's spans as their cause; a link's where its trace is loaded. */
const eachCarrier = (unit: Unit, graph: Graph, visit: (carrier: Unit) => void): void => {
  for (const path of pathsOf(unit)) {
    for (const one of graph.unitsUnder(path)) visit(one);
    for (const link of graph.linksTo(path)) {
      const one = graph.unitOf(link.path);
      if (one) visit(one);
    }
  }
};

/** The units that received what this unit sent, where their traces are loaded. */
const eachReceiver = (unit: Unit, graph: Graph, visit: (receiver: Unit) => void): void => {
  for (const key of eachOnce(unit.produced.map((one) => one.key))) {
    for (const { path } of graph.consumers(stitchKeyIdentity(key))) {
      const one = graph.unitOf(path);
      if (one) visit(one);
    }
  }
};

/**
 * The traces of all who say that they sent what this unit did: a batch is not asked for its other messages' senders. By a key that
 * is not exact, it is the sender alone, or is not.
 */
const coSendersOf = (unit: Unit, graph: Graph): readonly TraceId[] =>
  unit.produced
    .flatMap(({ key }) => (isExact(key) ? graph.producers(stitchKeyIdentity(key)) : []))
    .map(({ traceId }) => traceId);

/** The traces in which the units below this one are. */
const neighbours = (unit: Unit, graph: Graph): TraceId[] => {
  const traceIds: TraceId[] = [];
  for (const path of pathsOf(unit)) for (const link of graph.linksTo(path)) traceIds.push(link.traceId);
  for (const key of eachOnce(unit.produced.map((one) => one.key)))
    for (const holder of likelyReceivers(key, unit, graph)) traceIds.push(holder.traceId);
  if (unit.invocation) traceIds.push(traceOf(unit.invocation));
  return traceIds;
};

/** The joins that start in this unit; every candidate is judged by the same rules as on the way up. */
export const consumersOf = (unit: Unit, graph: Graph): UnitJoin[] => {
  const asked = new Set<Unit>([unit]);
  const joins: UnitJoin[] = [];
  const ask = (one: Unit | undefined): void => {
    if (one === undefined || asked.has(one)) return;
    asked.add(one);
    for (const join of joinsFrom(unit, one, graph)) joins.push(join);
  };
  eachCarrier(unit, graph, ask);
  for (const one of adriftUnder(unit, graph)) ask(one);
  eachReceiver(unit, graph, ask);
  // What it came to, as its destination is told.
  if (unit.requestKey) for (const { path } of graph.consumers(unit.requestKey)) ask(graph.unitOf(path));
  return joins;
};

/** By which others may name it. */
const pathsOf = (unit: Unit): readonly SpanPath[] => {
  const paths = unit.spans.map((span) => span.path);
  return unit.platform ? [...paths, ...evidencePaths(unit)] : paths;
};

/** A batch may have ten thousand senders, each of which asks. */
const joinsFrom = (sender: Unit, unit: Unit, graph: Graph): readonly UnitJoin[] => {
  const joins = joinsInto(unit, graph);
  if (joins.length < FEW) return joins.filter((join) => join.fromUnit === sender);
  const bySender = graph.once("joins by sender", unit, () => Map.groupBy(joins, (join) => join.fromUnit));
  return bySender.get(sender) ?? [];
};

const FEW = 8;

/** The record units that ran in this invocation, wherever their own traces are; `neighbours` has them loaded. */
export const recordsOf = (unit: Unit, graph: Graph): readonly Unit[] =>
  graph.recordsIn(unit.path).filter((one) => one !== unit);

const joinsAmong = (parts: ReadonlyMap<Unit, Part>, graph: Graph): UnitJoin[] => {
  const held = new Set<SpanPath>();
  for (const part of parts.values()) for (const span of part.spans) held.add(span.path);
  return [...parts.keys()].flatMap((unit) => joinsInto(unit, graph)).filter((join) => held.has(join.from.path));
};
