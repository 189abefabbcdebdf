/** What one looks at in a trace, in the address. Defaults are left out, so that a plain link stays short. */
import type { Extent } from "../../model/time-scale.ts";
import { tracePath } from "../../routes.ts";

export interface TraceLook {
  readonly tab: "waterfall" | "logs";
  /** Id of the row whose detail is open. */
  readonly selected?: string;
  readonly folded: ReadonlySet<string>;
  readonly find: string;
  /** The part of time that is shown; all of it when absent. */
  readonly zoom?: Extent;
  /** Whether the critical path is drawn. */
  readonly path: boolean;
  /** Least severity of the log lines shown. */
  readonly level: number;
}

export const lookOf = (search: string): TraceLook => {
  const given = new URLSearchParams(search);
  const selected = given.get("row");
  const zoom = zoomOf(given.get("zoom") ?? "");
  return {
    tab: given.get("tab") === "logs" ? "logs" : "waterfall",
    ...(selected !== null && { selected }),
    folded: new Set(given.get("folded")?.split(",").filter(Boolean).map(decode)),
    find: given.get("find") ?? "",
    ...(zoom && { zoom }),
    path: given.get("path") !== "off",
    level: Number(given.get("level") ?? 0) || 0,
  };
};

export const traceAddress = (id: string, look: TraceLook): string => {
  const search = new URLSearchParams();
  if (look.tab !== "waterfall") search.set("tab", look.tab);
  if (look.selected !== undefined) search.set("row", look.selected);
  if (look.folded.size > 0) search.set("folded", [...look.folded].map(encode).join(","));
  if (look.find !== "") search.set("find", look.find);
  if (look.zoom) search.set("zoom", `${Math.round(look.zoom.fromNs)}-${Math.round(look.zoom.toNs)}`);
  if (!look.path) search.set("path", "off");
  if (look.level > 0) search.set("level", String(look.level));
  return search.size === 0 ? tracePath(id) : `${tracePath(id)}?${search.toString()}`;
};

/** A row that stands for a message has its key in its id, and keys may hold commas. */
const encode = (rowId: string): string => rowId.replaceAll("%", "%25").replaceAll(",", "%2C");
const decode = (text: string): string => text.replaceAll("%2C", ",").replaceAll("%25", "%");

/** The init phase of the first invocation lies before zero. */
const zoomOf = (text: string): Extent | undefined => {
  const [fromNs, toNs] = /^(-?\d+)-(-?\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  return fromNs !== undefined && toNs !== undefined && toNs > fromNs ? { fromNs, toNs } : undefined;
};

/** Everything but what was taken away. */
export const withoutSelected = ({ selected: _selected, ...rest }: TraceLook): TraceLook => rest;
export const withoutZoom = ({ zoom: _zoom, ...rest }: TraceLook): TraceLook => rest;
