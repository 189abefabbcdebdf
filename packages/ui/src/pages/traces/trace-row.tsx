/** One stitched transaction in one line. */
import type { TraceSummary } from "@mayfly/api";
import type { CSSProperties } from "preact";
import { unixMs } from "../../api/revive.ts";
import { formatAge, formatCount, formatDuration, formatTime, plural } from "../../model/format.ts";
import { logFraction } from "../../model/time-scale.ts";
import { tracePath } from "../../routes.ts";
import { FunctionsCell } from "./functions-cell.tsx";

export const ROW_HEIGHT = 32;

export const rowId = (index: number): string => `trace-${index}`;

interface TraceRowProps {
  readonly trace: TraceSummary;
  readonly index: number;
  readonly isActive: boolean;
  readonly nowMs: number;
  readonly functionsPx: number;
  /** Before it is opened, be it by a click on its name, which is the link's own. */
  readonly onTouch: (trace: TraceSummary) => void;
  readonly onOpen: (trace: TraceSummary) => void;
  readonly style: CSSProperties;
}

export const TraceRow = ({ trace, index, isActive, nowMs, functionsPx, onTouch, onOpen, style }: TraceRowProps) => {
  const startMs = unixMs(trace.startTimeUnixNano);
  const isLink = ({ target }: MouseEvent): boolean => target instanceof Element && target.closest("a") !== null;
  return (
    <div
      class={`trace-row trace-columns${isActive ? " active" : ""}`}
      id={rowId(index)}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isActive}
      style={style}
      onPointerDown={() => onTouch(trace)}
      onClick={(event) => !isLink(event) && onOpen(trace)}
    >
      <StatusMark trace={trace} />
      <span role="gridcell" class="name">
        <a href={tracePath(trace.id)} tabIndex={-1}>
          {trace.name}
        </a>
      </span>
      <span role="gridcell" class="number" title={`${trace.durationNs} ns`}>
        {formatDuration(trace.durationNs)}
      </span>
      <span role="presentation" class="log-bar">
        <i style={{ width: `${logFraction(trace.durationNs) * 100}%` }} />
      </span>
      <FunctionsCell names={trace.functions} roomPx={functionsPx} />
      <span role="gridcell" class="number" title={trace.truncated === true ? CUT : `${trace.spanCount} spans`}>
        {formatCount(trace.spanCount)}
        {trace.truncated === true && "+"}
      </span>
      <span role="gridcell" class="number">
        {trace.coldStarts > 0 && (
          <span class="cold" title={plural(trace.coldStarts, "cold start")}>
            ❄ {trace.coldStarts}
          </span>
        )}
      </span>
      <span role="gridcell" class="number">
        {trace.gapCount > 0 && (
          <span class="gaps" title={`The story is incomplete in ${plural(trace.gapCount, "place")}`}>
            {trace.gapCount}
          </span>
        )}
      </span>
      <span role="gridcell" class="number age" title={formatTime(startMs)}>
        {formatAge(nowMs - startMs)}
      </span>
    </div>
  );
};

const CUT =
  "This transaction is larger than one walk may be: its spans are counted up to the bound, and there are more.";

const StatusMark = ({ trace: { errorCount, settled } }: { readonly trace: TraceSummary }) => {
  const [kind, sign, says] =
    errorCount > 0
      ? ["failed", "✕", plural(errorCount, "error")]
      : settled
        ? ["fine", "", "no error"]
        : ["open", "", "late data may still come"];
  return (
    <span role="gridcell" class={`status ${kind}`} title={says}>
      <span aria-hidden="true">{sign}</span>
      <span class="sr-only">{says}</span>
    </span>
  );
};
