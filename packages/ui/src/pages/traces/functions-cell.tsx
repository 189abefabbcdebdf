/** The functions of a transaction in causal order: as many names as there is room for, then how many more. */
import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { hueClass } from "../../model/colors.ts";
import { namesThatFit } from "../../model/fit-names.ts";

const MARK_PX = 14;
const GAP_PX = 12;
const REST_PX = 34;

export const FunctionsCell = ({ names, roomPx }: { readonly names: readonly string[]; readonly roomPx: number }) => {
  const count = namesThatFit(names, { widthPx: roomPx, gapPx: GAP_PX, restPx: REST_PX, widthOf });
  return (
    <span role="gridcell" class="functions" title={names.join(" → ")}>
      {names.slice(0, count).map((name) => (
        <span key={name} class={`chip ${hueClass(name)}`}>
          <span>{name}</span>
        </span>
      ))}
      {count < names.length && <span class="rest">+{names.length - count}</span>}
    </span>
  );
};

/** Measured once per name: a list of thousands has few functions. */
const widths = new Map<string, number>();
const MOST_WIDTHS = 2000;
let pen: CanvasRenderingContext2D | null | undefined;

const widthOf = (name: string): number => {
  const known = widths.get(name);
  if (known !== undefined) return known;
  pen ??= document.createElement("canvas").getContext("2d");
  if (pen) pen.font = fontOf(getComputedStyle(document.body));
  const width = MARK_PX + Math.ceil(pen?.measureText(name).width ?? name.length * 7);
  if (widths.size >= MOST_WIDTHS) widths.clear();
  widths.set(name, width);
  return width;
};

/** `font` itself is empty where the style has what the shorthand cannot say, as tabular numerals are. */
const fontOf = ({ fontWeight, fontSize, fontFamily }: CSSStyleDeclaration): string =>
  `${fontWeight} ${fontSize} ${fontFamily}`;

/** Width of an element, as it changes; `fallback` before it is there, which it may be when `isThere` has changed. */
export const useWidth = (element: RefObject<HTMLElement | null>, fallback: number, isThere: boolean): number => {
  const [width, setWidth] = useState(fallback);
  useLayoutEffect(() => {
    if (!element.current) return undefined;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    setWidth(element.current.clientWidth);
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isThere]);
  return width;
};
