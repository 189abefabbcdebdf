/**
 * The spans that a row stands for, read without a walk: the row says which units it is made of.
 *
 * Bounds  `maxSpans`: of a larger one, the earliest arrivals.
 */
import { traceOf } from "../model/ids.ts";
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
  const units = [...byTrace.values()].flatMap(unitsOf);
  const byPath = new Map(units.map((unit) => [unit.path, unit]));
  const sights = Map.groupBy(units.flatMap(sightsIn), ({ path }) => path);
  return row.units.flatMap(({ path, isWhole, isSight }) => {
    if (isSight) return sights.get(path) ?? [];
    const unit = byPath.get(path);
    if (unit === undefined) return [];
    return isWhole ? unit.spans : [unit.root];
  });
};

/** Somebody else's spans of an invocation: under the ids of its own, or in a unit of their own. */
const sightsIn = ({ root, spans, seen = [] }: Unit): readonly SpanRecord[] =>
  root.evidence === undefined ? seen : [...spans, ...seen];
