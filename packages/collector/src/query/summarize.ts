/**
 * Keeps the summaries up to what the store holds: reads what has changed since their checkpoint, works those traces out
 * again, some at a time, and moves the checkpoint on with their rows.
 *
 * One round runs at a time; whoever asks meanwhile waits for it. Between groups others are served.
 *
 * Rows of what retention has removed are swept out: those of the traces that had spans in it, as the store tells, or where it does
 * not know, all are looked at. How far that has come is kept with the rows.
 *
 * Bounds  `MAX_PER_GRAPH` changed traces share a graph; those that it cannot hold together have one each.
 */
import type { Clock } from "../clock.ts";
import { StoreError } from "../errors.ts";
import { type TraceId, traceOf } from "../model/ids.ts";
import { createGraph } from "../stitch/graph.ts";
import type { StoreReader } from "../store/store.ts";
import type { Summaries, SummaryChange, SummaryPage, SummaryPosition, SummaryRow } from "../store/summaries.ts";
import { WALK_BOUNDS } from "./find.ts";
import { type Refreshed, refresh } from "./refresh.ts";

const TRACES_PER_GRAPH = 100;
/** How much of the store one step looks at (commits or spans, as the engine counts), so that a wide trace is worked out once. */
const CHANGES_PER_STEP = 20_000;
const TRACES_PER_STEP = 10_000;
/** So many that have changed are told to a question. */
const MAX_PENDING = 500;
/** A question waits for this many changed traces, not for all of a load. */
const MAX_AWAITED = 200;
/** Beyond these, which traces have changed is not asked: they are more than a list may wait for. */
const MANY_SPANS = 20_000;
const ROWS_PER_SWEEP = 200;

/** Traces that have changed and are not in the rows yet. */
export interface Pending {
  readonly traceIds: ReadonlySet<TraceId>;
  /** false: there are more than these, which may be none. */
  readonly isAll: boolean;
}

/** What rows may lack, for whoever reads an answer that is made of them. */
export interface Behind {
  /** Stored spans that are in no row yet. */
  readonly spansBehind?: number;
  /** Why the rows of what has arrived last could not be written. */
  readonly problem?: string;
}

export interface Summarizer {
  /** Until everything is in, or at least `maxTraces` changed traces are: true then, and there may be more. */
  catchUp(maxTraces?: number): Promise<boolean>;
  pending(): Promise<Pending>;
  /** How many stored spans are not in the rows yet. */
  spansBehind(): Promise<number>;
  /** As of now, whatever was asked. */
  lacks(): Promise<Behind>;
  /** Why whoever else brings rows in cannot write them, as it said last; undefined: it can. */
  hear(problem: string | undefined): void;
  /** Brings in what has changed where a question may wait for it; what is not in the rows then. */
  settled(): Promise<Pending>;
  /** Of an answer that was made with this pending. */
  behind(pending: Pending): Promise<Behind>;
  /** Rows for these traces before it is their turn. */
  bringIn(traceIds: readonly TraceId[]): Promise<void>;
  /** Removes rows of which nothing is stored any more, and shortens those of which a part is. */
  sweep(): Promise<void>;
  /** Ends what runs at the next group, whose rows stand; resolves when it has ended. */
  close(): Promise<void>;
}

export interface SummarizerDeps {
  readonly store: StoreReader;
  readonly summaries: Summaries;
  readonly clock: Clock;
  readonly bounds?: typeof WALK_BOUNDS;
  /** So many are worked out together. */
  readonly tracesPerGraph?: number;
  /** So many are brought in before the checkpoint moves. */
  readonly tracesPerStep?: number;
}

