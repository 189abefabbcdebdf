/** Where one stands in the list: by the ids of rows, since newer ones may have come above them meanwhile. */
export interface Place {
  readonly activeId?: string;
  /** The first row in sight, how far it was scrolled out, and how many rows the list had. */
  readonly topId: string;
  readonly offsetPx: number;
  readonly count: number;
}

interface Shown {
  readonly rows: readonly { readonly id: string }[];
  readonly rowHeight: number;
}

export const placeAt = (
  scrollTop: number,
  activeId: string | undefined,
  { rows, rowHeight }: Shown,
): Place | undefined => {
  const index = Math.min(rows.length - 1, Math.max(0, Math.floor(scrollTop / rowHeight)));
  const topId = rows[index]?.id;
  if (topId === undefined) return undefined;
  return {
    ...(activeId !== undefined && { activeId }),
    topId,
    offsetPx: scrollTop - index * rowHeight,
    count: rows.length,
  };
};

/** Undefined while the row is not in the list. */
export const scrollTopOf = ({ topId, offsetPx }: Place, { rows, rowHeight }: Shown): number | undefined => {
  const index = rows.findIndex(({ id }) => id === topId);
  return index < 0 ? undefined : index * rowHeight + offsetPx;
};

/** From the browser's history, which may hold anything. */
export const asPlace = (kept: unknown): Place | undefined => {
  if (typeof kept !== "object" || kept === null) return undefined;
  const { activeId, topId, offsetPx, count } = kept as Partial<Record<keyof Place, unknown>>;
  if (typeof topId !== "string" || typeof offsetPx !== "number" || typeof count !== "number") return undefined;
  return { topId, offsetPx, count, ...(typeof activeId === "string" && { activeId }) };
};
