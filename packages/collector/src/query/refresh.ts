/**
 * Changed traces → what their summaries are now: rows to put, rows to remove.
 *
 * A change reaches further than its own trace: a late sender takes a row's root away from it, a consumer that was a story
 * of its own becomes part of another. So the roots of all of these are looked for again:
 *
 *   1. units of the changed traces, and those that share evidence with them: a key, a link, an invocation;
 *   2. whole units of the rows that hold any of those, as those rows were;
 *   3. whole units of rows that claim a unit which a row made here claims too; until no more are found.
 *
 * A row whose root is not among the roots so found is gone. The span that a batch lends to its members' rows (not whole)
 * does not lead from one of them to the others, or a busy queue would connect everything.
 *
 * In      what the store holds now, and the rows as they were; rows that are `worn`, because a part of what they tell is stored no more;
 *         traces that have changed too and whose turn is `later`.
 * Bounds  the graph's. What it could not hold removes nothing.
 */
import { type SpanPath, type TraceId, traceOf } from "../model/ids.ts";
import type { UnixNano } from "../model/time.ts";
import { traceIdOfRoot } from "../model/xray-header.ts";
import { type Root, rootOf } from "../stitch/ascend.ts";
import type { Graph } from "../stitch/graph.ts";
import { evidencePaths } from "../stitch/invocations.ts";
import { beginningsOf } from "../stitch/joins.ts";
import { memberRootsOf } from "../stitch/members.ts";
import { type Unit, hasSharedHeader } from "../stitch/units.ts";
import { walk } from "../stitch/walk.ts";
import type { Summaries, SummaryRow } from "../store/summaries.ts";
import { coveredBy } from "./covered.ts";
import { holdersOf, neighbours } from "./evidence.ts";
import { rowOf } from "./row.ts";
import { isShown } from "./shown-roots.ts";

/** Rows that one unit or trace can be in: a batch is in the rows of all its messages. */
const MAX_ROWS = 20_000;

export interface Refreshed {
  readonly put: readonly SummaryRow[];
  readonly remove: readonly string[];
  /** Of the traces whose turn is later, those for which nothing is left to do (covered.ts). */
  readonly covered: ReadonlySet<TraceId>;
}

interface Deps {
  readonly graph: Graph;
  readonly summaries: Pick<Summaries, "ofTraces" | "ofUnits">;
  readonly now: UnixNano;
  readonly maxUnits: number;
}

export const refresh = async (
  traceIds: readonly TraceId[],
  worn: readonly SummaryRow[],
  later: readonly TraceId[],
  { graph, summaries, now, maxUnits }: Deps,
): Promise<Refreshed> => {
  const changed = await unitsAround(traceIds, graph);
  const seen = new Set<Unit>();
  const roots = new Map<string, Root>();
  const stale = new Map<string, SummaryRow>();
  const made = new Map<string, SummaryRow>();
  const whole = new Set<Unit>();

  let units: Unit[] = [...changed];
  let old: SummaryRow[] = [
    ...worn,
    ...(await summaries.ofTraces(traceIds, MAX_ROWS)).map(({ row }) => row),
    ...(await summaries.ofUnits(
      [...changed].flatMap((unit) => [unit.path, ...evidencePaths(unit)]),
      MAX_ROWS,
    )),
  ];
  while (units.length > 0 || old.length > 0) {
    for (const row of old) stale.set(row.id, row);
    units.push(...(await wholeUnitsOf(old, graph)));
    for (const unit of withOrphans(units, graph)) {
      if (seen.has(unit)) continue;
      seen.add(unit);
      for (const root of await rootsAt(unit, changed.has(unit), graph)) roots.set(root.id, root);
    }
    units = [];
    const fresh: SummaryRow[] = [];
    for (const root of roots.values()) {
      if (made.has(root.id) || !(await isShown(root, graph))) continue;
      const trace = await walk(root, graph, maxUnits);
      for (const { unit, isWhole } of trace.parts) if (isWhole) whole.add(unit);
      const row = rowOf(trace, graph, now);
      made.set(row.id, row);
      fresh.push(row);
    }
    const claimants = await summaries.ofUnits(fresh.flatMap(wholePaths), MAX_ROWS);
    old = claimants.filter((row) => !stale.has(row.id) && fresh.some((one) => claimTheSame(one, row)));
  }
  const gone = [...stale.keys()].filter((id) => !made.has(id) && (!graph.truncated || roots.has(id)));
  const covered = await coveredBy({ whole, rows: made, lookedAt: stale }, later, graph, summaries);
  return { put: [...made.values()], remove: gone, covered };
};

/** Of a batch that changed itself, its members' rows show the change. */
const rootsAt = async (unit: Unit, hasChanged: boolean, graph: Graph): Promise<readonly Root[]> => [
  await rootOf(unit, graph),
  ...(hasChanged ? await memberRootsOf(unit, graph) : []),
];

const wholePaths = (row: SummaryRow): SpanPath[] => row.units.flatMap(({ path, isWhole }) => (isWhole ? [path] : []));

const claimTheSame = (a: SummaryRow, b: SummaryRow): boolean => {
  const paths = new Set(wholePaths(a));
  return wholePaths(b).some((path) => paths.has(path));
};

const wholeUnitsOf = async (rows: readonly SummaryRow[], graph: Graph): Promise<Unit[]> => {
  const paths = rows.flatMap(wholePaths);
  await graph.load(paths.map(traceOf));
  return paths.flatMap((path) => graph.unitOf(path) ?? []);
};

/** Where one unit's root may have moved, so may that of every orphan of its trace, which follows the trace's beginning. */
const withOrphans = (units: readonly Unit[], graph: Graph): ReadonlySet<Unit> => {
  const all = new Set(units);
  for (const traceId of new Set(units.map((unit) => unit.root.traceId))) {
    const orphans = graph.orphans(traceId);
    if (orphans.length === 0) continue;
    for (const unit of [...orphans, ...beginningsOf(traceId, graph)]) all.add(unit);
  }
  return all;
};

/** The units of these traces, and those of other traces that share evidence with them. */
const unitsAround = async (traceIds: readonly TraceId[], graph: Graph): Promise<ReadonlySet<Unit>> => {
  await graph.load(traceIds);
  const speaking = traceIds.flatMap((traceId) => [...graph.units(traceId), ...graph.seenIn(traceId)]);
  // What called somebody seen from outside, or shares its Root, is in the trace where it was seen.
  const seenIn = new Set([...traceIds, ...speaking.flatMap(evidencePaths).map(traceOf)]);
  const own = [...seenIn].flatMap((traceId) => [...graph.units(traceId), ...graph.seenIn(traceId)]);
  const paths = [...holdersOf(own, graph), ...own.flatMap((unit) => neighbours(unit, graph))];
  await graph.load(paths.map(traceOf));
  const around = new Set([...own, ...paths.flatMap((path) => graph.unitOf(path) ?? [])]);
  const roots = [...around].flatMap(rootsHandedOnBy);
  await graph.load(roots);
  return new Set([...around, ...roots.flatMap((root) => [...graph.units(root), ...graph.seenIn(root)])]);
};

/** What a batch was given as its Root tells nothing of others that have it, once the batch is known. */
const rootsHandedOnBy = (unit: Unit): TraceId[] => {
  if (!hasSharedHeader(unit)) return [];
  const said = unit.consumed.flatMap(({ kind, id }) => (kind === "xray-root" ? (traceIdOfRoot(id) ?? []) : []));
  return [unit.root.traceId, ...said, ...(unit.platform?.spans ?? []).map((span) => span.traceId)];
};
