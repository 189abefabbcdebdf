/**
 * Which records of one key are copies: the same bytes in the same origin, brought by another request. Of what one request brought
 * twice, as log lines may be, both stay.
 */
export interface Contents {
  areAlike(a: number, b: number): boolean;
  /** Equal for those that are alike. */
  sumOf(slot: number): number;
  readonly requestOf: (slot: number) => number;
}

/** Above this many records of one key, copies are looked for by checksum. */
const FEW = 16;

const NONE: ReadonlySet<number> = new Set();

export const copiesAmong = (slots: readonly number[], contents: Contents): ReadonlySet<number> => {
  if (slots.length === 1) return NONE;
  const alike = slots.length <= FEW ? alikeAmongFew(slots, contents) : alikeAmongMany(slots, contents);
  return alike.length === 0 ? NONE : new Set(alike.flatMap((group) => copiesIn(group, contents)));
};

const alikeAmongFew = (slots: readonly number[], contents: Contents): readonly number[][] => {
  const groups: number[][] = [];
  for (let n = 1; n < slots.length; n += 1) {
    for (let earlier = 0; earlier < n; earlier += 1) {
      const first = slots[earlier]!;
      if (!contents.areAlike(first, slots[n]!)) continue;
      const group = groups.find((one) => one[0] === first);
      if (group) group.push(slots[n]!);
      else groups.push([first, slots[n]!]);
      break;
    }
  }
  return groups;
};

const alikeAmongMany = (slots: readonly number[], contents: Contents): readonly number[][] => {
  const bySum = new Map<number, number[][]>();
  for (const slot of slots) {
    const sum = contents.sumOf(slot);
    const groups = bySum.get(sum) ?? [];
    const group = groups.find(([first]) => contents.areAlike(first!, slot));
    if (group) group.push(slot);
    else bySum.set(sum, [...groups, [slot]]);
  }
  return [...bySum.values()].flat().filter((group) => group.length > 1);
};

/** All but those of the request that brought the most of them, and of such requests the first. */
const copiesIn = (group: readonly number[], { requestOf }: Contents): readonly number[] => {
  const counts = new Map<number, number>();
  for (const slot of group) counts.set(requestOf(slot), (counts.get(requestOf(slot)) ?? 0) + 1);
  const [kept] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  return group.filter((slot) => requestOf(slot) !== kept);
};
