/** The first of 0 … count-1 that it is true of, and count when there is none; true of all behind it. */
export const firstWhere = (count: number, isTrue: (n: number) => boolean): number => {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
