/**
 * From any unit up to the root of its stitched trace, along *continues* joins.
 *
 * A batch has no root above it (it works for many); a record of a batch goes up to its own message's sender and never
 * into the batch. Where the evidence names something nobody sent, the root is a placeholder: one per trace for parents
 * that never arrived, one per key for a message that several invocations received and nobody sent.
 *
 * Cost    one load per step; a cycle of joins has its earliest unit as its root.
 */
import type { Placeholder } from "@mayfly/api";
import { type TraceId, spanPath, traceOf } from "../model/ids.ts";
import { type StitchKeyIdentity, formatStitchKey, isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { type Graph, missingParentsOf } from "./graph.ts";
import { byStart, hasProducer, joinsInto } from "./joins.ts";
import type { Unit } from "./units.ts";

export type Root =
  | { readonly id: string; readonly unit: Unit; readonly placeholder?: undefined }
  | { readonly id: string; readonly placeholder: Placeholder; readonly units: readonly Unit[] };

export const rootOf = async (start: Unit, graph: Graph): Promise<Root> => {
  const path = [start];
  let unit = start;
  for (;;) {
    const above = await unitAbove(unit, graph);
    if (above === undefined) break;
    if (path.includes(above)) return earliest(path.slice(path.indexOf(above)));
    path.push(above);
    unit = above;
  }
  return (await placeholderAbove(unit, graph)) ?? { id: unit.path, unit };
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
export const loadSenders = async (units: readonly Unit[], graph: Graph): Promise<void> => {
  const traceIds = units.flatMap((unit) => [
    ...(unit.invocation ? [traceOf(unit.invocation)] : []),
    ...(unit.isBatch ? [] : sendersOf(unit, graph)),
  ]);
  await graph.load(traceIds);
};

const sendersOf = (unit: Unit, graph: Graph): TraceId[] => [
  ...unit.links.map((link) => link.traceId),
  ...unit.consumed
    .flatMap((key) => graph.holders(stitchKeyIdentity(key)))
    .filter((holder) => holder.side === "produced")
    .map((holder) => holder.traceId),
];

const placeholderAbove = async (unit: Unit, graph: Graph): Promise<Root | undefined> =>
  isParentMissing(unit, graph) ? missingParent(unit, graph) : unknownProducer(unit, graph);

export const isParentMissing = (unit: Unit, graph: Graph): boolean => {
  const { traceId, parentSpanId } = unit.root;
  return parentSpanId !== undefined && graph.span(spanPath(traceId, parentSpanId)) === undefined;
};

const missingParent = async (unit: Unit, graph: Graph): Promise<Root> => {
  const { traceId } = unit.root;
  const orphans = graph.units(traceId).filter((one) => isParentMissing(one, graph));
  await loadSenders(orphans, graph);
  const units = orphans.filter((one) => !continuesSomething(one, graph)).toSorted(byStart);
  const parents = new Set(units.map((one) => one.root.parentSpanId));
  const [spanId] = parents.size === 1 ? parents : [];
  const id = missingParentsOf(traceId);
  return { id, placeholder: { id, reason: "missing-parent", traceId, ...(spanId !== undefined && { spanId }) }, units };
};

const continuesSomething = (unit: Unit, graph: Graph): boolean =>
  joinsInto(unit, graph).some((join) => join.relation === "continues");

const unknownProducer = async (unit: Unit, graph: Graph): Promise<Root | undefined> => {
  if (hasProducer(unit, graph) || unit.isBatch) return undefined;
  // A message id tells more than the request id that all attempts of one event share.
  const keys = unit.consumed.toSorted((a, b) => Number(isMessageKey(b)) - Number(isMessageKey(a)));
  for (const key of keys) {
    const units = await consumersOf(stitchKeyIdentity(key), graph);
    if (new Set(units.map((one) => one.invocation ?? one.path)).size < 2) continue;
    const id = formatStitchKey(key);
    return { id, placeholder: { id, reason: "unknown-producer", key }, units };
  }
  return undefined;
};

/** The units that received this key and have no other cause, earliest first; a batch counts by its record units. */
const consumersOf = async (key: StitchKeyIdentity, graph: Graph): Promise<readonly Unit[]> => {
  const holders = graph.holders(key).filter((holder) => holder.side === "consumed");
  await graph.load(holders.map((holder) => holder.traceId));
  const units = new Set(holders.flatMap((holder) => graph.unitOf(spanPath(holder.traceId, holder.spanId)) ?? []));
  await loadSenders([...units], graph);
  return [...units]
    .filter((unit) => !unit.isBatch && !isPartOf(unit, units, graph) && !continuesSomething(unit, graph))
    .toSorted(byStart);
};

const isPartOf = (unit: Unit, units: ReadonlySet<Unit>, graph: Graph): boolean => {
  const invocation = unit.invocation && graph.unitOf(unit.invocation);
  return invocation !== undefined && !invocation.isBatch && units.has(invocation);
};
