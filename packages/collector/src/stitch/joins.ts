/**
 * The joins that lead into one unit: which spans sent what it works on, and how we know.
 *
 * Evidence, strongest first: the parent it carries, a link it carries, a stitch key that another span produced, and,
 * where there is none of these, the X-Ray Root that Lambda handed on (two units of one trace id, neither the other's
 * parent). Evidence for the same sending span is one join. A carried context may name a span around the one that
 * sent; then the join starts at the sender, which the key tells.
 *
 * Only evidence whose sender is loaded counts: the walk decides how far it looks.
 */
import type { JoinKind, StitchKey } from "@mayfly/api";
import { type SpanPath, type TraceId, spanPath } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import { type StitchKeyIdentity, isExact, isMessageKey, stitchKeyIdentity } from "../model/stitch-key.ts";
import {
  FAAS_TRIGGER,
  FAAS_TRIGGER_DATASOURCE,
  FAAS_TRIGGER_HTTP,
  FAAS_TRIGGER_PUBSUB,
  FAAS_TRIGGER_TIMER,
} from "../normalize/semconv.ts";
import { type Graph, MAX_TRACES_OF_REQUEST } from "./graph.ts";
import { isLater } from "./later.ts";
import { batchBefore, isHeadersParent, isOfOneSender, mayNameHeadersParent } from "./shared-roots.ts";
import { type Unit, hasSharedHeader } from "./units.ts";
import { likelyWriters, possibleWriters } from "./writers.ts";

export interface UnitJoin {
  readonly from: SpanRecord;
  readonly fromUnit: Unit;
  readonly to: Unit;
  readonly kind: JoinKind;
  /** Every id that both sides saw; the first is shown. */
  readonly keys: readonly StitchKey[];
  readonly relation: "continues" | "links";
}

interface Evidence {
  readonly from: SpanRecord;
  readonly fromUnit: Unit;
  readonly kind: JoinKind;
  readonly keys: readonly StitchKey[];
}

interface Carried extends Evidence {
  /** Of the message that brought it. */
  readonly messageId?: string | undefined;
}

/** Strongest first; of those that are as strong, whose sender began first. */
export const joinsInto = (unit: Unit, graph: Graph): readonly UnitJoin[] => causesInto(unit, graph).joins;

/** Contexts that it carries and that were not followed, because the id of its message leads elsewhere. */
export const staleInto = (unit: Unit, graph: Graph): readonly Evidence[] =>
  unit.isBatch ? [] : causesInto(unit, graph).stale;

interface Causes {
  readonly joins: readonly UnitJoin[];
  readonly stale: readonly Evidence[];
}

const causesInto = (unit: Unit, graph: Graph): Causes => graph.once("causes", unit, () => findCausesInto(unit, graph));

const findCausesInto = (unit: Unit, graph: Graph): Causes => {
  const keyed = keyEvidence(unit, graph);
  const [stale, carried] = parted(carriedEvidence(unit, graph), (one) => isStale(one, keyed, unit, graph));
  const evidence = merged(carried, withoutContradicted(keyed, carried, unit)).filter(isOfOther(unit));
  const seen = evidence.length > 0 ? evidence : seenEvidence(unit, graph);
  const all = seen.length > 0 ? seen : xrayEvidence(unit, graph);
  const joins = all
    .map((one): UnitJoin => joinOf(one, unit))
    .toSorted((a, b) => rank(a.kind) - rank(b.kind) || bySpanStart(a.from, b.from));
  return { joins, stale };
};

/** What a context says is believed, where a key that is not exact names another. */
const withoutContradicted = (
  keyed: readonly Evidence[],
  carried: readonly Evidence[],
  unit: Unit,
): readonly Evidence[] => {
  if (unit.isBatch || carried.length === 0) return keyed;
  const senders = new Set(carried.map(({ fromUnit }) => fromUnit));
  return keyed.filter(({ keys, fromUnit }) => senders.has(fromUnit) || keys.some(isExact));
};

const parted = <T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] => {
  const parts: [T[], T[]] = [[], []];
  for (const one of all) parts[isFirst(one) ? 0 : 1].push(one);
  return parts;
};

const joinOf = ({ from, fromUnit, kind, keys }: Evidence, to: Unit): UnitJoin => ({
  from,
  fromUnit,
  to,
  kind,
  keys,
  relation: isOneOfMany(kind, to) ? "links" : "continues",
});

const isOneOfMany = (kind: JoinKind, unit: Unit): boolean => (kind === "parent" ? hasSharedHeader(unit) : unit.isBatch);

