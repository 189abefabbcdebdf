/**
 * X-Ray Roots that belong to several transactions, and so tell of none of them.
 *
 * The invocation of a batch is given one trace header, whoever sent its messages, and all that it calls is handed that
 * header's Root: what is known of a callee by its Root alone may have been caused by any of the messages.
 *
 *   api 1 ─ m1 ─▶ ┐                       ┌─▶ ship   Root R, nothing else: of m1, or of m2?
 *   api 2 ─ m2 ─▶ ┴ batch, given Root R ──┴─▶ bill   Root R, and the id of the event that record 2 sent: of m2
 *
 * Known to have been given R are batches whose spans are of trace R (whoever takes Lambda's header for the parent), of which
 * Lambda or X-Ray says it, and that say so themselves (our SDK: key `xray-root`). What began before the batch did, clocks
 * considered, is not its doing. A batch of which one invocation sent every message does not matter: its Root is theirs.
 *
 * Only what `loadBatchesWith` has loaded counts.
 */
import { type SpanPath, type TraceId, spanPath } from "../model/ids.ts";
import { type StitchKeyIdentity, isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import { rootOfTraceId } from "../model/xray-header.ts";
import { MAYFLY_KEYS_CONSUMED } from "../normalize/semconv.ts";
import type { KeyHolder } from "../store/store.ts";
import type { Graph } from "./graph.ts";
import { isLater } from "./later.ts";
import { type Unit, hasSharedHeader } from "./units.ts";
import { likelyWriters, possibleWriters } from "./writers.ts";

/** Of a Root that more say to have been given, so many are looked into. */
const MAX_SAYING = 50;

/** So that all walks find the same. */
export const loadBatchesWith = async (inDoubt: readonly TraceId[], graph: Graph): Promise<void> => {
  const roots = [...new Set(inDoubt)];
  await graph.loadHolders(roots.map(keyOf));
  await graph.load(roots.flatMap((root) => sayingElsewhere(root, graph)).map(({ traceId }) => traceId));
  const batches = roots.flatMap((root) => batchesWith(root, graph));
  const senders = batches.flatMap((batch) =>
    batch.consumed.filter(isMessageKey).flatMap((key) => likelyWriters(key, batch, graph)),
  );
  await graph.load(senders.map(({ traceId }) => traceId));
};

/** The earliest batch that may have handed `root` on to this unit. */
export const batchBefore = (unit: Unit, root: TraceId, graph: Graph): Unit | undefined => {
  const batch = ofManySenders(root, graph).find((one) => one !== unit && !hasSentTo(one, unit, graph));
  return batch && !isLater(batch.root, unit.root) ? batch : undefined;
};

/** Then it was before the batch, whatever their clocks say. */
const hasSentTo = (batch: Unit, unit: Unit, graph: Graph): boolean =>
  batch.consumed.some(
    (key) => isMessageKey(key) && likelyWriters(key, batch, graph).some((one) => unitOf(one, graph) === unit),
  );

/** Earliest first. */
const ofManySenders = (root: TraceId, graph: Graph): readonly Unit[] =>
  graph.once("batches of many senders", root, () =>
    batchesWith(root, graph)
      .filter((batch) => !isOfOneSender(batch, graph))
      .toSorted((a, b) => Number(a.root.start - b.root.start)),
  );

const batchesWith = (root: TraceId, graph: Graph): readonly Unit[] =>
  graph.once("batches", root, () => {
    const saying = sayingElsewhere(root, graph).flatMap((holder) => unitOf(holder, graph) ?? []);
    return [...new Set([...graph.units(root), ...graph.seenIn(root), ...saying])].filter(hasSharedHeader);
  });

const keyOf = (root: TraceId): StitchKeyIdentity => stitchKeyIdentity({ kind: "xray-root", id: rootOfTraceId(root) });

/** What Lambda says of it stands in the trace itself. */
const sayingElsewhere = (root: TraceId, graph: Graph): readonly KeyHolder[] =>
  graph
    .consumers(keyOf(root))
    .filter(({ traceId }) => traceId !== root)
    .toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1))
    .slice(0, MAX_SAYING);

/** All its messages were sent by one invocation: those of one kind at least, where a message came in another. */
export const isOfOneSender = (batch: Unit, graph: Graph): boolean => {
  const byKind = Map.groupBy(batch.consumed.filter(isMessageKey), ({ kind }) => kind);
  return [...byKind.values()].some((keys) => {
    const senders = keys.map((key) => new Set(likelyWriters(key, batch, graph).map((one) => unitOf(one, graph))));
    const [first] = senders.flatMap((units) => [...units]);
    return (
      keys.length >= batch.messageCount &&
      first !== undefined &&
      senders.every((units) => units.size === 1 && units.has(first))
    );
  });
};

const unitOf = ({ path }: KeyHolder, graph: Graph): Unit | undefined => graph.unitOf(path);

/**
 * Whether the parent it names may be one that Lambda's header named. Our SDK, which says its keys, takes none from there, and a record's
 * is its own message's.
 */
export const mayNameHeadersParent = ({ root, invocation }: Unit): boolean =>
  invocation === undefined && !root.wire.attributes.some(({ key }) => key === MAYFLY_KEYS_CONSUMED);

/** Whether a batch with this Root was told of the span as its own parent, as far as one can know: then all that it calls is. */
export const isHeadersParent = (path: SpanPath, root: TraceId, graph: Graph): boolean =>
  ofManySenders(root, graph).some((batch) => mayBeParentOf(batch, path, graph));

/** Its header has the parent of one of its messages. */
const mayBeParentOf = (batch: Unit, path: SpanPath, graph: Graph): boolean =>
  batch.root.parentPath === path ||
  [...batch.links, ...(batch.platform?.senders ?? [])].some((one) => spanPath(one.traceId, one.spanId) === path) ||
  batch.consumed.some((key) => possibleWriters(key, batch, graph).some((one) => one.path === path));
