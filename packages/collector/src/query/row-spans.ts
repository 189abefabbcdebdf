/**
 * The spans that a row stands for, read without a walk: the row says which units it is made of.
 *
 * Bounds  `maxSpans`: of a larger one, the earliest arrivals.
 */
import { type SpanPath, traceOf } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { type Unit, unitsOf } from "../stitch/units.ts";
import type { Store } from "../store/store.ts";
import type { SummaryRow } from "../store/summaries.ts";

export const spansOfRow = async (
  row: SummaryRow,
  store: Pick<Store, "spansOfTraces">,
  maxSpans: number,
): Promise<readonly SpanRecord[]> => {
  const traceIds = new Set(row.units.map(({ path }) => traceOf(path)));
  const byTrace = Map.groupBy(await store.spansOfTraces([...traceIds], maxSpans), (span) => span.traceId);
  const units = new Map<SpanPath, Unit>();
  for (const spans of byTrace.values())
    for (const unit of unitsOf(spans)) if (!units.has(unit.path)) units.set(unit.path, unit);
  return row.units.flatMap(({ path, isWhole }) => {
    const unit = units.get(path);
    if (unit === undefined) return [];
    return isWhole ? unit.spans : unit.spans.slice(0, 1);
  });
};
