/**
 * The list of stitched traces, newest first, from their summaries.
 *
 * What has arrived since the summaries were brought up to date is brought in first where it is little. Under a load the list shows
 * what there is, rows say that they are not settled, and the answer how much it may lack.
 */
import type { TraceSummary } from "@mayfly/api";
import type { TraceId } from "../model/ids.ts";
import type { UnixNano } from "../model/time.ts";
import type { SummaryPosition, SummaryRow } from "../store/summaries.ts";
import type { Query } from "./grammar.ts";
import { summaryOf } from "./row.ts";
import { type Search, type SearchDeps, search } from "./run.ts";
import type { Behind, Pending, Summarizer } from "./summarize.ts";

export interface Filters {
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly function?: string;
  readonly query?: Query;
  readonly minDurationMs?: number;
  readonly status?: "ok" | "error";
}

export interface ListQuery extends Filters {
  readonly limit: number;
  readonly after?: SummaryPosition;
}

export interface ListDeps extends SearchDeps {
  readonly summarizer: Summarizer;
}

export const listTraces = async (
  list: ListQuery,
  deps: ListDeps,
  now: UnixNano,
): Promise<{ readonly traces: readonly TraceSummary[]; readonly next?: SummaryPosition; readonly behind: Behind }> => {
  const pending = await deps.summarizer.settled();
  const { rows, next } = await search(
    { ...searchOf(list), now, limit: list.limit, ...(list.after && { after: list.after }) },
    deps,
  );
  return {
    traces: rows.map((row) => summaryOf(row, isChanging(row, pending), now)),
    ...(next && { next }),
    behind: await deps.summarizer.behind(pending),
  };
};

/** The filters that have a parameter of their own are parts of the query like any other. */
export const searchOf = ({
  from,
  to,
  query,
  status,
  minDurationMs,
  ...filters
}: Filters): Omit<Search, "limit" | "now"> => {
  const parts: Query[] = [];
  if (query?.kind === "and") parts.push(...query.parts);
  else if (query) parts.push(query);
  if (filters.function !== undefined) {
    parts.push({ kind: "field", field: "function", tests: [{ is: "equal", text: filters.function }] });
  }
  if (status !== undefined) parts.push({ kind: "field", field: "status", tests: [{ is: "equal", text: status }] });
  if (minDurationMs !== undefined) {
    parts.push({ kind: "field", field: "duration", tests: [{ is: ">=", number: minDurationMs * 1e6 }] });
  }
  return {
    query: { kind: "and", parts },
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
};

const isChanging = ({ traceIds }: SummaryRow, pending: Pending): boolean =>
  !pending.isAll || traceIds.some((traceId: TraceId) => pending.traceIds.has(traceId));
