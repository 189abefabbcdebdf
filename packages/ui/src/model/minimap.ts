/**
 * The whole transaction in a strip: rows squeezed into a few lanes, bars merged where they touch, so that its size is
 * bounded by the strip and not by the trace.
 */
import { hueOf } from "./colors.ts";
import { type Extent, fractionOf } from "./time-scale.ts";
import type { Row } from "./rows.ts";
import { initInterval } from "./trace-view.ts";

/** Width of the strip's own coordinates; one unit is about a pixel. */
export const MINIMAP_WIDTH = 1000;
export const MINIMAP_LANES = 14;

export interface Stroke {
  /** A hue, or what has no function's colour. */
  readonly ink: number | "error" | "wait" | "cold";
  /** SVG path data of horizontal lines, `MINIMAP_WIDTH` × `MINIMAP_LANES`. */
  readonly path: string;
}

export const minimapOf = (rows: readonly Row[], extent: Extent): readonly Stroke[] => {
  const lanes = Math.min(MINIMAP_LANES, Math.max(1, rows.length));
  const covered = new Map<Stroke["ink"], Map<number, Uint8Array>>();
  const mark = (ink: Stroke["ink"], lane: number, startNs: number, endNs: number): void => {
    const byLane = covered.get(ink) ?? new Map<number, Uint8Array>();
    covered.set(ink, byLane);
    const cells = byLane.get(lane) ?? new Uint8Array(MINIMAP_WIDTH);
    byLane.set(lane, cells);
    const from = Math.floor(fractionOf(extent, startNs) * MINIMAP_WIDTH);
    const to = Math.ceil(fractionOf(extent, endNs) * MINIMAP_WIDTH);
    const left = Math.max(0, Math.min(from, MINIMAP_WIDTH - 2));
    cells.fill(1, left, Math.max(left + 2, to));
  };
  for (const [index, row] of rows.entries()) {
    const lane = Math.floor((index / rows.length) * lanes);
    if (row.kind === "join") for (const wait of row.waits) mark("wait", lane, wait.fromNs, wait.toNs);
    if (row.kind !== "span") continue;
    const { startNs, endNs, isError, isInit } = row.view;
    const cold = initInterval(row.view);
    if (cold) mark("cold", lane, cold.startNs, cold.endNs);
    if (isInit) mark("cold", lane, startNs, endNs);
    else mark(isError ? "error" : hueOf(row.functionName), lane, startNs, endNs);
  }
  return [...covered].map(([ink, byLane]) => ({ ink, path: [...byLane].map(linesOf).join("") }));
};

const linesOf = ([lane, cells]: readonly [number, Uint8Array]): string => {
  const lines: string[] = [];
  for (let from = cells.indexOf(1); from >= 0;) {
    const end = cells.indexOf(0, from);
    const to = end < 0 ? MINIMAP_WIDTH : end;
    lines.push(`M${from} ${lane + 0.5}H${to}`);
    from = cells.indexOf(1, to);
  }
  return lines.join("");
};
