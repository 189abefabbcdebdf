/** What summaries and searches must equal: every root walked by itself, which knows enough, and the query asked of each. */
import { expect } from "vitest";
import type { SpanRecord } from "../src/model/span.ts";
import { WALK_BOUNDS } from "../src/query/find.ts";
import type { Query } from "../src/query/grammar.ts";
import { holds } from "../src/query/match.ts";
import { rowOf } from "../src/query/row.ts";
import { isShown } from "../src/query/shown-roots.ts";
import { rootOf } from "../src/stitch/ascend.ts";
import { createGraph } from "../src/stitch/graph.ts";
import { type Part, walk } from "../src/stitch/walk.ts";
import type { Store } from "../src/store/store.ts";
import type { SummaryRow } from "../src/store/summaries.ts";
import { LATER } from "./stitched.ts";

interface Walked {
  readonly row: SummaryRow;
  readonly spans: readonly SpanRecord[];
}

/** By id. undefined where the walk has no one answer: a circle of missing parents has the root from which it is entered. */
export const walked = async (store: Store, now = LATER): Promise<readonly Walked[] | undefined> => {
  const all = new Map<string, Walked>();
  const traceIds = (await store.changedTraces(undefined, 1_000_000)).traceIds;
  const everything = createGraph(store, WALK_BOUNDS);
  await everything.load(traceIds);
  const units = traceIds.flatMap((traceId) => everything.units(traceId));
  const backwards = createGraph(store, WALK_BOUNDS);
  await backwards.load(traceIds);
  for (const { path } of units.toReversed()) await rootOf(backwards.unitOf(path)!, backwards);
  for (const unit of units) {
    const graph = createGraph(store, WALK_BOUNDS);
    await graph.load([unit.root.traceId]);
    const root = await rootOf(graph.unitOf(unit.path)!, graph);
    const others = [await rootOf(unit, everything), await rootOf(backwards.unitOf(unit.path)!, backwards)];
    if (others.some(({ id }) => id !== root.id)) return undefined;
    if (all.has(root.id) || !(await isShown(root, graph))) continue;
    const trace = await walk(root, graph, WALK_BOUNDS.maxUnits);
    const row = rowOf(trace, graph, now);
    const knowingAll = await walk(await rootOf(unit, everything), everything, WALK_BOUNDS.maxUnits);
    expect(row, "a walk that knows all").toEqual(rowOf(knowingAll, everything, now));
    all.set(root.id, { row, spans: trace.parts.flatMap(spansOf) });
  }
  return [...all.values()].toSorted((a, b) => (a.row.id < b.row.id ? -1 : 1));
};

/** What was seen of an invocation is found with it. */
const spansOf = ({ spans, unit: { platform } }: Part): readonly SpanRecord[] => [...spans, ...(platform?.spans ?? [])];

/** Ids of the traces for which the query holds. */
export const matching = (query: Query, all: readonly Walked[], now = LATER): readonly string[] =>
  all.filter(({ row, spans }) => holds(query, row, spans, now)).map(({ row }) => row.id);
