/** One transaction across functions: waterfall or log lines, and the detail of what is selected. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { plural } from "../../model/format.ts";
import { type PathOnRows, pathOnRows } from "../../model/critical-path.ts";
import { headlineOf } from "../../model/headline.ts";
import { lineTexts, rowOfLineAmong } from "../../model/log-rows.ts";
import { type Row, rowsOf } from "../../model/rows.ts";
import type { Extent } from "../../model/time-scale.ts";
import type { LogView, TraceView } from "../../model/trace-view.ts";
import { Notice } from "../../parts/empty-state/notice.tsx";
import { Detail } from "../../parts/span-detail/detail.tsx";
import { Timeline } from "../../parts/timeline/timeline.tsx";
import { TRACES_PATH } from "../../routes.ts";
import { useApp } from "../../state/app.ts";
import { useKeys } from "../../state/keyboard.ts";
import { type LoadedTrace, useTrace } from "../../state/trace.ts";
import { useAddress } from "../../state/url-state.ts";
import { Headline } from "./headline.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { type TraceLook, lookOf, traceAddress, withoutSelected, withoutZoom } from "./url.ts";
import "./trace.css";

export const TracePage = ({ id }: { readonly id: string }) => {
  const { client } = useApp();
  const { trace, error, retry, ...rest } = useTrace(client, id);
  useEffect(() => {
    document.title = `${titleOf(trace, error)} · Mayfly`;
  }, [trace, error]);
  if (trace) return <Shown id={id} trace={trace} {...rest} />;
  if (error) {
    return error.status === 404 ? (
      <Notice title="No trace has this id">
        <p>
          <code>{id}</code> is no trace, request, message or execution that is stored. It may not have arrived yet.{" "}
          <a href={TRACES_PATH}>All traces</a>
        </p>
      </Notice>
    ) : (
      <Notice title="The trace cannot be shown" isError>
        <p>{error.message}</p>
        <button type="button" onClick={retry}>
          Try again
        </button>
      </Notice>
    );
  }
  return <Skeleton />;
};

const titleOf = (trace: TraceView | undefined, error: LoadedTrace["error"]): string =>
  trace?.head.name ?? (error?.status === 404 ? "No such trace" : "Trace");

type ShownProps = Omit<LoadedTrace, "trace" | "error"> & { readonly id: string; readonly trace: TraceView };

const Shown = ({ id, trace, isComplete, logs, logsTruncated }: ShownProps) => {
  const { url, keyboard } = useApp();
  const look = lookOf(useAddress(url).search);
  const rows = useMemo(() => rowsOf(trace), [trace]);
  const rowOfLine = useMemo(() => rowOfLineAmong(rows), [rows]);
  const lines = useMemo(() => lineTexts(rowOfLine, logs ?? []), [rowOfLine, logs]);
  const onPath = useMemo(() => pathOnRows(trace, rows), [trace, rows]);
  const headline = useMemo(() => headlineOf(trace, rows), [trace, rows]);
  const whole = useMemo(() => wholeOf(trace, rows), [trace, rows]);
  const selected = useMemo(() => rows.find((row) => row.id === look.selected), [rows, look.selected]);

  const refine = (change: Partial<TraceLook>): void => url.replace(traceAddress(id, { ...look, ...change }));
  const step = (change: Partial<TraceLook>): void => url.go(traceAddress(id, { ...look, ...change }));
  const close = (): void => url.replace(traceAddress(id, withoutSelected(look)));
  const goTo = (rowId: string): void => {
    const target = rows.findIndex((row) => row.id === rowId);
    if (target >= 0)
      step({ tab: "waterfall", selected: rowId, find: "", folded: withAncestorsOpen(rows, target, look.folded) });
  };
  const openLine = ({ record }: LogView): void => {
    const target = rowOfLine(record);
    if (target) goTo(target.id);
  };
  const togglePath = (): void => refine({ path: !look.path });
  useKeys(keyboard, {
    Escape: () => (look.selected === undefined ? url.back(TRACES_PATH) : close()),
    c: togglePath,
  });

  return (
    <div class="trace-page">
      <Headline trace={trace} headline={headline} isComplete={isComplete} onGoTo={goTo} />
      <Tabs look={look} id={id} logs={logs}>
        {look.tab === "waterfall" && onPath.size > 0 && (
          <label class="toggle" title="What the duration is made of: work and waits, one after the other (c)">
            <input type="checkbox" checked={look.path} onChange={togglePath} /> critical path
          </label>
        )}
      </Tabs>
      <div class="trace-body">
        {look.tab === "logs" ? (
          <LogsTab
            logs={logs}
            isTruncated={logsTruncated === true}
            level={look.level}
            onLevel={(level) => refine({ level })}
            onOpen={openLine}
          />
        ) : (
          <Timeline
            rows={rows}
            lines={lines}
            whole={whole}
            zoom={look.zoom}
            find={look.find}
            folded={look.folded}
            selected={look.selected}
            onPath={look.path ? onPath : NO_PATH}
            onZoom={(zoom) => (zoom ? refine({ zoom }) : url.replace(traceAddress(id, withoutZoom(look))))}
            onFind={(find) => refine({ find })}
            onFold={(folded) => refine({ folded })}
            onSelect={(rowId, isWalking) => (isWalking ? refine({ selected: rowId }) : step({ selected: rowId }))}
          />
        )}
        {selected && (
          <Detail
            key={selected.id}
            row={selected}
            onPath={onPath.get(selected.id)}
            trace={trace}
            logs={logs}
            onClose={close}
            onGoTo={goTo}
          />
        )}
      </div>
    </div>
  );
};

const NO_PATH: PathOnRows = new Map();

/** The trace's own time, and the init phases before it. */
const wholeOf = ({ durationNs }: TraceView, rows: readonly Row[]): Extent => {
  const first = rows.find((row) => row.kind === "span");
  const initNs = first?.kind === "span" && first.view.isColdStart ? (first.view.initNs ?? 0) : 0;
  return {
    fromNs: Math.min(0, (first?.kind === "span" ? first.view.startNs : 0) - initNs),
    toNs: Math.max(1, durationNs),
  };
};

const withAncestorsOpen = (rows: readonly Row[], index: number, folded: ReadonlySet<string>): ReadonlySet<string> => {
  const open = new Set(folded);
  for (let at = rows[index]?.parent ?? -1; at >= 0; at = rows[at]?.parent ?? -1) open.delete(rows[at]?.id ?? "");
  return open;
};

const Tabs = ({
  look,
  id,
  logs,
  children,
}: {
  readonly look: TraceLook;
  readonly id: string;
  readonly logs: ShownProps["logs"];
  readonly children: ComponentChildren;
}) => (
  <nav class="tabs" aria-label="Ways to look at this trace">
    {(["waterfall", "logs"] as const).map((tab) => (
      <a
        key={tab}
        href={traceAddress(id, { ...look, tab })}
        {...(look.tab === tab && { "aria-current": "page" as const })}
      >
        {tab}
        {tab === "logs" && logs && (
          <span class="count" title={plural(logs.length, "line")}>
            {logs.length}
          </span>
        )}
      </a>
    ))}
    <span class="spacer" />
    {children}
  </nav>
);

const SKELETON_ROWS = 16;

const Skeleton = () => (
  <div class="trace-page" role="status" aria-label="Loading the trace">
    <div class="headline" />
    <div class="tabs" />
    <div class="trace-skeleton">
      {Array.from({ length: SKELETON_ROWS }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  </div>
);
