/** What stands in the list until an answer comes: what stood there before, faint, or the places of rows. */
import type { TraceSummary } from "@mayfly/api";
import { ROW_HEIGHT, TraceRow } from "./trace-row.tsx";

const SKELETON_ROWS = 14;
/** More than a tall window shows. */
const MOST_BEFORE = 60;

interface LoadingRowsProps {
  readonly before: readonly TraceSummary[];
  readonly nowMs: number;
  readonly functionsPx: number;
}

export const LoadingRows = ({ before, nowMs, functionsPx }: LoadingRowsProps) => (
  <div class={before.length > 0 ? "loading before" : "loading skeleton"} role="status" aria-label="Loading traces">
    {before.length > 0 ? (
      <div inert aria-hidden="true">
        {before.slice(0, MOST_BEFORE).map((trace, index) => (
          <TraceRow
            key={trace.id}
            trace={trace}
            index={index}
            isActive={false}
            nowMs={nowMs}
            functionsPx={functionsPx}
            onTouch={nothing}
            onOpen={nothing}
            style={{ height: ROW_HEIGHT }}
          />
        ))}
      </div>
    ) : (
      Array.from({ length: SKELETON_ROWS }, (_, index) => (
        <div key={index} class="trace-row trace-columns">
          <span />
          <i />
          <i />
          <i />
          <i />
        </div>
      ))
    )}
  </div>
);

const nothing = (): void => undefined;
