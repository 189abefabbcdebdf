/**
 * Where a moment stands on an axis, as a fraction of its width: linear for one trace, logarithmic for durations that
 * differ by orders of magnitude.
 */
export interface Extent {
  readonly fromNs: number;
  readonly toNs: number;
}

/** 0 at the left edge, 1 at the right; outside it goes on, so that callers can clip. */
export const fractionOf = ({ fromNs, toNs }: Extent, ns: number): number =>
  toNs > fromNs ? (ns - fromNs) / (toNs - fromNs) : 0;

export const momentAt = ({ fromNs, toNs }: Extent, fraction: number): number => fromNs + fraction * (toNs - fromNs);

export interface Placed {
  readonly left: number;
  readonly width: number;
}

/** The visible part of an interval as fractions; undefined when none of it is visible. */
export const placeInterval = (extent: Extent, startNs: number, endNs: number): Placed | undefined => {
  const from = fractionOf(extent, startNs);
  const to = fractionOf(extent, endNs);
  if (to < 0 || from > 1) return undefined;
  const left = Math.max(0, from);
  return { left, width: Math.min(1, to) - left };
};

const STEPS = [1, 2, 5, 10];

/** Round moments, at most `most` of them, the first at or after the extent's start. */
export const ticksOf = (
  { fromNs, toNs }: Extent,
  most: number,
): { readonly stepNs: number; readonly atNs: number[] } => {
  const rough = Math.max(1, (toNs - fromNs) / Math.max(1, most - 1));
  const decade = 10 ** Math.floor(Math.log10(rough));
  const stepNs = decade * (STEPS.find((step) => step * decade >= rough) ?? 10);
  const atNs: number[] = [];
  for (let index = Math.ceil(fromNs / stepNs); index * stepNs <= toNs && atNs.length < most; index += 1) {
    atNs.push(index * stepNs + 0); // + 0: no negative zero
  }
  return { stepNs, atNs };
};

/** The common scale of the list: a millisecond to a minute, so that a bar means the same on every page. */
const LOG_SCALE_NS = { fromNs: 1e6, toNs: 60e9 } as const satisfies Extent;

export const logFraction = (durationNs: number, { fromNs, toNs }: Extent = LOG_SCALE_NS): number =>
  Math.min(1, Math.max(0, Math.log(Math.max(1, durationNs) / fromNs) / Math.log(toNs / fromNs)));