/** Nothing is its own cause. */
const isOfOther =
  (unit: Unit) =>
  ({ fromUnit }: Evidence): boolean =>
    fromUnit !== unit;

const rank = (kind: JoinKind): number =>
  ({ parent: 0, link: 1, "xray-root": 3 } as Partial<Record<JoinKind, number>>)[kind] ?? 2;

const bySpanId = (a: SpanRecord, b: SpanRecord): number => {
  const [idA, idB] = a.spanId === b.spanId ? [a.traceId, b.traceId] : [a.spanId, b.spanId];
  return idA < idB ? -1 : Number(idA > idB);
};

const carriedEvidence = (unit: Unit, graph: Graph): Carried[] => {
  const carried: { kind: JoinKind; path: SpanPath; messageId?: string | undefined }[] = unit.links.map((link) => ({
    kind: "link",
    path: spanPath(link.traceId, link.spanId),
    messageId: link.messageId,
  }));
  const { traceId, parentPath } = unit.root;
  if (parentPath !== undefined && !isContainer(unit)) {
    if (!mayNameHeadersParent(unit) || !isHandedOn(parentPath, unit, traceId, graph))
      carried.unshift({ kind: "parent", path: parentPath });
  }
  return carried.flatMap(({ kind, path, messageId }) => {
    const from = graph.span(path);
    const fromUnit = graph.unitOf(path);
    return from && fromUnit ? [{ from, fromUnit, kind, keys: [], messageId }] : [];
  });
};

/**
 * A context that stayed behind from an earlier invocation and went out with a later one's message: who carries it says the
 * wrong sender, and the message's id the right one. The two ran in one environment, so by one clock, and the earlier
 * had ended before the message was sent. Of a batch the senders need not be loaded: there it is a context of whoever did
 * not send the message that the link speaks of (any of them, where it speaks of none), while somebody else did.
 */
const isStale = ({ fromUnit, messageId }: Carried, keyed: readonly Evidence[], unit: Unit, graph: Graph): boolean => {
  if (!unit.isBatch) return !keyed.some((one) => one.fromUnit === fromUnit) && keyed.some(isAfter(fromUnit));
  const messages = unit.consumed.filter((key) => isMessageKey(key) && isExact(key) && (messageId ?? key.id) === key.id);
  const sent = new Set(fromUnit.produced.map(({ key }) => stitchKeyIdentity(key)));
  const others = messages.map(stitchKeyIdentity).filter((key) => !sent.has(key) && isProduced(key, graph));
  return others.length > 0 && others.length === messages.length;
};

/** The parent that a batch's header named, which all that the batch calls may be told. */
const isHandedOn = (path: SpanPath, unit: Unit, root: TraceId, graph: Graph): boolean =>
  !unit.isBatch && isHeadersParent(path, root, graph) && batchBefore(unit, root, graph) !== undefined;

/** Of what runs still, and so has no end, none is after. */
const isAfter =
  ({ root: { origin, wire } }: Unit) =>
  ({ from }: Evidence): boolean =>
    origin.resourceId === from.origin.resourceId && wire.endTimeUnixNano > 0n && wire.endTimeUnixNano < from.start;

/** A record span whose parent is its own invocation: that says where it ran, not what caused it. */
const isContainer = (unit: Unit): boolean => unit.invocation !== undefined && unit.invocation === unit.root.parentPath;

const keyEvidence = (unit: Unit, graph: Graph): Evidence[] => {
  const all = causesOf(unit, graph).flatMap((key) => sendersOf(key, unit, graph).map((one) => ({ ...one, key })));
  if (all.length < 2) return all;
  const exact = new Set(all.filter(({ key }) => isExact(key)).map(({ fromUnit }) => fromUnit));
  const isLedElsewhere = !unit.isBatch && exact.size > 0;
  const found = isLedElsewhere ? all.filter(({ fromUnit }) => exact.has(fromUnit)) : all;
  // One that stands between says which of its spans sent, where another key tells that.
  const telling = new Set(found.filter((one) => !standsBetween(one, one.key)).map(({ fromUnit }) => fromUnit));
  return found.filter((one) => !standsBetween(one, one.key) || !telling.has(one.fromUnit));
};

/** What runs in a nested execution knows those above it too, the nearest first: its cause is the nearest whose start is known. */
const causesOf = (unit: Unit, graph: Graph): readonly StitchKey[] => {
  if (unit.consumed.length < 2) return unit.consumed;
  const executions = unit.consumed.filter(({ kind }) => kind === "sfn-execution");
  if (executions.length < 2) return unit.consumed;
  const nearest = executions.find((key) => isProducedBeside(unit, key, graph));
  return unit.consumed.filter((key) => key.kind !== "sfn-execution" || key === nearest);
};

