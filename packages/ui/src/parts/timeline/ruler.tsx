/** The time axis of the waterfall: ticks above, lines behind the rows. */
import { formatTick } from "../../model/format.ts";
import { type Extent, fractionOf, ticksOf } from "../../model/time-scale.ts";

const percent = (fraction: number): string => `${(fraction * 100).toFixed(4)}%`;

export const Ruler = ({ extent, most }: { readonly extent: Extent; readonly most: number }) => {
  const { stepNs, atNs } = ticksOf(extent, most);
  return (
    <div class="ruler" aria-hidden="true">
      {atNs.map((ns) => (
        <span key={ns} style={{ left: percent(fractionOf(extent, ns)) }}>
          {formatTick(ns, stepNs, atNs.at(-1) ?? 0)}
        </span>
      ))}
    </div>
  );
};

export const GridLines = ({ extent, most }: { readonly extent: Extent; readonly most: number }) => (
  <div class="grid-lines" aria-hidden="true">
    <div>
      {ticksOf(extent, most).atNs.map((ns) => (
        <i key={ns} style={{ left: percent(fractionOf(extent, ns)) }} />
      ))}
    </div>
  </div>
);

export { percent };
