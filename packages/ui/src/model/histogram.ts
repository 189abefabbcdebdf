/**
 * Steps of a histogram → bars, as fractions of its box: how high all of them, and how much of that failed.
 *
 * A step that has anything is seen, and so are its failures; only where all failed is all of the bar theirs.
 */
export interface Step {
  readonly count: number;
  readonly errorCount: number;
}

export interface Bar<S extends Step> {
  readonly step: S;
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly failedHeight: number;
}

const LEAST = 0.06;
const MOST_OF_A_BAR = 0.75;

export const barsOf = <S extends Step>(steps: readonly S[]): readonly Bar<S>[] => {
  const most = Math.max(1, ...steps.map(({ count }) => count));
  return steps.map((step, index) => {
    const height = step.count === 0 ? 0 : Math.max(LEAST, step.count / most);
    return { step, left: index / steps.length, width: 1 / steps.length, height, failedHeight: failedOf(step, height) };
  });
};

const failedOf = ({ count, errorCount }: Step, height: number): number => {
  if (errorCount === 0 || errorCount === count) return errorCount === 0 ? 0 : height;
  return Math.min(height * MOST_OF_A_BAR, Math.max(LEAST / 2, (height * errorCount) / count));
};
