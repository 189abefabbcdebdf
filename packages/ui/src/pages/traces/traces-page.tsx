/** All stitched transactions, newest first: what failed, how long, through which functions. */
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TraceFilter } from "../../api/client.ts";
import { formatCount, plural } from "../../model/format.ts";
import { FirstTrace } from "../../parts/empty-state/first-trace.tsx";
import { Notice } from "../../parts/empty-state/notice.tsx";
import { VirtualList } from "../../parts/virtual-list/virtual-list.tsx";
import { tracePath } from "../../routes.ts";
import { useApp } from "../../state/app.ts";
import { useKeys } from "../../state/keyboard.ts";
import { type LiveTraces, MAX_ROWS, type TraceRows, createLiveTraces } from "../../state/live-traces.ts";
import { useStore } from "../../state/store.ts";
import { useAddress } from "../../state/url-state.ts";
import { Filters } from "./filters.tsx";
import { ListHead } from "./list-head.tsx";
import { LoadingRows } from "./loading-rows.tsx";
import { ROW_HEIGHT, TraceRow, rowId } from "./trace-row.tsx";
import { useWidth } from "./functions-cell.tsx";
import { OverviewStrip } from "./overview-strip.tsx";
import { type Place, asPlace, placeAt, scrollTopOf } from "./place.ts";
import { filterOf, isFiltered, tracesAddress } from "./url.ts";
import "./traces.css";

const REFRESH_EVERY_MS = 3000;

export const TracesPage = () => {
  const { client, url } = useApp();
  const { search } = useAddress(url);
  const live = useMemo(() => createLiveTraces(client, filterOf(search)), [client, search]);
  const [isLive, setLive] = useState(true);
  useEffect(() => () => live.close(), [live]);
  useRefresh(live, isLive);
  useEffect(() => {
    document.title = "Traces · Mayfly";
  }, []);
  const filter = filterOf(search);
  const rows = useStore(live.rows);
  return (
    <>
      <h1 class="sr-only">Traces</h1>
      <Filters
        filter={filter}
        names={useSeenNames(rows, filter)}
        fault={rows.error?.code === "bad-query" ? rows.error : undefined}
        isLive={isLive}
        onLive={setLive}
        onChange={(next) => url.replace(tracesAddress(next))}
      />
      <List key={search} live={live} rows={rows} filter={filter} before={useShownBefore(rows)} />
    </>
  );
};

