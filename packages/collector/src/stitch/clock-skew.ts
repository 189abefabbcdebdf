/**
 * Clocks that differ between execution environments, corrected for the view: nothing is stored, and what arrived is told
 * beside it.
 *
 * In      the parts and joins of a stitched trace; spans of one environment share its clock (`origin.resourceId`).
 * Out     an offset for each environment, such that no consumer begins before its sender began to send, and no callee of a
 *         call that waits for it (HTTP, a synchronous Invoke, a task of Step Functions) ends after the call. No correction where none is needed; what most units have is taken
 *         for right.
 * Cost    O(joins), a few times over.
 * Errors  none; what clocks that contradict each other ask cannot all hold, and those more than a day apart are left alone.
 *
 *   sender      |--send--|                     offset(consumer) − offset(sender) ≥ start(send) − start(consumer)
 *   consumer  |-----|                          here positive: the consumer is told that much later
 *
 * In causal order each environment has its sender's offset where the bounds allow that, else the nearest that they do; what
 * still does not hold is raised. Then as many as can be are made alike.
 */
import type { StitchKey } from "@mayfly/api";
import type { SpanRecord } from "../model/span.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import type { DurationNs, UnixNano } from "../model/time.ts";
import { attributeReader } from "../normalize/attributes.ts";
import { FAAS_TRIGGER, FAAS_TRIGGER_HTTP, MAYFLY_KEYS_PRODUCED, SFN_RESOURCE } from "../normalize/semconv.ts";
import { CLIENT } from "../normalize/span-kind.ts";
import type { UnitJoin } from "./joins.ts";
import type { Unit } from "./units.ts";

export interface Clocks {
  /** How much later the span is told than it told itself; negative: earlier. */
  readonly offsetOf: (span: SpanRecord) => DurationNs;
  readonly startOf: (span: SpanRecord) => UnixNano;
  readonly endOf: (span: SpanRecord) => UnixNano;
}

/** `after` is told at least this much later than `before`, each by its offset. */
interface Bound {
  readonly before: string;
  readonly after: string;
  readonly leastNs: DurationNs;
}

const DAY_NS = 86_400_000_000_000;
/** Of raising; where clocks contradict each other it would never end. */
const MAX_ROUNDS = 20;
/** Offsets that are tried as the one of most. */
const MAX_TRIED = 16;

export const clocksOf = (units: readonly Unit[], joins: readonly UnitJoin[]): Clocks => {
  const bounds = tightest(ofFirstSenders(joins).flatMap(boundsOf));
  const environments = units.map(({ root }) => root.origin.resourceId);
  const offsets = raised(inCausalOrder(new Set(environments), bounds), bounds);
  const isAsTold = [...offsets.values()].every((offset) => offset === 0);
  return isAsTold ? AS_TOLD : clocksWith(withMostAtZero(offsets, bounds, environments));
};

const clocksWith = (offsets: Offsets): Clocks => {
  const offsetOf = ({ origin }: SpanRecord): DurationNs => offsets.get(origin.resourceId) ?? 0;
  return {
    offsetOf,
    startOf: (span) => later(span.start, offsetOf(span)),
    endOf: (span) => later(span.wire.endTimeUnixNano, offsetOf(span)),
  };
};

const later = (time: UnixNano, by: DurationNs): UnixNano => (by === 0 ? time : time + BigInt(by));

/** Every clock is right. */
export const AS_TOLD = clocksWith(new Map());

/**
 * Without those that sent what somebody had sent before by the same key, where no context says whom the receiver followed: an
 * execution that was started a second time by its name runs already.
 */
const ofFirstSenders = (joins: readonly UnitJoin[]): readonly UnitJoin[] => {
  const firsts = new Map<string, SpanRecord>();
  const several = unitsOfSeveral(joins);
  if (several.size === 0) return joins;
  const keyed = joins.map((join) => ({
    join,
    names: isCarried(join) || !several.has(join.to) ? [] : join.keys.map(nameFor(join.to)),
  }));
  for (const { join, names } of keyed) {
    for (const name of names) {
      const first = firsts.get(name);
      if (first === undefined || join.from.start < first.start) firsts.set(name, join.from);
    }
  }
  return keyed.flatMap(({ join, names }) =>
    names.length === 0 || names.some((name) => firsts.get(name) === join.from) ? [join] : [],
  );
};

/** Those that more than one join leads into. */
const unitsOfSeveral = (joins: readonly UnitJoin[]): ReadonlySet<Unit> => {
  const once = new Set<Unit>();
  const several = new Set<Unit>();
  for (const { to } of joins) (once.has(to) ? several : once).add(to);
  return several;
};

const isCarried = ({ kind }: UnitJoin): boolean => kind === "parent" || kind === "link";

const nameFor =
  ({ path }: Unit) =>
  (key: StitchKey): string =>
    `${path} ${stitchKeyIdentity(key)}`;

const boundsOf = (join: UnitJoin): readonly Bound[] => {
  const { from } = join;
  const { root } = join.to;
  const [sender, receiver] = [from.origin.resourceId, root.origin.resourceId];
  if (sender === receiver) return [];
  const bounds = [{ before: sender, after: receiver, leastNs: Number(from.start - root.start) }];
  const [callEnd, end] = [from.wire.endTimeUnixNano, root.wire.endTimeUnixNano];
  const isWithin = end - root.start <= callEnd - from.start;
  if (isWithin && isAwaited(join)) bounds.push({ before: receiver, after: sender, leastNs: Number(end - callEnd) });
  return bounds.filter(({ leastNs }) => leastNs < DAY_NS);
};