/** By a key that is not exact, only where there is no choice (writers.ts). */
const sendersOf = (key: StitchKey, unit: Unit, graph: Graph): Evidence[] => {
  const told = invocationToldOf(key, unit, graph);
  if (told) return [{ from: told.root, fromUnit: told, kind: key.kind, keys: [key] }];
  const writers = likelyWriters(key, unit, graph);
  const senders = writers.flatMap(({ path }) => {
    const from = graph.span(path);
    const fromUnit = graph.unitOf(path);
    return from && fromUnit ? [{ path, from, fromUnit, kind: key.kind, keys: [key] }] : [];
  });
  if (!isExact(key)) return senders.length === writers.length ? onlyUnit(senders) : [];
  if (senders.length < 2) return senders;
  // What X-Ray saw a function send leads to its invocation; a span of its own that sent it says more.
  const saying = new Set(senders.filter(isItself).map(({ fromUnit }) => fromUnit));
  const said = senders.filter((one) => isItself(one) || !saying.has(one.fromUnit));
  const between = said.filter((one) => one.fromUnit !== unit && standsBetween(one, key));
  return between.length > 0 ? between.filter((one) => !between.some(isRecordOf(one))) : said;
};

/** Which of its spans it was is not told then. */
const onlyUnit = (senders: readonly Evidence[]): Evidence[] => {
  const [first, ...others] = senders;
  if (first === undefined || others.some(({ fromUnit }) => fromUnit !== first.fromUnit)) return [];
  const isOneSpan = others.every(({ from }) => from === first.from);
  return [isOneSpan ? first : { ...first, from: first.fromUnit.root }];
};

/** What an asynchronous invocation came to is told to its destination or dead-letter queue, under its request id: by its last attempt. */
const invocationToldOf = (key: StitchKey, unit: Unit, graph: Graph): Unit | undefined => {
  if (key.kind !== "lambda-request" || unit.requestId === key.id) return undefined;
  if (unit.requestId === undefined && !wasSent(unit)) return undefined;
  const holders = graph.consumers(stitchKeyIdentity(key));
  // Those are loaded with any of them (graph.ts); of more, nobody knows which.
  if (new Set(holders.map(({ traceId }) => traceId)).size > MAX_TRACES_OF_REQUEST) return undefined;
  const units = holders.flatMap(({ path }) => graph.unitOf(path) ?? []);
  return units
    .filter((one) => one.requestId === key.id && one.invocation === undefined && one !== unit)
    .reduce<Unit | undefined>((last, one) => (last && byStart(last, one) >= 0 ? last : one), undefined);
};

const isRecordOf =
  ({ fromUnit: { path } }: Evidence) =>
  ({ fromUnit }: Evidence): boolean =>
    fromUnit.invocation === path;

/** It consumes the key that it produces: an imported execution, between who started it and the functions that it runs. */
const standsBetween = ({ fromUnit }: Evidence, key: StitchKey): boolean =>
  fromUnit.consumed.some((one) => stitchKeyIdentity(one) === stitchKeyIdentity(key));

/** Any of its spans may have written it. */
const isOfAll = ({ from }: Evidence, key: StitchKey): boolean => !isExact(key) && !says(from, key);

const says = ({ produced }: SpanRecord, key: StitchKey): boolean =>
  produced.some((one) => stitchKeyIdentity(one) === stitchKeyIdentity(key));

const isItself = ({ path, from }: { readonly path: SpanPath; readonly from: SpanRecord }): boolean =>
  path === from.path;

const merged = (carried: readonly Evidence[], keyed: readonly Evidence[]): Evidence[] => {
  if (carried.length + keyed.length < 2) return [...carried, ...keyed];
  const bySender = new Map<SpanRecord, Evidence>();
  const senderUnits = new Map(keyed.map((one) => [one.from, one.fromUnit]));
  for (const one of keyed) {
    const known = bySender.get(one.from);
    bySender.set(one.from, known ? { ...known, keys: withKeys(known.keys, one.keys) } : one);
  }
  const senders = Map.groupBy(new Set(keyed.map((one) => one.from)), (from) => senderUnits.get(from));
  for (const one of carried) {
    const only = senders.get(one.fromUnit);
    const sender = bySender.has(one.from) || only?.length !== 1 ? one.from : only[0];
    const known = bySender.get(sender ?? one.from);
    if (known === undefined) bySender.set(one.from, one);
    else if (known.from !== one.from && known.keys.every((key) => standsBetween(known, key) || isOfAll(known, key))) {
      // The execution, or the writer, as a whole; the state that ran it, or the span whose context came, says more.
      bySender.delete(known.from);
      bySender.set(one.from, { ...one, keys: known.keys });
    } else if (rank(one.kind) < rank(known.kind)) bySender.set(known.from, { ...known, kind: one.kind });
  }
  return [...bySender.values()];
};

