/**
 * The list of stitched traces, newest first: one row per root.
 *
 * W3C traces are read in order of their start, some at a time; those units of theirs that are a root begin a row each.
 * A row stands where its root's trace stands, so that pages neither repeat nor skip one while data arrives. A batch is no
 * row of its own where its messages' transactions are: they show it.
 *
 * Bounds  `MAX_SCANNED` W3C traces per page; a page that was cut there has fewer rows and a cursor.
 */
import type { TraceSummary } from "@mayfly/api";
import { type KeyValue, type Span, type SpanEvent, anyValueToPlain } from "@mayfly/otlp";
import { isTraceId } from "../model/ids.ts";
import type { UnixNano } from "../model/time.ts";
import { type Root, loadSenders, rootOf } from "../stitch/ascend.ts";
import { gapsOf } from "../stitch/gaps.ts";
import { type Graph, createGraph } from "../stitch/graph.ts";
import { type UnitJoin, byStart } from "../stitch/joins.ts";
import { membersOf } from "../stitch/members.ts";
import type { Unit } from "../stitch/units.ts";
import { type StitchedTrace, consumersOf, loadConsumers, walk } from "../stitch/walk.ts";
import type { Store, TraceEntry } from "../store/store.ts";
import { WALK_BOUNDS } from "./find.ts";
import { summaryOf } from "./head.ts";

const MAX_SCANNED = 500;
const SCAN_STEP = 25;
const UNITS_PER_TURN = 200;

export interface ListQuery {
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly function?: string;
  /** Text that occurs in a name, an id, a function, a status message, or a value of an attribute or event. */
  readonly q?: string;
  readonly minDurationMs?: number;
  readonly status?: "ok" | "error";
  readonly limit: number;
  readonly cursor?: ListCursor;
}

/** Everything up to `after` was looked at, and `taken` rows of what follows it. */
export interface ListCursor {
  readonly after?: TraceEntry;
  readonly taken: number;
}

export const listTraces = async (
  store: Store,
  query: ListQuery,
  now: UnixNano,
  limits = WALK_BOUNDS,
): Promise<{ traces: readonly TraceSummary[]; cursor?: ListCursor }> => {
  const traces: TraceSummary[] = [];
  let { after, taken: skip } = query.cursor ?? { taken: 0 };
  for (let scanned = 0; scanned < MAX_SCANNED;) {
    if (scanned > 0) await letOthersRun();
    const entries = await store.traceEntries({ ...bounds(query), ...(after && { after }), limit: SCAN_STEP });
    const shared = await graphOf(entries, store, limits);
    for (const entry of entries) {
      let found = await rowsOf(entry, shared, query, now);
      // What one graph cannot hold together is looked at one by one, so that no trace is passed over unseen.
      if (shared.truncated) found = await rowsOf(entry, await graphOf([entry], store, limits), query, now);
      const rows = found.slice(skip);
      const room = query.limit - traces.length;
      traces.push(...rows.slice(0, room));
      if (rows.length > room) return { traces, cursor: { ...(after && { after }), taken: skip + room } };
      after = entry;
      skip = 0;
    }
    scanned += entries.length;
    if (entries.length < SCAN_STEP) return { traces };
  }
  return { traces, cursor: { ...(after && { after }), taken: 0 } };
};

const graphOf = async (entries: readonly TraceEntry[], store: Store, limits: typeof WALK_BOUNDS): Promise<Graph> => {
  const graph = createGraph(store, limits);
  await graph.load(entries.map((entry) => entry.traceId));
  return graph;
};

const bounds = (query: ListQuery): { from?: UnixNano; to?: UnixNano } => ({
  ...(query.from !== undefined && { from: query.from }),
  ...(query.to !== undefined && { to: query.to }),
});

