/** How many names stand in a room, and how many are left for "+3": all when all fit, and always at least one. */
interface Room {
  readonly widthPx: number;
  /** Between two names. */
  readonly gapPx: number;
  /** What "+3" takes, its gap included. */
  readonly restPx: number;
  /** Of one name with its mark. */
  readonly widthOf: (name: string) => number;
}

export const namesThatFit = (names: readonly string[], { widthPx, gapPx, restPx, widthOf }: Room): number => {
  let usedPx = 0;
  let fitting = 0;
  for (const [index, name] of names.entries()) {
    usedPx += (index > 0 ? gapPx : 0) + widthOf(name);
    if (usedPx > widthPx) return Math.max(1, fitting);
    const isLast = index === names.length - 1;
    if (isLast || usedPx + restPx <= widthPx) fitting = index + 1;
  }
  return fitting;
};
