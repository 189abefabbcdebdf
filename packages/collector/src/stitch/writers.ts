/**
 * Who may have sent what a unit received. By an exact key, all that say so: it is of one hop. By another (an item that is written
 * again and again, an object's content, a record of a cluster that nobody tells) whoever is not ruled out:
 *
 *   it began later than the receiver, clocks considered
 *   it carries a context that comes from the receiver, which was at work by then, whatever their clocks say
 *   both tell of their requests to S3, and of others than each other's
 *
 *   write a ──▶ item k ──▶ stream ──▶ write c         stream received what a wrote: c followed from it, and b
 *                 └─ an hour later: write b           came too late
 *
 * The sender is who alone is left. Where several spans of one unit are, it is that unit; of several units nobody knows which.
 *
 * Holders of keys tell when they wrote, whether their traces are loaded or not, and the receiver's own trace always is: so all
 * walks find the same sender, and of an item with ten thousand writers one trace at most is loaded to find it.
 */
import type { StitchKey } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { isExact, stitchKeyIdentity } from "../model/stitch-key.ts";
import type { KeyHolder } from "../store/store.ts";
import type { Graph } from "./graph.ts";
import { isLater } from "./later.ts";
import type { Unit } from "./units.ts";

/** All that are not ruled out. */
export const possibleWriters = (key: StitchKey, unit: Unit, graph: Graph): readonly KeyHolder[] => {
  const identity = stitchKeyIdentity(key);
  const producers = graph.producers(identity);
  if (isExact(key) || producers.length === 0) return producers;
  return graph.once(`writers of ${identity}`, unit, () =>
    producers.filter((one) => !isRuledOut(one.by, key, unit) && !comesFrom(unit, one, graph)),
  );
};

/** Those of whom one unit is the sender, once their traces are loaded; by a key that is not exact, they are of one trace. */
export const likelyWriters = (key: StitchKey, unit: Unit, graph: Graph): readonly KeyHolder[] => {
  const possible = possibleWriters(key, unit, graph);
  if (isExact(key) || possible.length === 0) return possible;
  const traceId = possible[0]?.traceId;
  const isOfOneTrace = possible.every((one) => one.traceId === traceId);
  return isOfOneTrace && graph.isWhole(stitchKeyIdentity(key)) ? possible : [];
};

const isRuledOut = (by: SpanRecord, key: StitchKey, unit: Unit): boolean =>
  isLater(by, unit.root) || (key.kind === "s3-object" && tellOfOtherRequests(by.produced, unit.consumed));

const tellOfOtherRequests = (written: readonly StitchKey[], received: readonly StitchKey[]): boolean => {
  const ids = new Set(written.filter(isRequestOfS3).map(({ id }) => id));
  const told = ids.size > 0 ? received.filter(isRequestOfS3) : [];
  return told.length > 0 && !told.some(({ id }) => ids.has(id));
};

const isRequestOfS3 = ({ kind }: StitchKey): boolean => kind === "s3-request";

/** By the parents that are named within the receiver's trace; what its invocation did besides comes after what that received, too. */
const comesFrom = (unit: Unit, { traceId, path }: KeyHolder, graph: Graph): boolean => {
  if (traceId !== unit.root.traceId) return false;
  const host = unit.invocation ?? unit.path;
  const passed = new Set<Unit>();
  for (let one = graph.unitOf(path); one && !passed.has(one); one = unitAbove(one, graph)) {
    if (one === unit || one.path === host || one.invocation === host) return true;
    passed.add(one);
  }
  return false;
};

const unitAbove = ({ root: { parentPath } }: Unit, graph: Graph): Unit | undefined =>
  parentPath === undefined ? undefined : graph.unitOf(parentPath);

/**
 * The receivers of what this unit sent that may be joined to it: the traces to load on the way down. Of an item's receivers most
 * have several writers before them, which their holders tell.
 */
export const likelyReceivers = (key: StitchKey, sender: Unit, graph: Graph): readonly KeyHolder[] => {
  const identity = stitchKeyIdentity(key);
  if (isExact(key)) return graph.consumers(identity);
  if (!graph.isWhole(identity)) return [];
  const firsts = firstWriters(graph.producers(identity));
  const written = sender.produced.map((one) => one.key);
  return receiversAfter(key, sender, graph).filter((one) =>
    key.kind === "s3-object" ? !tellOfOtherRequests(written, one.by.consumed) : !hasSeveral(one, firsts),
  );
};

/** Those to whom this unit's writing may matter: it was no later than them. */
export const receiversAfter = (key: StitchKey, sender: Unit, graph: Graph): readonly KeyHolder[] => {
  const identity = stitchKeyIdentity(key);
  const traceIds = new Set([sender.root, ...(sender.platform?.spans ?? [])].map(({ traceId }) => traceId));
  const own = graph
    .producers(identity)
    .filter(({ traceId, path }) => traceIds.has(traceId) && graph.unitOf(path) === sender);
  const [first, ...others] = own.map(({ by }) => by);
  if (first === undefined) return [];
  const earliest = others.reduce((a, b) => (b.start < a.start ? b : a), first);
  return graph.consumers(identity).filter(({ by }) => !isLater(earliest, by));
};

/** Of one trace each, the earliest of all: two that a receiver has before it besides its own are enough. */
const firstWriters = (producers: readonly KeyHolder[]): readonly KeyHolder[] => {
  const firsts = new Map<string, KeyHolder>();
  for (const one of producers) {
    const known = firsts.get(one.traceId);
    if (known === undefined || one.by.start < known.by.start) firsts.set(one.traceId, one);
  }
  return [...firsts.values()].toSorted((a, b) => Number(a.by.start - b.by.start)).slice(0, 3);
};

/** Where the span that received is its unit's root, and so as early as that. */
const hasSeveral = ({ traceId, by }: KeyHolder, firsts: readonly KeyHolder[]): boolean =>
  isLocalRoot(by) && firsts.filter((one) => one.traceId !== traceId && one.by.start <= by.start).length > 1;

const isLocalRoot = ({ parentSpanId, parentIsRemote, links }: SpanRecord): boolean =>
  parentSpanId === undefined || parentIsRemote || links.some(({ toInvocation }) => toInvocation);