/** A span that came twice says its keys twice. */
const withKeys = (known: readonly StitchKey[], more: readonly StitchKey[]): readonly StitchKey[] => {
  const identities = new Set(known.map(stitchKeyIdentity));
  return [...known, ...more.filter((key) => !identities.has(stitchKeyIdentity(key)))];
};

/** Who Lambda's trace header says to have sent, where nothing else says it: loaded or not, so that all walks agree. */
const seenEvidence = (unit: Unit, graph: Graph): Evidence[] => {
  const [sender] = unit.platform?.senders ?? [];
  if (sender === undefined || !isAdrift(unit, graph)) return [];
  const path = spanPath(sender.traceId, sender.spanId);
  const from = graph.span(path);
  const fromUnit = graph.unitOf(path);
  if (!from || !fromUnit || fromUnit === unit || isHandedOn(path, unit, sender.traceId, graph)) return [];
  return [{ from, fromUnit, kind: "parent", keys: [] }];
};

const xrayEvidence = (unit: Unit, graph: Graph): Evidence[] => {
  if (!isAdrift(unit, graph)) return [];
  const first = xrayRootOf(unit, graph);
  return first && first !== unit ? [{ from: first.root, fromUnit: first, kind: "xray-root", keys: [] }] : [];
};

/** Nothing but its trace id says where it comes from. */
const isAdrift = (unit: Unit, graph: Graph): boolean =>
  hasNoParent(unit, graph) &&
  unit.links.length === 0 &&
  !unit.isBatch &&
  unit.invocation === undefined &&
  !hasProducer(unit, graph);

/** None, or itself as Lambda names it: that is what Lambda gives the function as its parent. */
const hasNoParent = (unit: Unit, graph: Graph): boolean => {
  const { parentPath } = unit.root;
  return parentPath === undefined || graph.unitOf(parentPath) === unit;
};

/** Whether any span, loaded or not, may have sent something this unit received. */
export const hasProducer = (unit: Unit, graph: Graph): boolean =>
  unit.consumed.some((key) => isProducedBeside(unit, key, graph));

/** By another than this unit, which may hand on what it was given. */
const isProducedBeside = (unit: Unit, key: StitchKey, graph: Graph): boolean =>
  possibleWriters(key, unit, graph).some(({ path }) => graph.unitOf(path) !== unit);

const isProduced = (key: StitchKeyIdentity, graph: Graph): boolean => graph.producers(key).length > 0;

/** Units that nothing in their own trace called. */
export const beginningsOf = (traceId: TraceId, graph: Graph): readonly Unit[] =>
  graph.units(traceId).filter((one) => hasNoParent(one, graph) && one.invocation === undefined);

/** Of what began the traces, the first. */
const xrayRootOf = (unit: Unit, graph: Graph): Unit | undefined =>
  firstOf(
    xrayTracesOf(unit)
      .filter((traceId) => batchBefore(unit, traceId, graph) === undefined)
      .flatMap((traceId) => xrayBeginning(traceId, graph) ?? []),
    graph,
  );

const xrayBeginning = (traceId: TraceId, graph: Graph): Unit | undefined =>
  graph.once("X-Ray beginning", traceId, () =>
    firstOf(
      [...beginningsOf(traceId, graph), ...graph.seenIn(traceId)].filter(
        (one) => !hasSharedHeader(one) || isOfOneSender(one, graph),
      ),
      graph,
    ),
  );

/** The Roots of which it matters who else was given them (shared-roots.ts). */
export const rootsInDoubt = (unit: Unit, graph: Graph): readonly TraceId[] => {
  if (isAdrift(unit, graph)) return xrayTracesOf(unit);
  const { traceId, parentSpanId } = unit.root;
  return parentSpanId !== undefined && !unit.isBatch && mayNameHeadersParent(unit) ? [traceId] : [];
};

/** The traces whose id may be its X-Ray Root. */
const xrayTracesOf = ({ root, platform }: Unit): readonly TraceId[] =>
  platform ? [...new Set([root.traceId, ...platform.spans.map((span) => span.traceId)])] : [root.traceId];

