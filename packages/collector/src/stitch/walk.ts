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
import type { Placeholder, StitchKey } from "@mayfly/api";
import { type SpanPath, type TraceId, spanPath, traceOf } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import type { Root } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { type UnitJoin, adriftUnder, joinsInto } from "./joins.ts";
import type { Unit } from "./units.ts";

export interface StitchedTrace {
  readonly id: string;
  readonly placeholder?: Placeholder;
  /** In causal order: every unit after the one that caused it. */
  readonly parts: readonly Part[];
  readonly joins: readonly UnitJoin[];
  /** The units that hang under the placeholder. */
  readonly orphans: readonly Unit[];
  readonly truncated: boolean;
}

/** What a stitched trace holds of a unit: all of it, or only the span of the invocation that worked for many. */
export interface Part {
  readonly unit: Unit;
  readonly isWhole: boolean;
  readonly spans: readonly SpanRecord[];
}

export const walk = async (root: Root, graph: Graph, maxUnits: number): Promise<StitchedTrace> => {
  const orphans = root.placeholder ? root.units : [];
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
      for (const join of consumersOf(unit, graph))
        if (include(join.to, join.relation === "continues")) next.push(join.to);
      for (const record of recordsOf(unit, graph)) if (include(record, true)) next.push(record);
      const invocation = unit.invocation && graph.unitOf(unit.invocation);
      if (invocation) include(invocation, false);
    }
    frontier = next;
  }

  return {
    id: root.id,
    ...(root.placeholder && { placeholder: root.placeholder }),
    parts: [...parts.values()],
    joins: joinsAmong(parts, graph),
    orphans,
    truncated: truncated || graph.truncated,
  };
};

/** So that `consumersOf` and `recordsOf` find all there are. */
export const loadConsumers = (units: readonly Unit[], graph: Graph): Promise<void> =>
  graph.load(units.flatMap((unit) => neighbours(unit, graph)));

/** The traces in which the units below this one are. */
const neighbours = (unit: Unit, graph: Graph): TraceId[] => [
  ...unit.spans.flatMap((span) => graph.linksTo(spanPath(span.traceId, span.spanId))).map((link) => link.traceId),
  ...unit.produced
    .flatMap(({ key }) => graph.holders(stitchKeyIdentity(key)))
    .filter((holder) => holder.side === "consumed")
    .map((holder) => holder.traceId),
  ...(unit.invocation ? [traceOf(unit.invocation)] : []),
];

/** The joins that start in this unit; every candidate is judged by the same rules as on the way up. */
export const consumersOf = (unit: Unit, graph: Graph): UnitJoin[] => {
  const candidates = new Set<Unit>([
    ...unit.spans.flatMap((span) => graph.unitsUnder(spanPath(span.traceId, span.spanId))),
    ...adriftUnder(unit, graph),
    ...linkHoldersTo(unit, graph),
    ...unit.produced.flatMap(({ key }) => receiversOf(key, graph)),
  ]);
  candidates.delete(unit);
  return [...candidates].flatMap((one) => joinsBySender(one, graph).get(unit) ?? []);
};

const joinsBySender = (unit: Unit, graph: Graph): ReadonlyMap<Unit, readonly UnitJoin[]> =>
  graph.once("joins by sender", unit, () => Map.groupBy(joinsInto(unit, graph), (join) => join.fromUnit));

const linkHoldersTo = (unit: Unit, graph: Graph): Unit[] =>
  unit.spans
    .flatMap((span) => graph.linksTo(spanPath(span.traceId, span.spanId)))
    .flatMap((link) => graph.unitOf(spanPath(link.traceId, link.spanId)) ?? []);

const receiversOf = (key: StitchKey, graph: Graph): Unit[] =>
  graph
    .holders(stitchKeyIdentity(key))
    .filter((holder) => holder.side === "consumed")
    .flatMap((holder) => graph.unitOf(spanPath(holder.traceId, holder.spanId)) ?? []);

/** The record units that ran in this invocation, wherever their own traces are; `neighbours` has them loaded. */
export const recordsOf = (unit: Unit, graph: Graph): readonly Unit[] =>
  graph.recordsIn(unit.path).filter((one) => one !== unit);

const joinsAmong = (parts: ReadonlyMap<Unit, Part>, graph: Graph): UnitJoin[] => {
  const held = new Set<SpanPath>();
  for (const part of parts.values()) for (const span of part.spans) held.add(spanPath(span.traceId, span.spanId));
  return [...parts.keys()]
    .flatMap((unit) => joinsInto(unit, graph))
    .filter((join) => held.has(spanPath(join.from.traceId, join.from.spanId)));
};
