/**
 * The stitched traces that a batch worked for: those of its messages' senders, and those that its own record units
 * begin where a sender is unknown.
 */
import type { StitchKey } from "@mayfly/api";
import type { TraceId } from "../model/ids.ts";
import { isExact, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { KeyHolder } from "../store/store.ts";
import { type Root, rootOf } from "./ascend.ts";
import type { Graph } from "./graph.ts";
import { joinsInto } from "./joins.ts";
import { recordsOf } from "./walk.ts";
import type { Unit } from "./units.ts";
import { likelyWriters } from "./writers.ts";

/** Ids of stitched traces, in the order of the batch; empty for a unit that is no batch. */
export const membersOf = async (batch: Unit, graph: Graph): Promise<readonly string[]> =>
  (await memberRootsOf(batch, graph)).map((root) => root.id);

/** Each once. */
export const memberRootsOf = async (batch: Unit, graph: Graph): Promise<readonly Root[]> => {
  if (!batch.isBatch) return [];
  await graph.load(tracesAround(batch, graph));
  const senders = joinsInto(batch, graph).flatMap((join) => (join.relation === "links" ? [join.fromUnit] : []));
  const roots = new Map<string, Root>();
  for (const unit of new Set([...senders, ...recordsOf(batch, graph)])) {
    const root = await rootOf(unit, graph);
    roots.set(root.id, root);
  }
  return [...roots.values()];
};

const tracesAround = (batch: Unit, graph: Graph): TraceId[] => [
  ...batch.links.map((link) => link.traceId),
  ...batch.consumed.flatMap((key) => holdersBeside(key, batch, graph)).map((holder) => holder.traceId),
  ...batch.spans.flatMap((span) => graph.linksTo(span.path)).map((link) => link.traceId),
];

/** Who else received a change of an item is no other part of this batch. */
const holdersBeside = (key: StitchKey, batch: Unit, graph: Graph): readonly KeyHolder[] =>
  isExact(key) ? graph.holders(stitchKeyIdentity(key)) : likelyWriters(key, batch, graph);