/** Those with other units; most units are alone in their trace, and there may be ten thousand. */
const sharedTracesOf = (unit: Unit, graph: Graph): readonly TraceId[] =>
  xrayTracesOf(unit).filter((traceId) => graph.units(traceId).length + graph.seenIn(traceId).length > 1);

/**
 * What began a trace: of its parentless units one that nothing shows to have been caused; of those the earliest. Where clocks cannot
 * tell which is that, one that a request or a schedule began, else one that its execution connects with other traces, which
 * nothing else would lead to.
 */
const firstOf = (units: readonly Unit[], graph: Graph): Unit | undefined => {
  const uncaused = units.filter((unit) => !isCaused(unit, graph));
  const possible = uncaused.length > 0 ? uncaused : units;
  const earliest = earliestOf(possible);
  if (earliest === undefined || units.length === 1) return earliest;
  const isAsEarly = ({ root }: Unit): boolean => !isLater(root, earliest.root);
  const entry = earliestOf(possible.filter((one) => isEntry(one) && isAsEarly(one)));
  return entry ?? earliestOf(units.filter(isAsEarly).filter(isSharedAcross(graph))) ?? earliest;
};

/** An execution that nobody says to have started, and that more than one trace has: asked once for each, because ten thousand may have one. */
const isSharedAcross = (graph: Graph): ((unit: Unit) => boolean) => {
  const known = new Map<StitchKeyIdentity, boolean>();
  const isShared = (identity: StitchKeyIdentity): boolean =>
    !isProduced(identity, graph) && new Set(graph.consumers(identity).map(({ traceId }) => traceId)).size > 1;
  return ({ consumed }) =>
    consumed.some((key) => {
      if (key.kind !== "sfn-execution") return false;
      const identity = stitchKeyIdentity(key);
      const shared = known.get(identity) ?? isShared(identity);
      known.set(identity, shared);
      return shared;
    });
};

const earliestOf = (units: readonly Unit[]): Unit | undefined =>
  units.reduce<Unit | undefined>((first, one) => (first && byStart(first, one) <= 0 ? first : one), undefined);

/** By what it says to have received, or to have been triggered by: whoever sent that. */
const isCaused = (unit: Unit, graph: Graph): boolean =>
  wasSent(unit) ||
  unit.consumed.some(({ kind, id }) => kind === "sfn-execution" && !unit.produced.some(({ key }) => key.id === id)) ||
  CAUSED_TRIGGERS.has(triggerOf(unit)) ||
  hasProducer(unit, graph);

const CAUSED_TRIGGERS: ReadonlySet<string | undefined> = new Set([FAAS_TRIGGER_PUBSUB, FAAS_TRIGGER_DATASOURCE]);
const ENTRY_TRIGGERS: ReadonlySet<string | undefined> = new Set([FAAS_TRIGGER_HTTP, FAAS_TRIGGER_TIMER]);

/** Anybody may have called it, and a schedule nobody. */
export const isEntry = (unit: Unit): boolean => ENTRY_TRIGGERS.has(triggerOf(unit));

const triggerOf = ({ root }: Unit): string | undefined => {
  const value = root.wire.attributes.find(({ key }) => key === FAAS_TRIGGER)?.value;
  return value && "stringValue" in value ? value.stringValue : undefined;
};

/** Some message led to it. */
export const wasSent = (unit: Unit): boolean => unit.consumed.some(isMessageKey);

export const byStart = (a: Unit, b: Unit): number => bySpanStart(a.root, b.root);

const bySpanStart = (a: SpanRecord, b: SpanRecord): number =>
  Number(a.start > b.start) - Number(a.start < b.start) || bySpanId(a, b);

/** Roots that others may have had from it. */
export const rootsBegunBy = (unit: Unit, graph: Graph): readonly TraceId[] =>
  sharedTracesOf(unit, graph).filter((traceId) => hasSharedHeader(unit) || xrayBeginning(traceId, graph) === unit);

/** The ones that `xrayEvidence` hangs under this unit, if it is the first of a trace. */
export const adriftUnder = (unit: Unit, graph: Graph): readonly Unit[] =>
  sharedTracesOf(unit, graph)
    .filter((traceId) => xrayBeginning(traceId, graph) === unit)
    .flatMap((traceId) => [...graph.units(traceId), ...graph.seenIn(traceId)])
    .filter((one) => one !== unit && isAdrift(one, graph) && xrayRootOf(one, graph) === unit);
