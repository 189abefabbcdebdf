/**
 * Changed traces that need no turn of their own, because a story that was made meanwhile holds all of them: of a message with
 * ten thousand receivers each is a trace that has changed, and each would have the same story worked out again.
 *
 * A trace is covered when its units, and all that share evidence with them, are of stories made here (whole parts, or cut off by a
 * bound), and every row that it was in is one that was made or looked at. Where something was seen
 * from outside, the trace where it was seen has to be told likewise. Batches are in many stories, and wait for their turn.
 */
import { type SpanPath, type TraceId, traceOf } from "../model/ids.ts";
import { type StitchKeyIdentity, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { Graph } from "../stitch/graph.ts";
import { evidencePaths } from "../stitch/invocations.ts";
import type { Unit } from "../stitch/units.ts";
import type { Summaries } from "../store/summaries.ts";
import { keysOf, mattersToAll, neighbours, receiversOfItems } from "./evidence.ts";

interface Made {
  /** Whole parts of the stories. */
  readonly whole: ReadonlySet<Unit>;
  /** Their rows, and those that were looked at, by id. */
  readonly rows: ReadonlyMap<string, unknown>;
  readonly lookedAt: ReadonlyMap<string, unknown>;
}

/** More rows than a trace outside a batch is in. */
const MAX_ROWS = 1_000;

export const coveredBy = async (
  { whole, rows, lookedAt }: Made,
  traceIds: readonly TraceId[],
  graph: Graph,
  summaries: Pick<Summaries, "ofTraces">,
): Promise<ReadonlySet<TraceId>> => {
  if (graph.truncated) return new Set();
  const isTold = (unit: Unit): boolean =>
    !unit.isBatch && (whole.has(unit) || rows.has(graph.roots.get(unit)?.id ?? ""));
  const holds = (path: SpanPath): boolean => {
    const unit = graph.unitOf(path);
    return unit !== undefined && isTold(unit);
  };
  const keys = new Map<StitchKeyIdentity, boolean>();
  const holdsAllOf = (key: StitchKeyIdentity): boolean => {
    const known = keys.get(key) ?? graph.holders(key).every(({ path }) => holds(path));
    keys.set(key, known);
    return known;
  };
  const isWithin = (unit: Unit): boolean =>
    isTold(unit) &&
    keysOf(unit).every((key) => !mattersToAll(key) || holdsAllOf(stitchKeyIdentity(key))) &&
    receiversOfItems(unit, graph).every(holds) &&
    neighbours(unit, graph).every(holds) &&
    evidencePaths(unit).every((path) => unitsIn(traceOf(path)).every(isTold));
  const unitsIn = (traceId: TraceId): readonly Unit[] => [...graph.units(traceId), ...graph.seenIn(traceId)];
  const within = traceIds.filter((traceId) => {
    const units = unitsIn(traceId);
    return units.length > 0 && units.every(isWithin);
  });
  const covered = new Set(within);
  const before = await summaries.ofTraces(within, MAX_ROWS);
  if (before.length >= MAX_ROWS) return new Set();
  for (const { row } of before)
    if (!rows.has(row.id) && !lookedAt.has(row.id)) for (const { path } of row.units) covered.delete(traceOf(path));
  return covered;
};
