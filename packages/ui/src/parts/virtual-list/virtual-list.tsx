/**
 * A list of which only the visible rows exist. Rows are equally high; the active one is kept in sight.
 *
 * The list itself has the focus and names its active row by `aria-activedescendant`, so a row may leave the document
 * while it scrolls away without taking the focus with it.
 *
 * What stands above the list and has its columns lies with it in a `.beside-list`, and learns there from `--scroll-bar`
 * how much of the width the list's scroll bar takes: none while all rows fit.
 */
import type { CSSProperties, ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import "./virtual-list.css";

interface VirtualListProps {
  readonly label: string;
  readonly role: "grid" | "treegrid" | "log";
  readonly count: number;
  readonly rowHeight: number;
  readonly renderRow: (index: number, placed: CSSProperties) => ComponentChildren;
  /** Index of the active row, -1 for none. */
  readonly active?: number;
  readonly activeId?: string | undefined;
  /** Below the last row, scrolling with it. */
  readonly after?: ComponentChildren;
  readonly onScroll?: (scrollTop: number) => void;
  readonly scroller?: RefObject<HTMLDivElement | null>;
  readonly onPointer?: (isInside: boolean) => void;
}

/** Rows drawn beyond either edge, so that a fast wheel does not show holes. */
const OVERSCAN = 8;
/** What is drawn before the height is known. */
const FIRST_HEIGHT = 900;

export const VirtualList = (props: VirtualListProps) => {
  const { label, role, count, rowHeight, renderRow, active = -1, activeId, after, onScroll, onPointer } = props;
  const own = useRef<HTMLDivElement>(null);
  const scroller = props.scroller ?? own;
  const [view, setView] = useState({ top: 0, height: FIRST_HEIGHT });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = (): void => {
      setView({ top: element.scrollTop, height: element.clientHeight });
      const bar = `${element.offsetWidth - element.clientWidth}px`;
      element.closest<HTMLElement>(".beside-list")?.style.setProperty("--scroll-bar", bar);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);

  useEffect(() => {
    const element = scroller.current;
    if (!element || active < 0) return;
    const top = active * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + rowHeight - element.clientHeight;
    }
  }, [active, rowHeight, scroller]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  const indices = Array.from({ length: Math.max(0, end - first) }, (_, offset) => first + offset);
  return (
    <div
      class="virtual-list"
      ref={scroller}
      role={role}
      aria-label={label}
      aria-rowcount={role === "log" ? undefined : count}
      aria-activedescendant={active >= first && active < end ? activeId : undefined}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, clientHeight } = event.currentTarget;
        setView({ top: scrollTop, height: clientHeight });
        onScroll?.(scrollTop);
      }}
      onPointerEnter={() => onPointer?.(true)}
      onPointerLeave={() => onPointer?.(false)}
    >
      <div class="virtual-rows" role="rowgroup" style={{ height: `${count * rowHeight}px` }}>
        {indices.map((index) =>
          renderRow(index, { transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }),
        )}
      </div>
      {after}
    </div>
  );
};
