/** What a unit shares with others, any of which may change what is told of it. */
import type { StitchKey } from "@mayfly/api";
import { type SpanPath, spanPath } from "../model/ids.ts";
import { eachOnce, isExact, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { Graph } from "../stitch/graph.ts";
import { isMissed } from "../stitch/sending-gaps.ts";
import type { Unit } from "../stitch/units.ts";
import { receiversAfter } from "../stitch/writers.ts";

/**
 * Each key once: of a message that thousands received, each of them knows all others. Of an item that is written again and again,
 * one more writer matters to those who received it afterwards, and one more receiver to nobody who wrote it.
 */
export const holdersOf = (units: readonly Unit[], graph: Graph): SpanPath[] => {
  const keys = new Set(units.flatMap(keysOf).filter(mattersToAll).map(stitchKeyIdentity));
  const shared = [...keys].flatMap((key) => graph.holders(key)).map(({ path }) => path);
  return [...shared, ...units.flatMap((unit) => receiversOfItems(unit, graph))];
};

export const mattersToAll = (key: StitchKey): boolean => isExact(key) || isMissed(key);

export const receiversOfItems = (unit: Unit, graph: Graph): SpanPath[] => {
  const items = keysOf(unit).filter((key) => !mattersToAll(key));
  return eachOnce(items).flatMap((key) => receiversAfter(key, unit, graph).map(({ path }) => path));
};

/** What was seen of an invocation may tell of a message that its own spans do not; whom a Root leads to, its trace says. */
export const keysOf = ({ produced, consumed, platform }: Unit): readonly StitchKey[] => [
  ...produced.map(({ key }) => key),
  ...consumed,
  ...(platform?.spans ?? [])
    .flatMap((span) => [...span.produced, ...span.consumed])
    .filter(({ kind }) => kind !== "xray-root"),
];

export const neighbours = (unit: Unit, graph: Graph): SpanPath[] => [
  ...[...unit.spans, ...(unit.platform?.spans ?? [])].flatMap((span) => [
    ...graph.linksTo(span.path).map(({ path }) => path),
    ...span.links.map(({ traceId, spanId }) => spanPath(traceId, spanId)),
  ]),
  ...(unit.invocation ? [unit.invocation] : []),
];
