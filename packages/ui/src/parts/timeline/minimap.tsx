/** The whole transaction in a strip. Drag over it to look closer; a double click shows all again. */
import { useMemo, useRef, useState } from "preact/hooks";
import { formatDuration } from "../../model/format.ts";
import { MINIMAP_LANES, MINIMAP_WIDTH, minimapOf } from "../../model/minimap.ts";
import type { Row } from "../../model/rows.ts";
import { type Extent, fractionOf, momentAt } from "../../model/time-scale.ts";

interface MinimapProps {
  readonly rows: readonly Row[];
  readonly whole: Extent;
  readonly zoom: Extent | undefined;
  readonly onZoom: (zoom: Extent | undefined) => void;
}

/** A drag shorter than this part of the strip is a click. */
const LEAST_DRAG = 0.005;

export const Minimap = ({ rows, whole, zoom, onZoom }: MinimapProps) => {
  const strokes = useMemo(() => minimapOf(rows, whole), [rows, whole]);
  // A few rows are as thin as many, and stand in the middle.
  const emptyLanes = Math.max(0, MINIMAP_LANES - Math.max(1, rows.length));
  const strip = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();

  const fractionAt = (event: PointerEvent): number => {
    const box = strip.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const finish = (): void => {
    if (drag && Math.abs(drag.to - drag.from) > LEAST_DRAG) {
      const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      onZoom({ fromNs: Math.round(momentAt(whole, from)), toNs: Math.round(momentAt(whole, to)) });
    }
    setDrag(undefined);
  };
  const shown = drag
    ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) }
    : zoom && { from: fractionOf(whole, zoom.fromNs), to: fractionOf(whole, zoom.toNs) };
  return (
    <div
      class="minimap"
      ref={strip}
      title="Drag to look closer, double click for all"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: fractionAt(event), to: fractionAt(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: fractionAt(event) })}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(undefined)}
      onDblClick={() => onZoom(undefined)}
    >
      <svg
        viewBox={`0 ${-emptyLanes / 2} ${MINIMAP_WIDTH} ${MINIMAP_LANES}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The whole transaction, ${formatDuration(whole.toNs - whole.fromNs)}`}
      >
        {strokes.map(({ ink, path }) => (
          <path key={ink} d={path} class={typeof ink === "number" ? `hue-${ink}` : ink} />
        ))}
      </svg>
      {shown && (
        <>
          <i class="shade" style={{ left: "0", width: `${shown.from * 100}%` }} />
          <i class="shade" style={{ left: `${shown.to * 100}%`, right: "0" }} />
          <i class="frame" style={{ left: `${shown.from * 100}%`, width: `${(shown.to - shown.from) * 100}%` }} />
        </>
      )}
    </div>
  );
};