export const createSummarizer = ({
  store,
  summaries,
  clock,
  bounds = WALK_BOUNDS,
  tracesPerGraph = TRACES_PER_GRAPH,
  tracesPerStep = TRACES_PER_STEP,
}: SummarizerDeps): Summarizer => {
  let isClosing = false;
  /** Why rows could not be written, and the checkpoint then: whoever has moved it on since has written some. */
  let trouble: { readonly problem: string; readonly at: string | undefined } | undefined;
  let heard: string | undefined;
  const apply = async (change: SummaryChange): Promise<boolean> => {
    const isIn = await summaries.apply(change);
    trouble = undefined;
    return isIn;
  };
  const work = async (
    traceIds: readonly TraceId[],
    worn: readonly SummaryRow[] = [],
    later: readonly TraceId[] = [],
  ): Promise<Refreshed> => {
    const graph = createGraph(store, bounds);
    const result = await refresh(traceIds, worn, later, { graph, summaries, now: clock(), maxUnits: bounds.maxUnits });
    if (!graph.truncated || traceIds.length + worn.length < 2) return result;
    const parts: Refreshed[] = [];
    for (const traceId of traceIds) parts.push(await work([traceId]));
    for (const row of worn) parts.push(await work([], [row]));
    const [put, remove] = [parts.flatMap((part) => part.put), parts.flatMap((part) => part.remove)];
    return { put, remove, covered: new Set() };
  };

  /** How many traces it brought in; 0 when there is nothing more to do. */
  const step = async (): Promise<number> => {
    const from = await summaries.checkpoint();
    if (from === undefined) await beginSwept();
    const changes = await store.changedTraces(from, CHANGES_PER_STEP, tracesPerStep);
    let left = changes.traceIds;
    while (left.length > 0) {
      const later = left.slice(tracesPerGraph);
      const { put, remove, covered } = await work(left.slice(0, tracesPerGraph), [], later);
      left = later.filter((traceId) => !covered.has(traceId));
      const change: SummaryChange = { from, to: left.length === 0 ? changes.checkpoint : from, put, remove };
      if (!(await apply(change))) return 1; // somebody else was faster: look again
      await letOthersRun();
      if (isClosing) return 0;
    }
    return changes.traceIds.length;
  };

  /** What is gone already comes into no row. */
  const beginSwept = async (): Promise<void> => {
    const removal = (await summaries.sweptTo()) === undefined ? await store.removalAfter(undefined) : undefined;
    if (removal && !removal.traceIds) await summaries.setSweptTo(removal.mark);
  };

  const round = async (maxTraces: number): Promise<boolean> => {
    for (let done = 0; done < maxTraces && !isClosing;) {
      const more = await step();
      if (more === 0) return false;
      done += more;
    }
    return !isClosing;
  };

  const sweepNow = async (): Promise<void> => {
    const next = async () => store.removalAfter(await summaries.sweptTo());
    for (let removal = isClosing ? undefined : await next(); removal; removal = await next()) {
      await (removal.traceIds ? sweepTraces(removal.traceIds) : sweepAll());
      if (isClosing) return;
      await summaries.setSweptTo(removal.mark);
      await store.forgetRemoval(removal);
    }
  };

  /** Rows that hold any of these. */
  const sweepTraces = async (traceIds: readonly TraceId[]): Promise<void> => {
    for (let from = 0; from < traceIds.length && !isClosing; from += ROWS_PER_SWEEP) {
      const some = traceIds.slice(from, from + ROWS_PER_SWEEP);
      const rows = (await summaries.ofTraces(some, Number.POSITIVE_INFINITY)).map(({ row }) => row);
      for (let at = 0; at < rows.length && !isClosing; at += ROWS_PER_SWEEP)
        await sweepOf(rows.slice(at, at + ROWS_PER_SWEEP));
      await letOthersRun();
    }
  };

  const sweepAll = async (): Promise<void> => {
    for (let after: SummaryPosition | undefined, isFirst = true; (isFirst || after) && !isClosing; isFirst = false) {
      const page: SummaryPage = await summaries.page({ all: [], limit: ROWS_PER_SWEEP, ...(after && { after }) });
      await sweepOf(page.rows.map(({ row }) => row));
      after = page.next;
      await letOthersRun();
    }
  };

  /** What is left of the others is worked out again. */
  const sweepOf = async (rows: readonly SummaryRow[]): Promise<void> => {
    const absent = new Set(await store.absentTraces([...new Set(rows.flatMap(tracesOf))]));
    const isGone = (row: SummaryRow): boolean => tracesOf(row).every((traceId) => absent.has(traceId));
    const gone = rows.filter(isGone).map(({ id }) => id);
    const worn = rows.filter((row) => !isGone(row));
    await bringIn(async () => {
      const { put, remove } = await work([...new Set(worn.flatMap(tracesOf))], worn);
      return { put, remove: [...gone, ...remove] };
    });
  };

  /** Whatever somebody else brings in meanwhile. */
  const bringIn = async (change: () => Promise<Omit<Refreshed, "covered">>): Promise<void> => {
    for (let isIn = false; !isIn && !isClosing;) {
      const at = await summaries.checkpoint();
      const { put, remove } = await change();
      isIn = await apply({ from: at, to: at, put, remove });
    }
  };

  const bringInNow = async (traceIds: readonly TraceId[]): Promise<void> => {
    for (let from = 0; from < traceIds.length; from += tracesPerGraph)
      await bringIn(() => work(traceIds.slice(from, from + tracesPerGraph)));
  };

  const pending = async (): Promise<Pending> => {
    const from = await summaries.checkpoint();
    if ((await store.spansAfter(from)) > MANY_SPANS) return { traceIds: new Set(), isAll: false };
    const { traceIds, checkpoint } = await store.changedTraces(from, CHANGES_PER_STEP, MAX_PENDING);
    const isAll = traceIds.length === 0 || (await store.changedTraces(checkpoint, 1)).traceIds.length === 0;
    return { traceIds: new Set(traceIds), isAll };
  };

  /** Rejects as it does; what the disk refuses is known from then on. */
  const noted = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      if (isRefusal(error))
        trouble = { problem: error.message, at: await summaries.checkpoint().catch(() => undefined) };
      throw error;
    }
  };
  /** A disk that takes no rows, as a full one, keeps no question from those that are there; the others stay pending. */
  const asFarAsStored = async (action: Promise<unknown>): Promise<void> => {
    try {
      await action;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  };

  const lacks = async (): Promise<Behind> => {
    const at = await summaries.checkpoint();
    const spansBehind = await store.spansAfter(at);
    if (spansBehind === 0) return {};
    const problem = heard ?? (trouble?.at === at ? trouble?.problem : undefined);
    return { spansBehind, ...(problem !== undefined && { problem }) };
  };

  let running: Promise<unknown> = Promise.resolve();
  const afterwards = <T>(action: () => Promise<T>): Promise<T> => {
    const next = noted(running.catch(() => undefined).then(action));
    running = next;
    return next;
  };
  const catchUp = (maxTraces = Number.POSITIVE_INFINITY): Promise<boolean> => afterwards(() => round(maxTraces));

  return {
    catchUp,
    pending,
    spansBehind: async () => store.spansAfter(await summaries.checkpoint()),
    lacks,
    hear(problem) {
      heard = problem;
    },
    async settled() {
      const before = await pending();
      if (!before.isAll || before.traceIds.size > MAX_AWAITED) {
        await asFarAsStored(noted(summaries.checkRoom()));
        return before;
      }
      await asFarAsStored(catchUp(MAX_AWAITED));
      return pending();
    },
    behind: async ({ traceIds, isAll }) => (isAll && traceIds.size === 0 ? {} : lacks()),
    sweep: () => afterwards(sweepNow),
    bringIn: (traceIds) => asFarAsStored(afterwards(() => bringInNow(traceIds))),
    async close() {
      isClosing = true;
      await running.catch(() => undefined);
    },
  };
};

const tracesOf = ({ units }: SummaryRow): readonly TraceId[] => units.map(({ path }) => traceOf(path));

const isRefusal = (error: unknown): error is StoreError => error instanceof StoreError && error.code === "store-failed";

const letOthersRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A change is in the rows within this and the time that working it out takes. */
const EVERY_MS = 1_000;
/** Between turns it sweeps, however much arrives. */
const TRACES_PER_TURN = 1_000;

/** Brings the summaries up to date again and again, turn after turn while there is more, until what it gives is called. */
export const keepSummarizing = (
  summarizer: Pick<Summarizer, "catchUp" | "sweep">,
  onBug: (error: unknown) => void,
): (() => void) => {
  let isRunning = false;
  let isStopped = false;
  const turns = async (): Promise<void> => {
    for (let isMore = true; isMore && !isStopped;) {
      isMore = await summarizer.catchUp(TRACES_PER_TURN);
      await summarizer.sweep();
    }
  };
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    void turns()
      .catch((error: unknown) => {
        if (!(error instanceof StoreError)) onBug(error); // a disk that refuses is tried again
      })
      .finally(() => (isRunning = false));
  }, EVERY_MS);
  timer.unref();
  return () => {
    isStopped = true;
    clearInterval(timer);
  };
};