const rowsOf = async (entry: TraceEntry, graph: Graph, query: ListQuery, now: UnixNano): Promise<TraceSummary[]> => {
  const rows: TraceSummary[] = [];
  for (const root of await rootsIn(entry, graph)) {
    const trace = await walk(root, graph, WALK_BOUNDS.maxUnits);
    const summary = summaryOf(trace, gapsOf(trace, graph, now), now);
    if (matches(summary, trace, query)) rows.push(summary);
  }
  return rows;
};

const rootsIn = async (entry: TraceEntry, graph: Graph): Promise<Root[]> => {
  const units = graph.units(entry.traceId).toSorted((a, b) => byStart(b, a));
  await loadSenders(units, graph);
  const roots: Root[] = [];
  for (const [index, unit] of units.entries()) {
    if (index % UNITS_PER_TURN === UNITS_PER_TURN - 1) await letOthersRun();
    const root = await rootOf(unit, graph);
    const first = root.placeholder ? root.units[0] : root.unit;
    if (first === unit && !(await isShownByItsMembers(unit, graph))) roots.push(root);
  }
  return roots;
};

/** Its senders show it, and nothing that it did beside its records would be seen nowhere. */
const isShownByItsMembers = async (unit: Unit, graph: Graph): Promise<boolean> =>
  unit.isBatch && (await membersOf(unit, graph)).length > 0 && (await consumersBeside(unit, graph)).length === 0;

const consumersBeside = async (batch: Unit, graph: Graph): Promise<readonly UnitJoin[]> => {
  await loadConsumers([batch], graph);
  return consumersOf(batch, graph).filter((join) => join.to.invocation !== batch.path);
};

/** The store answers at once, so without this nobody else would be served while many traces, or a wide one, are walked. */
const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const matches = (summary: TraceSummary, trace: StitchedTrace, query: ListQuery): boolean => {
  if (query.function !== undefined && !summary.functions.includes(query.function)) return false;
  if (query.minDurationMs !== undefined && summary.durationNs < query.minDurationMs * 1e6) return false;
  if (query.status !== undefined && (query.status === "error") !== summary.errorCount > 0) return false;
  return query.q === undefined || holdsText(summary, trace, query.q.toLowerCase());
};

const holdsText = (summary: TraceSummary, trace: StitchedTrace, text: string): boolean => {
  const words = [summary.id, ...summary.traceIds, ...summary.requestIds, ...summary.functions];
  if (words.some((word) => word.toLowerCase().includes(text))) return true;
  return trace.parts.some((part) => part.spans.some((span) => spanText(span.wire).includes(text)));
};

const spanText = ({ traceId, spanId, name, status, attributes, events }: Span): string =>
  [traceId, spanId, name, status?.message ?? "", ...attributes.flatMap(wordsOf), ...events.flatMap(eventWords)]
    .join("\n")
    .toLowerCase();

const eventWords = ({ name, attributes }: SpanEvent): readonly string[] => [name, ...attributes.flatMap(wordsOf)];

/** Values as a reader knows them: strings as they are, everything else as JSON. */
const wordsOf = ({ value }: KeyValue): readonly string[] => {
  const plain = anyValueToPlain(value);
  return [typeof plain === "string" ? plain : JSON.stringify(plain)];
};

/** Opaque to clients: `<start>.<traceId>.<taken>`, the first two empty before the first trace. */
export const formatCursor = ({ after, taken }: ListCursor): string =>
  Buffer.from(`${after?.start ?? ""}.${after?.traceId ?? ""}.${taken}`).toString("base64url");

/** undefined where the text is no cursor of ours. */
export const parseCursor = (text: string): ListCursor | undefined => {
  const [start = "", traceId = "", taken = ""] = Buffer.from(text, "base64url").toString().split(".");
  if (!/^\d{1,6}$/.test(taken)) return undefined;
  if (start === "" && traceId === "") return { taken: Number(taken) };
  if (!/^\d{1,20}$/.test(start) || !isTraceId(traceId)) return undefined;
  return { after: { start: BigInt(start), traceId }, taken: Number(taken) };
};
