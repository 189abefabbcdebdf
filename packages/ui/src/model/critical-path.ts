/** The critical path on the waterfall's rows: a span's work and init on its own row, the wait for a consumer on the join's. */
import type { Row } from "./rows.ts";
import type { Extent } from "./time-scale.ts";
import type { SpanPath, TraceView } from "./trace-view.ts";

/** By row id, in time order. */
export type PathOnRows = ReadonlyMap<string, readonly Extent[]>;

export const pathOnRows = ({ criticalPath }: TraceView, rows: readonly Row[]): PathOnRows => {
  const spanRows = new Map<SpanPath, string>();
  const joinRows = new Map<SpanPath, string>();
  for (const row of rows) {
    if (row.kind === "span") spanRows.set(row.view.path, row.id);
    if (row.kind === "join") for (const path of row.consumers) joinRows.set(path, row.id);
  }
  const extents = new Map<string, Extent[]>();
  for (const { is, path, fromNs, toNs } of criticalPath) {
    const id = (is === "wait" ? joinRows : spanRows).get(path);
    if (id === undefined) continue;
    const known = extents.get(id);
    if (known) known.push({ fromNs, toNs });
    else extents.set(id, [{ fromNs, toNs }]);
  }
  return extents;
};

export const timeOf = (extents: readonly Extent[] = []): number =>
  extents.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0);
