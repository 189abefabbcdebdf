import type { Ref } from "preact";
import { formatTick } from "../../model/format.ts";
import { logFraction } from "../../model/time-scale.ts";

/** Every other line of the scale: more would touch each other. */
const DECADES_NS = [1e6, 1e8, 1e10];

/** Column names; the duration's has the decades of the scale that all bars share. */
export const ListHead = ({ functions }: { readonly functions: Ref<HTMLSpanElement> }) => (
  <div class="list-head trace-columns" aria-hidden="true">
    <span />
    <span>Transaction</span>
    <span class="number">Duration</span>
    <span class="decades">
      {DECADES_NS.map((ns) => (
        <i key={ns} style={{ left: `${logFraction(ns) * 100}%` }}>
          {formatTick(ns, ns, ns)}
        </i>
      ))}
    </span>
    <span ref={functions}>Functions by cause</span>
    <span class="number">Spans</span>
    <span class="number">Cold</span>
    <span class="number">Gaps</span>
    <span class="number">Age</span>
  </div>
);
