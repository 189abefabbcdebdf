/**
 * Function span ⨝ platform report: what somebody saw of an invocation from outside, brought to the invocation it is of.
 *
 * In      the units of all traces in which a request is spoken of, as they arrived.
 * Out     the same units, each invocation with what was seen of it (`platform`). Evidence is no unit of its own any more,
 *         but where no span says that the invocation ran: then it stands for it, whatever pieces it came in.
 *         The same whatever the order of arrival.
 * Cost    O(n log n) in the units of one request.
 * Errors  none; evidence without a request id is nobody's, and stays what it is.
 *
 * The request id tells whose it is. Attempts of an asynchronous event share it, a minute or more apart, so time tells them
 * apart:
 *
 *   evidence     start·   ·report          start·──────·report        one attempt each: near starts, or inside
 *   spans        |--------|                                           the nearest within SPAN_SLACK; the second ran
 *                                                                     without spans
 */
import type { PlatformFacts } from "../model/platform-facts.ts";
import { isPlatformFailure } from "../model/platform-facts.ts";
import { type SpanPath, spanPath } from "../model/ids.ts";
import type { LinkTarget, SpanRecord } from "../model/span.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import type { UnixNano } from "../model/time.ts";
import { factsOf } from "../normalize/platform-facts.ts";
import type { Unit } from "./units.ts";

/** What was seen of one invocation from outside. */
export interface Sight {
  readonly facts: PlatformFacts;
  /** By Lambda's clock. */
  readonly start: UnixNano;
  /** As they arrived, earliest first. */
  readonly spans: readonly SpanRecord[];
  /** The senders that Lambda's trace header named. */
  readonly senders: readonly LinkTarget[];
  /** Nothing else has arrived of the invocation. */
  readonly isAlone: boolean;
}

export interface Joined {
  readonly units: readonly Unit[];
  /** What became of each unit that is no more: the invocation that it is of. */
  readonly moved: ReadonlyMap<Unit, Unit>;
}

const SECOND = 1_000_000_000n;
/** Between what several records say of one start: some tell it, from others it is worked out. */
const START_SLACK = SECOND;
/** A start of which nothing more is known lasts at most as long as Lambda lets anything run. */
const LONGEST = 900n * SECOND;
/** Between the platform's start and the span's: both clocks are the host's, and the next attempt is a minute away. */
const SPAN_SLACK = 30n * SECOND;

const isEvidence = ({ root }: Unit): boolean => root.evidence !== undefined;

/** By their paths; those of evidence that stands for its invocation among them. */
export const evidencePaths = ({ platform }: Unit): readonly SpanPath[] =>
  platform?.spans.map((span) => span.path) ?? [];

/** Lambda says that it failed, and its own span, if there is one, does not. */
export const failsUnsaid = ({ root, platform }: Unit): boolean =>
  platform !== undefined && !root.isError && isPlatformFailure(platform.facts);

export const isColdUnsaid = ({ root, platform }: Unit): boolean =>
  platform !== undefined && !root.isColdStart && platform.spans.some((span) => span.isColdStart);

/** `isFollowed`: all traces in which the request is spoken of are there. */
export const withEvidence = (units: readonly Unit[], isFollowed: (requestId: string) => boolean): Joined => {
  const moved = new Map<Unit, Unit>();
  const evidence = units.filter((unit) => isEvidence(unit) && consumesOwnRequest(unit) && isFollowed(unit.requestId!));
  if (evidence.length === 0 && !units.some(({ seen }) => seen !== undefined)) return { units, moved };
  const byRequest = Map.groupBy(evidence.length > 0 ? units.filter(isInvocation) : [], (unit) => unit.requestId);
  for (const [requestId, seen] of Map.groupBy(evidence, (unit) => unit.requestId)) {
    const hosts = byRequest.get(requestId) ?? [];
    for (const [host, attempts] of placed(attemptsOf(seen), hosts)) {
      for (const attempt of attempts) {
        const own = host ?? attempt.find(isFromXRay);
        const seenFromOutside = host ? attempt : attempt.filter((unit) => !isFromXRay(unit));
        if (seenFromOutside.length === 0) continue;
        const invocation = joined(own, seenFromOutside);
        for (const unit of [...(own ? [own] : []), ...seenFromOutside]) moved.set(unit, invocation);
      }
    }
  }
  for (const unit of units) if (unit.seen && !moved.has(unit)) moved.set(unit, joined(unit, []));
  return { units: [...new Set(units.map((unit) => moved.get(unit) ?? unit))], moved };
};

