/** The waterfall: minimap, axis, rows, and the keys that walk and fold them. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PathOnRows } from "../../model/critical-path.ts";
import type { LineTexts } from "../../model/log-rows.ts";
import type { Row } from "../../model/rows.ts";
import type { Extent } from "../../model/time-scale.ts";
import { matching, nextHit, unfolded } from "../../model/visible-rows.ts";
import { useApp } from "../../state/app.ts";
import { leaveOnEscape, useKeys } from "../../state/keyboard.ts";
import { VirtualList } from "../virtual-list/virtual-list.tsx";
import { Minimap } from "./minimap.tsx";
import { ROW_HEIGHT, TimelineRow, rowElementId } from "./row.tsx";
import { GridLines, Ruler } from "./ruler.tsx";
import "./timeline.css";

interface TimelineProps {
  readonly rows: readonly Row[];
  /** What the log lines of a row say, by row id: they are searched too. */
  readonly lines: LineTexts;
  readonly whole: Extent;
  readonly zoom: Extent | undefined;
  readonly find: string;
  readonly folded: ReadonlySet<string>;
  readonly selected: string | undefined;
  /** What is drawn of the critical path. */
  readonly onPath: PathOnRows;
  readonly onZoom: (zoom: Extent | undefined) => void;
  readonly onFind: (text: string) => void;
  readonly onFold: (folded: ReadonlySet<string>) => void;
  /** `isWalking`: the selection follows the keys, which is no step for Back. */
  readonly onSelect: (id: string, isWalking: boolean) => void;
}

const MOST_TICKS = 8;

export const Timeline = (props: TimelineProps) => {
  const { rows, lines, whole, zoom, find, folded, selected, onPath, onZoom, onFind, onFold, onSelect } = props;
  const { keyboard } = useApp();
  const found = useMemo(() => matching(rows, find, lines), [rows, find, lines]);
  const isFinding = find.trim() !== "";
  const shown = useMemo(() => (isFinding ? found.rows : unfolded(rows, folded)), [rows, folded, isFinding, found]);
  const [activeId, setActiveId] = useState(selected);
  const active = useMemo(() => shown.findIndex((row) => row.id === activeId), [shown, activeId]);
  const scroller = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const extent = zoom ?? whole;

  useEffect(() => {
    if (selected !== undefined) setActiveId(selected);
  }, [selected]);

  const walkTo = (row: Row | undefined): void => {
    if (row === undefined) return;
    setActiveId(row.id);
    if (selected !== undefined) onSelect(row.id, true);
  };
  const activate = (row: Row | undefined): void => {
    walkTo(row);
    if (row) scroller.current?.focus({ preventScroll: true });
  };
  /** The field keeps the focus, so that one may go on typing. */
  const goToHit = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.isComposing || !isFinding) return;
    event.preventDefault();
    walkTo(shown[nextHit(found, active, event.shiftKey ? -1 : 1)]);
  };
  const canFold = (row: Row, index: number): "free" | "fixed" | "none" => {
    if (!isFinding) return row.descendants > 0 ? "free" : "none";
    return (shown[index + 1]?.level ?? 0) > row.level ? "fixed" : "none";
  };
  const move = (by: number): void => activate(shown[Math.min(shown.length - 1, Math.max(0, active + by))]);
  const setFolded = (row: Row | undefined, isFolded: boolean): void => {
    if (row === undefined || isFinding || row.descendants === 0 || folded.has(row.id) === isFolded) return;
    const next = new Set(folded);
    if (isFolded) next.add(row.id);
    else next.delete(row.id);
    onFold(next);
  };
  /** Folding what is folded or has nothing below goes to the row above it, as trees do; what is found stays unfolded. */
  const fold = (): void => {
    const row = shown[active];
    if (row && (isFinding || row.descendants === 0 || folded.has(row.id))) activate(rows[row.parent]);
    else setFolded(row, true);
  };
  const open = (): void => {
    const row = shown[active];
    if (row) onSelect(row.id, false);
  };
  useKeys(keyboard, {
    "/": () => input.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    "[": fold,
    ArrowLeft: fold,
    "]": () => setFolded(shown[active], false),
    ArrowRight: () => setFolded(shown[active], false),
    Enter: open,
  });

  return (
    <section class="timeline beside-list" aria-label="Waterfall">
      <div class="timeline-head">
        <label class="find">
          <span class="sr-only">Find in trace</span>
          <input
            ref={input}
            type="search"
            placeholder="Find in trace"
            value={find}
            onInput={(event) => onFind(event.currentTarget.value)}
            title="Enter goes to the next hit, Shift-Enter to the one before"
            onKeyDown={(event) => {
              leaveOnEscape(event);
              goToHit(event);
            }}
          />
          {isFinding ? (
            <span class="found" role="status">
              {countOf(found.hits, activeId)}
            </span>
          ) : (
            <kbd aria-hidden="true">/</kbd>
          )}
        </label>
        <Minimap rows={rows} whole={whole} zoom={zoom} onZoom={onZoom} />
        {zoom && (
          <button
            type="button"
            class="plain reset"
            onClick={() => onZoom(undefined)}
            title="Show the whole transaction"
          >
            all
          </button>
        )}
      </div>
      <div class="timeline-axis">
        <Ruler extent={extent} most={MOST_TICKS} />
      </div>
      <div class="timeline-body">
        <GridLines extent={extent} most={MOST_TICKS} />
        <VirtualList
          label="Spans, joins and gaps in causal order"
          role="treegrid"
          count={shown.length}
          rowHeight={ROW_HEIGHT}
          active={active}
          activeId={activeId === undefined ? undefined : rowElementId(activeId)}
          scroller={scroller}
          renderRow={(index, style) => {
            const row = shown[index];
            return (
              row && (
                <TimelineRow
                  key={row.id}
                  row={row}
                  index={index}
                  extent={extent}
                  isActive={index === active}
                  isSelected={row.id === selected}
                  isFolded={!isFinding && folded.has(row.id)}
                  fold={canFold(row, index)}
                  find={isFinding ? find : ""}
                  hit={found.hits.get(row.id)}
                  onPath={onPath.get(row.id)}
                  style={style}
                  onSelect={({ id }) => onSelect(id, false)}
                  onFold={(one) => setFolded(one, !folded.has(one.id))}
                />
              )
            );
          }}
        />
        {isFinding && found.hits.size === 0 && <p class="none-found">Nothing in this trace holds “{find}”.</p>}
      </div>
    </section>
  );
};

/** "2 of 6" on a hit, else how many there are. */
const countOf = (hits: ReadonlyMap<string, unknown>, activeId: string | undefined): string =>
  activeId !== undefined && hits.has(activeId)
    ? `${[...hits.keys()].indexOf(activeId) + 1} of ${hits.size}`
    : String(hits.size);
