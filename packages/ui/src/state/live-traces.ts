/**
 * The list of traces for one filter, kept fresh: the newest page is asked for again and again, older pages when wanted.
 *
 * While it is held (somebody points at a row, or has scrolled) new rows wait in `pending`, rows that are gone stay, and
 * nothing shown moves. At most `MAX_ROWS` are kept, the oldest go first; then Older stops and says so by being absent.
 */
import type { Behind, TraceList, TraceSummary } from "@mayfly/api";
import { type ApiError, type Client, type TraceFilter, isAbort } from "../api/client.ts";
import { mergeNewest } from "../model/live-rows.ts";
import { type Store, createStore } from "./store.ts";

export interface TraceRows {
  readonly shown: readonly TraceSummary[];
  readonly pending: readonly TraceSummary[];
  readonly hasLoaded: boolean;
  readonly isLoadingOlder: boolean;
  readonly cursor?: string;
  readonly error?: ApiError;
  /** What the newest page may lack. */
  readonly behind: Behind;
}

export interface LiveTraces {
  readonly rows: Pick<Store<TraceRows>, "get" | "subscribe">;
  refresh(): Promise<void>;
  older(): Promise<void>;
  showPending(): void;
  hold(isHeld: boolean): void;
  close(): void;
}

const PAGE = 50;
export const MAX_ROWS = 5000;
/** The page holds as many as were asked for, so older ones that match may follow it closely. */
const fullness = ({ traces }: TraceList): { readonly isFull: boolean } => ({ isFull: traces.length >= PAGE });
const NOTHING: TraceRows = { shown: [], pending: [], hasLoaded: false, isLoadingOlder: false, behind: {} };
const behindOf = ({ spansBehind, problem }: TraceList): Behind => ({
  ...(spansBehind !== undefined && { spansBehind }),
  ...(problem !== undefined && { problem }),
});

export const createLiveTraces = (client: Pick<Client, "traces">, filter: TraceFilter): LiveTraces => {
  const rows = createStore(NOTHING);
  const abort = new AbortController();
  let isHeld = false;
  let newest: TraceList = { traces: [] };

  const attempt = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!isAbort(error)) rows.set({ ...rows.get(), isLoadingOlder: false, error: error as ApiError });
    }
  };
  const showPending = (): void => {
    const { cursor, ...now } = rows.get();
    const { next, isDisjoint } = mergeNewest(now.shown, newest.traces, fullness(newest));
    const isFirstMatch = now.shown.length === 0 && cursor === undefined && newest.traces.length > 0;
    const isNew = isDisjoint || !now.hasLoaded || isFirstMatch;
    const older = next.length < MAX_ROWS ? (isNew ? newest.cursor : cursor) : undefined;
    rows.set({
      hasLoaded: true,
      isLoadingOlder: older !== undefined && !isNew && now.isLoadingOlder,
      shown: next.slice(0, MAX_ROWS),
      pending: [],
      behind: behindOf(newest),
      ...(older !== undefined && { cursor: older }),
    });
  };

  return {
    rows,
    showPending,
    refresh: () =>
      attempt(async () => {
        newest = await client.traces({ ...filter, limit: PAGE }, abort.signal);
        const { error: _mended, ...now } = rows.get();
        const { kept, added } = mergeNewest(now.shown, newest.traces, fullness(newest));
        if (isHeld && now.shown.length > 0) rows.set({ ...now, shown: kept, pending: added, behind: behindOf(newest) });
        else showPending();
      }),
    older: () =>
      attempt(async () => {
        const { cursor, isLoadingOlder } = rows.get();
        if (cursor === undefined || isLoadingOlder) return;
        rows.set({ ...rows.get(), isLoadingOlder: true });
        const page = await client.traces({ ...filter, limit: PAGE, cursor }, abort.signal);
        const { cursor: asked, ...now } = rows.get();
        if (asked !== cursor) return; // the list began anew meanwhile: this page would leave a hole
        const known = new Set(now.shown.map((row) => row.id));
        const shown = [...now.shown, ...page.traces.filter((row) => !known.has(row.id))];
        rows.set({
          ...now,
          isLoadingOlder: false,
          shown: shown.slice(0, MAX_ROWS),
          ...(page.cursor !== undefined && shown.length < MAX_ROWS && { cursor: page.cursor }),
        });
      }),
    hold(held) {
      isHeld = held;
    },
    close: () => abort.abort(),
  };
};