/** Where the function sends nothing itself, X-Ray's segments are its spans. */
const isFromXRay = ({ root }: Unit): boolean => root.evidence === "xray";

/** Its own spans say that it ran: not those that handle one of its records, nor what somebody saw of it. */
const isInvocation = (unit: Unit): boolean => !isEvidence(unit) && unit.invocation === undefined;

/** So that whoever speaks of the request leads here. */
const consumesOwnRequest = ({ requestId, consumed }: Unit): boolean =>
  requestId !== undefined && consumed.some(({ kind, id }) => kind === "lambda-request" && id === requestId);

/** One that does not consume its own request is known in its own trace alone. */
const mayBeOf = (attempt: readonly Unit[], host: Unit): boolean =>
  consumesOwnRequest(host) || attempt.some(({ root }) => root.traceId === host.root.traceId);

/** Evidence of one attempt each, earliest first. */
const attemptsOf = (seen: readonly Unit[]): readonly (readonly Unit[])[] => {
  const attempts: Unit[][] = [];
  for (const unit of seen.toSorted(byStart)) {
    const latest = attempts.at(-1);
    if (latest && isOfOne(latest, unit)) latest.push(unit);
    else attempts.push([unit]);
  }
  return attempts;
};

/** `next` starts after all of them did. */
const isOfOne = (attempt: readonly Unit[], next: Unit): boolean => {
  const { start, end } = extentOf(attempt);
  const nextStart = next.root.start;
  if (nextStart - start <= START_SLACK) return true;
  const isPoint = extentOf([next]).end <= nextStart;
  if (isPoint && nextStart <= end + START_SLACK) return true;
  const isOpen = attempt.every((unit) => !hasOutcome(unit));
  return isPoint && isOpen && hasOutcome(next) && nextStart - start <= LONGEST;
};

const hasOutcome = (unit: Unit): boolean => {
  const { status, durationMs } = factsIn(unit.spans);
  return status !== undefined || durationMs !== undefined;
};

/** Attempts by the invocation whose span is the nearest; without one under `undefined`. */
const placed = (
  attempts: readonly (readonly Unit[])[],
  hosts: readonly Unit[],
): ReadonlyMap<Unit | undefined, readonly (readonly Unit[])[]> => {
  const near = attempts
    .flatMap((attempt) =>
      hosts
        .filter((host) => mayBeOf(attempt, host))
        .map((host) => ({ attempt, host, distance: distanceOf(attempt, host) })),
    )
    .filter(({ distance }) => distance <= SPAN_SLACK)
    .toSorted((a, b) => Number(a.distance - b.distance) || byStart(a.host, b.host));
  const hostOf = new Map<readonly Unit[], Unit>();
  const taken = new Set<Unit>();
  for (const { attempt, host } of near) {
    if (hostOf.has(attempt) || taken.has(host)) continue;
    hostOf.set(attempt, host);
    taken.add(host);
  }
  return Map.groupBy(attempts, (attempt) => hostOf.get(attempt));
};

/** None where the span began while the platform saw it run. */
const distanceOf = (attempt: readonly Unit[], { root }: Unit): bigint => {
  const { start, end } = extentOf(attempt);
  if (root.start < start) return start - root.start;
  return root.start > end ? root.start - end : 0n;
};

