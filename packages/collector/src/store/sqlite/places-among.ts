/** Records, as they are counted over all blocks of a signal → where they lie. */
import type { FoundTerm } from "./filed-terms.ts";
import { firstWhere } from "./first-where.ts";
import type { Place } from "./partition-reader.ts";

/**
 * Each once, in their order. `firstRecords`: of each block, ascending, the records before it; what may follow are those of all.
 * Sorted as numbers, so that the blocks are gone through once, however many there are of either.
 */
export const placesAmong = (
  found: readonly FoundTerm[],
  firstRecords: readonly number[],
  idOf: (index: number) => number,
): readonly Place[] => {
  const places: Place[] = [];
  let before = -1;
  let from = 0;
  let end = 0;
  let block = 0;
  for (const record of inOrder(found)) {
    if (record === before) continue;
    before = record;
    if (record >= end) {
      const after = firstWhere(firstRecords.length, (n) => firstRecords[n]! > record);
      from = firstRecords[after - 1]!;
      end = firstRecords[after] ?? Infinity;
      block = idOf(after - 1);
    }
    places.push({ block, row: record - from });
  }
  return places;
};

/** One may be found by several terms. */
const inOrder = (found: readonly FoundTerm[]): Iterable<number> => {
  const [first] = found;
  if (first === undefined || found.length === 1) return first?.numbers ?? [];
  const records: number[] = [];
  for (const { numbers } of found) for (const record of numbers) records.push(record);
  const sorted = Float64Array.from(records);
  sorted.sort();
  return sorted;
};
