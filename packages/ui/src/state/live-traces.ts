/**
 * The list of traces for one filter, kept fresh: the newest page is asked for again and again, older pages when wanted.
 *
 * While it is held (somebody points at a row, or has scrolled) new rows wait in `pending` and nothing shown moves.
 * At most `MAX_ROWS` are kept; then Older stops and says so by being absent.
 */
import type { TraceSummary } from "@mayfly/api";
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
const MAX_ROWS = 5000;
const NOTHING: TraceRows = { shown: [], pending: [], hasLoaded: false, isLoadingOlder: false };

export const createLiveTraces = (client: Pick<Client, "traces">, filter: TraceFilter): LiveTraces => {
  const rows = createStore(NOTHING);
  const abort = new AbortController();
  let isHeld = false;

  const attempt = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!isAbort(error)) rows.set({ ...rows.get(), isLoadingOlder: false, error: error as ApiError });
    }
  };
  const showPending = (): void => {
    const { pending, shown, ...rest } = rows.get();
    rows.set({ ...rest, shown: [...pending, ...shown], pending: [] });
  };

  return {
    rows,
    showPending,
    refresh: () =>
      attempt(async () => {
        const { traces, cursor } = await client.traces({ ...filter, limit: PAGE }, abort.signal);
        const { error: _mended, ...now } = rows.get();
        const merged = mergeNewest(now.shown, traces);
        if (!now.hasLoaded || merged.isDisjoint) {
          rows.set({ ...NOTHING, shown: traces, hasLoaded: true, ...(cursor !== undefined && { cursor }) });
          return;
        }
        rows.set({ ...now, shown: merged.shown, pending: merged.added });
        if (!isHeld) showPending();
      }),
    older: () =>
      attempt(async () => {
        const { cursor, isLoadingOlder, shown } = rows.get();
        if (cursor === undefined || isLoadingOlder) return;
        rows.set({ ...rows.get(), isLoadingOlder: true });
        const page = await client.traces({ ...filter, limit: PAGE, cursor }, abort.signal);
        const { cursor: _used, ...now } = rows.get();
        const known = new Set(now.shown.map((row) => row.id));
        rows.set({
          ...now,
          isLoadingOlder: false,
          shown: [...now.shown, ...page.traces.filter((row) => !known.has(row.id))],
          ...(page.cursor !== undefined && shown.length < MAX_ROWS && { cursor: page.cursor }),
        });
      }),
    hold(held) {
      isHeld = held;
    },
    close: () => abort.abort(),
  };
};