const joined = (host: Unit | undefined, seen: readonly Unit[]): Unit => {
  const units = seen.toSorted(byWorth);
  const beside = [...(host ? [host] : []), ...units].flatMap((unit) => unit.seen ?? []);
  const spans = [...units.flatMap((unit) => unit.spans), ...beside].toSorted(
    (a, b) => Number(a.start - b.start) || compare(a, b),
  );
  const senders = distinctLinks([
    ...units.flatMap((unit) => [...parentOf(unit), ...unit.links]),
    ...beside.flatMap((span) => span.links),
  ]);
  const sight = { facts: factsIn(spans), start: spans[0]?.start ?? 0n, spans, senders };
  const produced = [
    ...units.flatMap((unit) => unit.produced),
    ...beside.flatMap((by) => by.produced.map((key) => ({ key, by }))),
  ];
  if (host) {
    return {
      ...host,
      consumed: distinctKeys([...host.consumed, ...requestKeysOf(units), ...keysOf(beside)]),
      produced: [...host.produced, ...produced],
      platform: { ...sight, isAlone: false },
    };
  }
  const [first] = units as [Unit, ...Unit[]];
  const root = wholeRoot(first.root, units);
  return {
    ...first,
    root,
    spans: [root],
    consumed: distinctKeys(units.flatMap((unit) => unit.consumed)),
    produced,
    links: [],
    platform: { ...sight, isAlone: true },
  };
};

const parentOf = ({ root: { traceId, parentSpanId } }: Unit): LinkTarget[] =>
  parentSpanId === undefined ? [] : [{ traceId, spanId: parentSpanId, toInvocation: false }];

const requestKeysOf = (units: readonly Unit[]): Unit["consumed"] =>
  units.flatMap((unit) => unit.consumed).filter((key) => key.kind === "lambda-request");

/** Whoever holds them is led to the unit, which therefore has received them. */
const keysOf = (spans: readonly SpanRecord[]): Unit["consumed"] =>
  spans.flatMap((span) => span.consumed).filter((key) => key.kind !== "xray-root");

/** That stands for the others: the one that knows the trace, then the earliest. */
const byWorth = (a: Unit, b: Unit): number => Number(knowsTrace(b)) - Number(knowsTrace(a)) || byStart(a, b);

const knowsTrace = (unit: Unit): boolean => unit.consumed.some((key) => key.kind === "xray-root");

/** For the view: as long as all of them, failed as one of them says. What arrived is in `platform.spans`. */
const wholeRoot = (first: SpanRecord, units: readonly Unit[]): SpanRecord => {
  const roots = units.map((unit) => unit.root);
  const { start, end } = extentOf(units);
  const failed = roots.find((root) => root.isError);
  const attributes = new Map(roots.toReversed().flatMap((root) => root.wire.attributes.map((one) => [one.key, one])));
  return {
    ...first,
    start,
    isError: failed !== undefined,
    isColdStart: roots.some((root) => root.isColdStart),
    wire: {
      ...first.wire,
      startTimeUnixNano: start,
      endTimeUnixNano: end,
      attributes: [...attributes.values()],
      ...(failed?.wire.status && { status: failed.wire.status }),
    },
  };
};

/** A report's facts over those of records that came before it. */
const factsIn = (spans: readonly SpanRecord[]): PlatformFacts =>
  spans
    .filter((span) => span.evidence === "platform")
    .map(factsOf)
    .toSorted((a, b) => Number(isReport(a)) - Number(isReport(b)))
    .reduce((known, facts) => ({ ...known, ...facts }), {});

const isReport = ({ billedDurationMs }: PlatformFacts): boolean => billedDurationMs !== undefined;

const extentOf = (units: readonly Unit[]): { readonly start: UnixNano; readonly end: UnixNano } => {
  const spans = units.flatMap((unit) => unit.spans);
  const start = spans.reduce((least, span) => (span.start < least ? span.start : least), spans[0]?.start ?? 0n);
  const end = spans.reduce((most, { wire }) => (wire.endTimeUnixNano > most ? wire.endTimeUnixNano : most), start);
  return { start, end };
};

const distinctKeys = (keys: Unit["consumed"]): Unit["consumed"] => [
  ...new Map(keys.map((key) => [stitchKeyIdentity(key), key])).values(),
];

const distinctLinks = (links: readonly LinkTarget[]): readonly LinkTarget[] => [
  ...new Map(links.map((link) => [spanPath(link.traceId, link.spanId), link])).values(),
];

const byStart = (a: Unit, b: Unit): number => Number(a.root.start - b.root.start) || compare(a.root, b.root);

const compare = (a: SpanRecord, b: SpanRecord): number => (a.path < b.path ? -1 : Number(a.path > b.path));
