/**
 * A list that grows at the top while somebody reads it.
 *
 * In      the rows shown (newest first) and the newest page as the collector has it now.
 * Out     the list as it would stand now, and the list that a reader keeps meanwhile: the same rows in the same places,
 *         with what the page says of them. As far down as the page and the list both reach, the page is the truth: a
 *         shown row that is missing there has become part of another one and goes. Where a full page and the list do
 *         not touch, more happened than a page holds, and the list begins anew with the page. A page that is not full
 *         has looked at more than it lists, because few of them match the filter, and leaves no hole.
 */
import type { TraceSummary } from "@mayfly/api";

export interface Merged {
  readonly next: readonly TraceSummary[];
  readonly kept: readonly TraceSummary[];
  /** What `next` has and `kept` has not. */
  readonly added: readonly TraceSummary[];
  /** More happened since than a page holds: `next` is the page alone, so that the list has no hole. */
  readonly isDisjoint: boolean;
}

export const mergeNewest = (
  shown: readonly TraceSummary[],
  page: readonly TraceSummary[],
  { isFull }: { readonly isFull: boolean },
): Merged => {
  const fresh = new Map(page.map((row) => [row.id, row]));
  const known = new Set(shown.map((row) => row.id));
  const kept = shown.map((row) => fresh.get(row.id) ?? row);
  const added = page.filter((row) => !known.has(row.id));
  const isDisjoint = isFull && added.length === page.length;
  if (isDisjoint) return { next: page, kept, added, isDisjoint };
  const lastCommon = page.findLast((row) => known.has(row.id))?.id;
  const below = shown.slice(shown.findIndex((row) => row.id === lastCommon) + 1);
  return { next: [...page, ...below.filter((row) => !fresh.has(row.id))], kept, added, isDisjoint };
};