/** What failed may have been given up while the callee ran on. */
const isAwaited = ({ from, to, kind, keys, relation }: UnitJoin): boolean => {
  if (from.wire.kind !== CLIENT || from.isError || relation === "links") return false;
  const invoked = keys.find((key) => key.kind === "lambda-request");
  if (invoked) return invoked.id === to.requestId && saysHowItInvokes(from);
  return (kind === "http-request" || kind === "parent") && isHttp(to.root);
};

/** Our SDK and an imported execution: an Invoke that nobody waits for is a producer's, and a callback may come before the end. */
const saysHowItInvokes = ({ wire }: SpanRecord): boolean => {
  const attributes = attributeReader(wire.attributes);
  return attributes.has(MAYFLY_KEYS_PRODUCED) && !attributes.text(SFN_RESOURCE)?.endsWith(".waitForTaskToken");
};

const isHttp = ({ wire }: SpanRecord): boolean =>
  attributeReader(wire.attributes).text(FAAS_TRIGGER) === FAAS_TRIGGER_HTTP;

/** One for two environments, however many messages went from the one to the other. */
const tightest = (bounds: readonly Bound[]): readonly Bound[] => {
  const byBoth = new Map<string, Map<string, Bound>>();
  for (const bound of bounds) {
    const ofBefore = byBoth.get(bound.before) ?? new Map<string, Bound>();
    byBoth.set(bound.before, ofBefore);
    if (bound.leastNs > (ofBefore.get(bound.after)?.leastNs ?? -Infinity)) ofBefore.set(bound.after, bound);
  }
  return Array.from(byBoth.values(), (some) => [...some.values()]).flat();
};

type Offsets = ReadonlyMap<string, DurationNs>;

const inCausalOrder = (environments: ReadonlySet<string>, bounds: readonly Bound[]): Offsets => {
  const offsets = new Map<string, DurationNs>();
  const above = Map.groupBy(bounds, ({ after }) => after);
  const below = Map.groupBy(bounds, ({ before }) => before);
  for (const environment of environments) {
    const lows = (above.get(environment) ?? []).flatMap(({ before, leastNs }) => {
      const offset = offsets.get(before);
      return offset === undefined ? [] : [{ offset, low: offset + leastNs }];
    });
    const highs = (below.get(environment) ?? []).flatMap(({ after, leastNs }) => {
      const offset = offsets.get(after);
      return offset === undefined ? [] : [offset - leastNs];
    });
    const low = lows.reduce((most, one) => Math.max(most, one.low), -Infinity);
    const high = highs.reduce((least, one) => Math.min(least, one), Infinity);
    const wanted = lows[0]?.offset ?? 0;
    offsets.set(environment, low > high ? wanted : Math.min(high, Math.max(low, wanted)));
  }
  return offsets;
};

/** As far as each bound asks; as they were where that has no end. */
const raised = (given: Offsets, bounds: readonly Bound[]): Offsets => {
  const offsets = new Map(given);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    let isSettled = true;
    for (const { before, after, leastNs } of bounds) {
      const least = (offsets.get(before) ?? 0) + leastNs;
      if ((offsets.get(after) ?? 0) >= least) continue;
      offsets.set(after, least);
      isSettled = false;
    }
    if (isSettled) return offsets;
  }
  return given;
};

/** Only differences count: what most units can have together is taken for 0. Of as many, what comes first in the story. */
const withMostAtZero = (given: Offsets, bounds: readonly Bound[], environments: readonly string[]): Offsets => {
  const boundsOn = Map.groupBy(
    bounds.flatMap((bound) => [bound.before, bound.after].map((environment) => ({ environment, bound }))),
    ({ environment }) => environment,
  );
  /** As many as can be have this offset, the others what was given. */
  const alikeAt = (offset: DurationNs): Offsets => {
    const offsets = new Map(given);
    const holds = ({ before, after, leastNs }: Bound): boolean =>
      (offsets.get(after) ?? 0) - (offsets.get(before) ?? 0) >= leastNs;
    for (const [environment, own] of offsets) {
      offsets.set(environment, offset);
      if (!(boundsOn.get(environment) ?? []).every(({ bound }) => holds(bound))) offsets.set(environment, own);
    }
    return new Map([...offsets].map(([environment, own]) => [environment, own - offset]));
  };
  const units = new Map<string, number>();
  for (const environment of environments) units.set(environment, (units.get(environment) ?? 0) + 1);
  const atZero = (offsets: Offsets): number => {
    let count = 0;
    for (const [environment, offset] of offsets) if (offset === 0) count += units.get(environment) ?? 0;
    return count;
  };
  let best = { offsets: given, count: -1 };
  for (const offset of [...new Set(given.values())].slice(0, MAX_TRIED)) {
    const offsets = alikeAt(offset);
    const count = atZero(offsets);
    if (count > best.count) best = { offsets, count };
  }
  return best.offsets;
};
