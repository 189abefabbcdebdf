/**
 * A query over all stitched traces, newest first, in bounded pieces of work.
 *
 * Where an index of the store leads to few traces (candidates.ts), their rows are all there is to look at; otherwise the
 * summaries give rows by their terms, newest first. For each row the query is asked what the row itself can tell; only where it cannot
 * are the row's spans read.
 *
 *   query ─ plan ─▶ rows by candidates ─┐
 *                   rows by terms ──────┴▶ match: row ─▶ spans where needed ─▶ page, or a cursor to go on from
 *
 * Traces that candidates name and that have no row yet get one first; others come with the summaries.
 *
 * Bounds  of a page: `MAX_ROWS` rows looked at, spans read of `MAX_READ` of them, `MAX_SPANS` spans, or for `MAX_READ_MS`.
 */
import { type TraceId, traceOf } from "../model/ids.ts";
import type { UnixNano } from "../model/time.ts";
import type { Store } from "../store/store.ts";
import type { PlacedRow, Summaries, SummaryPosition, SummaryQuery, SummaryRow } from "../store/summaries.ts";
import { type CandidateStore, candidateTraces } from "./candidates.ts";
import { WALK_BOUNDS } from "./find.ts";
import type { Query } from "./grammar.ts";
import { holds, holdsBySummary } from "./match.ts";
import { type Plan, planOf } from "./plan.ts";
import { spansOfRow } from "./row-spans.ts";
import type { Summarizer } from "./summarize.ts";

const MAX_ROWS = 5_000;
const MAX_READ = 500;
const MAX_SPANS = 50_000;
/** Where rows lie far apart in sealed partitions, so many reads take long: a page then says where to go on. */
const MAX_READ_MS = 1_000;
/** Traces whose rows a question waits for; more of them come in their turn. */
const MAX_BROUGHT_IN = 100;
const ROWS_PER_STEP = { least: 100, most: 1_000 };
/** Names that one prefix may stand for; past them rows are looked at without its help. */
const MAX_NAMES = 64;

export interface SearchDeps {
  readonly store: CandidateStore & Pick<Store, "spansOfTraces">;
  readonly summaries: Summaries;
  /** Makes the rows of what a question names and is not in the summaries yet. */
  readonly summarizer?: Pick<Summarizer, "bringIn">;
}

export interface Search {
  readonly query: Query;
  /** Inclusive bounds on the trace's start. */
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly after?: SummaryPosition;
  readonly limit: number;
  readonly now: UnixNano;
  /** Rows looked at, at most. */
  readonly maxRows?: number;
}

export interface SearchPage {
  readonly rows: readonly SummaryRow[];
  /** Everything up to here was looked at; absent at the end. */
  readonly next?: SummaryPosition;
}

export const search = async (what: Search, deps: SearchDeps): Promise<SearchPage> => {
  const { store } = deps;
  const { query, limit, now, maxRows = MAX_ROWS } = what;
  const judge = createJudge(query, now, store);
  const rows: SummaryRow[] = [];
  let looked = 0;
  let last: SummaryPosition | undefined = what.after;
  for await (const some of await rowsFor(what, deps)) {
    for (const { row, position } of some.rows) {
      if (rows.length >= limit || looked >= maxRows || judge.isTired()) return { rows, ...(last && { next: last }) };
      if (await judge.holds(row)) rows.push(row);
      looked += 1;
      last = position;
    }
    if (some.next === undefined) return { rows };
    last = some.next;
    if (rows.length >= limit || looked >= maxRows || judge.isTired()) return { rows, next: last };
    await letOthersRun();
  }
  return { rows };
};

interface Rows {
  readonly rows: readonly PlacedRow[];
  readonly next?: SummaryPosition;
}

/** From the last that was looked at on, each row once. */
const rowsFor = async (what: Search, deps: SearchDeps): Promise<AsyncIterable<Rows>> => {
  const { store, summaries } = deps;
  const plan = planOf(what.query);
  const traceIds = await candidateTraces(plan, what.from, store);
  const few = traceIds && (await rowsOf(traceIds, deps));
  if (few === undefined || few.length > MAX_ROWS) return pages(what, await allOf(plan, summaries), summaries);
  return once({ rows: few.filter((placed) => isWithin(placed, what)) });
};

const rowsOf = async (traceIds: readonly TraceId[], deps: SearchDeps): Promise<readonly PlacedRow[]> => {
  const { summaries, summarizer } = deps;
  const rows = await summaries.ofTraces(traceIds, MAX_ROWS + 1);
  if (summarizer === undefined) return rows;
  const known = new Set(rows.flatMap(({ row }) => row.units.map(({ path }) => traceOf(path))));
  const missing = traceIds.filter((traceId) => !known.has(traceId));
  if (missing.length === 0) return rows;
  await summarizer.bringIn(missing.slice(0, MAX_BROUGHT_IN));
  return summaries.ofTraces(traceIds, MAX_ROWS + 1);
};

const isWithin = ({ row: { start }, position }: PlacedRow, { from, to, after }: Search): boolean =>
  (from === undefined || start >= from) && (to === undefined || start <= to) && (!after || isBefore(after, position));

/** In the order of rows. */
const isBefore = (a: SummaryPosition, b: SummaryPosition): boolean =>
  a.start > b.start || (a.start === b.start && a.tie > b.tie);

async function* once(rows: Rows): AsyncGenerator<Rows> {
  yield rows;
}

async function* pages(
  { from, to, after, limit: wanted }: Search,
  all: SummaryQuery["all"],
  summaries: Summaries,
): AsyncGenerator<Rows> {
  const limit = Math.min(ROWS_PER_STEP.most, Math.max(ROWS_PER_STEP.least, wanted));
  let next = after;
  do {
    const bounds = {
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(next && { after: next }),
    };
    const page = await summaries.page({ ...bounds, all, limit });
    yield page;
    next = page.next;
  } while (next);
}

const allOf = async ({ all, prefixes }: Plan, summaries: Summaries): Promise<SummaryQuery["all"]> => {
  const named = await Promise.all(prefixes.map(({ kind, prefix }) => summaries.terms(kind, prefix, MAX_NAMES + 1)));
  return [...all, ...named.filter((terms) => terms.length <= MAX_NAMES)];
};

interface Judge {
  holds(row: SummaryRow): Promise<boolean>;
  /** It has read as much as one page may. */
  isTired(): boolean;
}

const createJudge = (query: Query, now: UnixNano, store: SearchDeps["store"]): Judge => {
  let reads = 0;
  let spans = 0;
  let readMs = 0;
  return {
    async holds(row) {
      const known = holdsBySummary(query, row, now);
      if (known !== undefined) return known;
      const begun = performance.now();
      const read = await spansOfRow(row, store, WALK_BOUNDS.maxSpans);
      readMs += performance.now() - begun;
      reads += 1;
      spans += read.length;
      return holds(query, row, read, now);
    },
    isTired: () => reads >= MAX_READ || spans >= MAX_SPANS || readMs >= MAX_READ_MS,
  };
};

/** The embedded store answers at once, so without this nobody else would be served meanwhile. */
const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
