/**
 * The rows that numbers are made of: those that pass, newest first, up to a bound, and how far back they reach then.
 */
import type { UnixNano } from "../model/time.ts";
import type { SummaryRow } from "../store/summaries.ts";
import { type Filters, type ListDeps, searchOf } from "./list.ts";
import { search } from "./run.ts";
import type { Behind } from "./summarize.ts";

const MAX_ROWS = 10_000;

export interface NewestRows {
  readonly rows: readonly SummaryRow[];
  /** The start of the oldest that was looked at; undefined where everything was. */
  readonly lookedBackTo: UnixNano | undefined;
  readonly behind: Behind;
}

export const newestRows = async (filters: Filters, deps: ListDeps, now: UnixNano): Promise<NewestRows> => {
  const pending = await deps.summarizer.settled();
  const { rows, next } = await search({ ...searchOf(filters), now, limit: MAX_ROWS, maxRows: MAX_ROWS }, deps);
  return { rows, lookedBackTo: next?.start, behind: await deps.summarizer.behind(pending) };
};