const useRefresh = (live: LiveTraces, isLive: boolean): void => {
  useEffect(() => {
    if (!isLive && live.rows.get().hasLoaded) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const round = async (): Promise<void> => {
      await live.refresh();
      if (isLive && !isOver) timer = setTimeout(() => void round(), REFRESH_EVERY_MS);
    };
    void round();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [live, isLive]);
};

/** The rows that the last answer had, whatever was asked: they stand until the next one is there. */
const useShownBefore = ({ hasLoaded, shown }: TraceRows): TraceRows["shown"] => {
  const last = useRef(shown);
  if (hasLoaded) last.current = shown;
  return last.current;
};

/** Names to choose from: all that were seen since the page was opened, whatever the filter leaves now. */
const useSeenNames = ({ shown }: TraceRows, filter: TraceFilter): readonly string[] => {
  const seen = useRef(new Set<string>());
  if (filter.function !== undefined) seen.current.add(filter.function);
  for (const row of shown) for (const name of row.functions) seen.current.add(name);
  return [...seen.current].toSorted();
};

/** Before the column has been measured. */
const FIRST_FUNCTIONS_PX = 300;

interface ListProps {
  readonly live: LiveTraces;
  readonly rows: TraceRows;
  readonly filter: TraceFilter;
  readonly before: TraceRows["shown"];
}

const List = ({ live, rows, filter, before }: ListProps) => {
  const { url, keyboard, now } = useApp();
  const scroller = useRef<HTMLDivElement>(null);
  const functions = useRef<HTMLSpanElement>(null);
  const [wasAt] = useState(() => asPlace(url.keptPlace()));
  const [activeId, setActiveId] = useState(wasAt?.activeId);
  const held = useRef({ isPointed: false, isScrolled: false, isActive: activeId !== undefined });
  const { shown, pending, hasLoaded, error } = rows;
  const active = useMemo(() => shown.findIndex(({ id }) => id === activeId), [shown, activeId]);
  useKeptPlace({ live, rows, wasAt, activeId, scroller });

  const updateHold = (change: Partial<typeof held.current>): void => {
    Object.assign(held.current, change);
    live.hold(Object.values(held.current).some(Boolean));
  };
  const activate = (id: string | undefined): void => {
    setActiveId(id);
    updateHold({ isActive: id !== undefined });
  };
  const move = (by: number): void => {
    activate(shown[Math.min(shown.length - 1, Math.max(0, active + by))]?.id);
    scroller.current?.focus({ preventScroll: true });
  };
  const open = (): void => {
    const row = shown[active];
    if (row) url.go(tracePath(row.id));
  };
  const showPending = (): void => {
    activate(undefined);
    live.showPending();
    scroller.current?.scrollTo({ top: 0 });
  };
  useKeys(keyboard, {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: open,
    Escape: () => activate(undefined),
  });

  const functionsPx = useWidth(functions, FIRST_FUNCTIONS_PX, hasLoaded);

  if (error?.code === "bad-query") {
    return (
      <Notice title="The search is not understood">
        <p>
          What is underlined above has no meaning here. <a href={tracesAddress({})}>Show all traces</a>
        </p>
      </Notice>
    );
  }
  const isSearching = rows.cursor !== undefined; // the collector looks at so many traces per answer
  const isEmpty = hasLoaded && shown.length === 0 && !isSearching;
  if (error && (!hasLoaded || isEmpty)) {
    return (
      <Notice title="The traces cannot be shown" isError>
        <p>{error.message}</p>
        <button type="button" onClick={() => void live.refresh()}>
          Try again
        </button>
      </Notice>
    );
  }
  if (isEmpty && !spansBehind(rows)) return isFiltered(filter) ? <NoMatch /> : <FirstTrace />;
  return (
    <div class="trace-list beside-list">
      <Lacking rows={rows} />
      <OverviewStrip filter={filter} />
      <ListHead functions={functions} />
      {pending.length > 0 && (
        <button type="button" class="new-rows" onClick={showPending}>
          {pending.length} new
        </button>
      )}
      {hasLoaded ? (
        <VirtualList
          label="Traces, newest first"
          role="grid"
          count={shown.length}
          rowHeight={ROW_HEIGHT}
          active={active}
          activeId={active >= 0 ? rowId(active) : undefined}
          scroller={scroller}
          onScroll={(scrollTop) => updateHold({ isScrolled: scrollTop > 0 })}
          onPointer={(isPointed) => updateHold({ isPointed })}
          renderRow={(index, style) => {
            const trace = shown[index];
            return (
              trace && (
                <TraceRow
                  key={trace.id}
                  trace={trace}
                  index={index}
                  isActive={index === active}
                  nowMs={now()}
                  functionsPx={functionsPx}
                  onTouch={({ id }) => activate(id)}
                  onOpen={({ id }) => url.go(tracePath(id))}
                  style={style}
                />
              )
            );
          }}
          after={<Older live={live} rows={rows} />}
        />
      ) : (
        <LoadingRows before={before} nowMs={now()} functionsPx={functionsPx} />
      )}
    </div>
  );
};

interface KeptPlace {
  readonly live: LiveTraces;
  readonly rows: TraceRows;
  readonly wasAt: Place | undefined;
  readonly activeId: string | undefined;
  readonly scroller: RefObject<HTMLDivElement | null>;
}

/** Keeps where one stands for when one comes back, and goes there then: through as many older pages as it had. */
const useKeptPlace = ({ live, rows, wasAt, activeId, scroller }: KeptPlace): void => {
  const { url } = useApp();
  const wanted = useRef(wasAt);
  const latest = useRef({ activeId, list: listOf(rows) });
  latest.current = { activeId, list: listOf(rows) };
  useEffect(() => {
    live.hold(activeId !== undefined);
  }, [live]);
  useEffect(
    () =>
      url.keepPlace(
        () => placeAt(scroller.current?.scrollTop ?? 0, latest.current.activeId, latest.current.list) ?? {},
      ),
    [url, scroller],
  );
  useEffect(() => {
    const { hasLoaded, error, shown, cursor } = rows;
    if (wanted.current === undefined || !hasLoaded) return;
    const scrollTop = scrollTopOf(wanted.current, listOf(rows));
    const mayCome = error === undefined && cursor !== undefined && shown.length < wanted.current.count;
    const heightPx = shown.length * ROW_HEIGHT - (scroller.current?.clientHeight ?? 0);
    if (mayCome && (scrollTop === undefined || scrollTop > heightPx)) {
      void live.older();
      return;
    }
    wanted.current = undefined;
    if (scrollTop !== undefined) scroller.current?.scrollTo({ top: scrollTop });
  }, [live, rows, scroller]);
};

const listOf = ({ shown }: TraceRows) => ({ rows: shown, rowHeight: ROW_HEIGHT });

/** Fewer are in the list before somebody has read it. */
const MANY_BEHIND = 5000;

const spansBehind = ({ behind }: TraceRows): number => behind.spansBehind ?? 0;

/** Why this is not all that there is: a question that failed, rows that cannot be written, or that are not written yet. */
const Lacking = ({ rows }: { readonly rows: TraceRows }) => {
  const { error, shown } = rows;
  if (error) return <p class="lacking" role="status">{`This may be out of date: ${error.message}`}</p>;
  const { problem } = rows.behind;
  const count = spansBehind(rows);
  if (problem === undefined && count <= (shown.length === 0 ? 0 : MANY_BEHIND)) return null;
  const what = `${plural(count, "stored span")} ${count === 1 ? "is" : "are"} not in this list`;
  return (
    <p class="lacking" role="status">
      {problem === undefined ? `${what} yet` : `${what}: ${problem}`}
    </p>
  );
};

const NoMatch = () => (
  <Notice title="No trace matches">
    <p>
      Nothing that is stored has all of this. <a href={tracesAddress({})}>Show all traces</a>
    </p>
  </Notice>
);

/** Loads the next page when it comes into view; the button is for those who do not scroll. */
const Older = ({ live, rows }: { readonly live: LiveTraces; readonly rows: TraceRows }) => {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = button.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void live.older();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [live, rows.cursor]);
  return (
    <div class="older" role="row">
      <span role="gridcell">
        {rows.cursor === undefined ? (
          <span class="muted">
            {rows.shown.length < MAX_ROWS
              ? `That is all of them${spansBehind(rows) > 0 ? " so far" : ""}.`
              : `These are the newest ${formatCount(MAX_ROWS)}; a filter finds older ones.`}
          </span>
        ) : (
          <button type="button" class="plain" ref={button} onClick={() => void live.older()}>
            {rows.isLoadingOlder ? "Looking at older traces …" : "Older traces"}
          </button>
        )}
      </span>
    </div>
  );
};
