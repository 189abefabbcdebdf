/**
 * A list that grows at the top while somebody reads it.
 *
 * In      the rows shown (newest first) and the newest page as the collector has it now.
 * Out     the shown rows with what the page says of them, and what is new above them. Within the span of time that the
 *         page covers it is the truth: a shown row that is missing there has become part of another one and goes.
 *         Where page and list do not touch, more happened than a page holds, and the list starts anew from the page.
 */
import type { TraceSummary } from "@mayfly/api";

export interface Merged {
  readonly shown: readonly TraceSummary[];
  readonly added: readonly TraceSummary[];
  /** More happened since than a page holds: the list must begin anew to have no hole. */
  readonly isDisjoint: boolean;
}

export const mergeNewest = (shown: readonly TraceSummary[], page: readonly TraceSummary[]): Merged => {
  const fresh = new Map(page.map((row) => [row.id, row]));
  const known = new Set(shown.map((row) => row.id));
  const added = page.filter((row) => !known.has(row.id));
  if (shown.length > 0 && page.length > 0 && added.length === page.length) return { shown, added, isDisjoint: true };
  const oldest = BigInt(page.at(-1)?.startTimeUnixNano ?? 0);
  const isCovered = (row: TraceSummary): boolean => page.length > 0 && BigInt(row.startTimeUnixNano) > oldest;
  const kept = shown.flatMap((row) => fresh.get(row.id) ?? (isCovered(row) ? [] : row));
  return { shown: kept, added, isDisjoint: false };
};
