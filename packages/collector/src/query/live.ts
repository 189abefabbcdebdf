/**
 * What is new or changed in lists of traces, for those who follow them.
 *
 * Whoever asks the same question follows the same feed: each is asked of the list once a turn, one after the other, and
 * what its rows say differently from the turn before is told. A turn that takes long is followed by a longer rest, so
 * that followers take no more than a fifth of the time.
 *
 *   list ─ every EVERY_MS ─▶ feed { rows of the last turn } ─ differences ─▶ each follower
 *
 * Bounds  MAX_FOLLOWERS; MAX_ROWS rows of a feed, the newest; traces that began within WINDOW_NS. Where no row of a turn
 *         was there in the one before, there may be others between: followers are told that they missed some.
 */
import type { TraceSummary } from "@mayfly/api";
import type { Clock } from "../clock.ts";
import { OverloadError, StoreError } from "../errors.ts";
import type { UnixNano } from "../model/time.ts";
import type { Filters } from "./list.ts";

const MAX_FOLLOWERS = 100;
export const MAX_ROWS = 200;
const EVERY_MS = 1_000;
const REST_FACTOR = 4;
const WINDOW_NS = 900_000_000_000n;
/** How much later than it ended a trace may have become known. */
const LATENESS_NS = 30_000_000_000n;

export interface LiveRow {
  readonly id: string;
  /** The row, as JSON. */
  readonly json: string;
}

export interface Turn {
  readonly at: UnixNano;
  /** Oldest first. */
  readonly rows: readonly LiveRow[];
  readonly hasMissed: boolean;
}

export interface Follower {
  readonly tell: (turn: Turn) => void;
  /** No more will be told. */
  readonly end: () => void;
}

/** Calls back once, after this time; what it gives prevents that. */
export type Wait = (ms: number, then: () => void) => () => void;

export interface Live {
  /**
   * What changes from now on; with `since`, first what ended after it, or a little before. `question` is the filters as
   * parameters of an address.
   * What it gives ends it; undefined: there are as many followers as there may be.
   */
  follow(
    what: { readonly question: string; readonly filters: Filters; readonly since?: UnixNano },
    follower: Follower,
  ): (() => void) | undefined;
  readonly followers: number;
  /** Followers that were refused. */
  readonly refused: number;
  close(): void;
}

export interface LiveDeps {
  /** A list's newest rows, at most so many. */
  readonly list: (question: string, filters: Filters, limit: number) => Promise<readonly TraceSummary[]>;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
  readonly wait?: Wait | undefined;
  readonly maxFollowers?: number | undefined;
}

interface Feed {
  readonly filters: Filters;
  /** undefined before the first turn. */
  known: ReadonlyMap<string, KnownRow> | undefined;
  readonly followers: Set<Follower>;
  /** Of followers for whom the first turn is not over. */
  readonly waiting: Map<Follower, UnixNano>;
}

interface KnownRow extends LiveRow {
  readonly end: UnixNano;
}

export const unrefTimer: Wait = (ms, then) => {
  const timer = setTimeout(then, ms);
  timer.unref();
  return () => clearTimeout(timer);
};

export const createLive = (deps: LiveDeps): Live => {
  const { list, clock, onBug, wait = unrefTimer, maxFollowers = MAX_FOLLOWERS } = deps;
  const feeds = new Map<string, Feed>();
  let followers = 0;
  let refused = 0;
  let isTurning = false;
  let isClosed = false;
  let cancel = (): void => {};

  const turn = async (): Promise<void> => {
    isTurning = true;
    const began = performance.now();
    for (const [question, feed] of feeds) await ask(question, feed);
    isTurning = false;
    if (feeds.size > 0 && !isClosed) cancel = wait(Math.max(EVERY_MS, REST_FACTOR * (performance.now() - began)), go);
  };
  const go = (): void => void turn();

  const ask = async (question: string, feed: Feed): Promise<void> => {
    const at = clock();
    const earliest = at > WINDOW_NS ? at - WINDOW_NS : 0n;
    const { from = earliest } = feed.filters;
    try {
      const rows = await list(question, { ...feed.filters, from: from > earliest ? from : earliest }, MAX_ROWS);
      compare(feed, rows.map(knownRow).toReversed(), at);
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof OverloadError)) onBug(error); // those are asked again
    }
  };

  const compare = (feed: Feed, rows: readonly KnownRow[], at: UnixNano): void => {
    const before = feed.known;
    feed.known = new Map(rows.map((row) => [row.id, row]));
    for (const [follower, since] of feed.waiting) follower.tell(endedAfter(since, feed.known, at));
    if (before !== undefined) {
      const changed = rows.filter((row) => before.get(row.id)?.json !== row.json);
      const hasMissed = rows.length === MAX_ROWS && before.size > 0 && rows.every((row) => !before.has(row.id));
      if (changed.length > 0)
        for (const follower of feed.followers)
          if (!feed.waiting.has(follower)) follower.tell({ at, rows: changed, hasMissed });
    }
    feed.waiting.clear();
  };

  return {
    follow({ question, filters, since }, follower) {
      if (isClosed || followers >= maxFollowers) {
        refused += 1;
        return undefined;
      }
      const feed = feeds.get(question) ?? { filters, known: undefined, followers: new Set(), waiting: new Map() };
      feeds.set(question, feed);
      feed.followers.add(follower);
      followers += 1;
      if (since !== undefined) feed.waiting.set(follower, since);
      if (feeds.size === 1 && feed.followers.size === 1 && !isTurning) {
        cancel();
        go();
      }
      return () => {
        if (!feed.followers.delete(follower)) return;
        followers -= 1;
        feed.waiting.delete(follower);
        if (feed.followers.size === 0 && feeds.get(question) === feed) feeds.delete(question);
      };
    },
    get followers() {
      return followers;
    },
    get refused() {
      return refused;
    },
    close() {
      isClosed = true;
      cancel();
      for (const feed of feeds.values()) for (const follower of feed.followers) follower.end();
      feeds.clear();
    },
  };
};

const knownRow = (trace: TraceSummary): KnownRow => ({
  id: trace.id,
  json: JSON.stringify(trace),
  end: BigInt(trace.startTimeUnixNano) + BigInt(trace.durationNs),
});

const endedAfter = (since: UnixNano, known: ReadonlyMap<string, KnownRow>, at: UnixNano): Turn => ({
  at,
  rows: [...known.values()].filter((row) => row.end + LATENESS_NS >= since),
  hasMissed: false,
});
