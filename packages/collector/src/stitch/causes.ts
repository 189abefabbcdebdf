/**
 * The spans of a stitched trace as tasks: each under what caused it.
 *
 * A span stands under the span of its unit that called it; a unit under the span that sent to it, by its first join;
 * a record unit within the invocation that it ran in. The states of one execution, of which each is joined to who started
 * it, stand under each other: a state waited for the last one that had ended; and so do the attempts of one function at one message.
 * What has no cause here is a root. An invocation that waited for its
 * environment begins with the init.
 *
 * Times are nanoseconds since `origin`, as numbers, by the corrected clocks.
 */
import type { SpanPath } from "../model/ids.ts";
import type { SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { initDurationNs, isInitSpan } from "../normalize/init.ts";
import type { Clocks } from "./clock-skew.ts";
import type { Task } from "./critical-path.ts";
import type { Unit } from "./units.ts";
import type { StitchedTrace } from "./walk.ts";

interface Node extends Task<SpanRecord> {
  start: number;
  readonly children: Node[];
}

export const tasksOf = (trace: StitchedTrace, origin: UnixNano): readonly Task<SpanRecord>[] => {
  const nodes = new Map<SpanPath, Node>();
  /** Each with its unit; another content of the same span is none. */
  const placed: { readonly node: Node; readonly unit: Unit }[] = [];
  const timeOf = (time: UnixNano): number => Number(time - origin);
  for (const { unit, spans } of trace.parts) {
    for (const span of spans) {
      if (nodes.has(span.path)) continue;
      const node = nodeOf(span, unit, trace.clocks, timeOf);
      nodes.set(span.path, node);
      placed.push({ node, unit });
    }
  }
  const causes = causesOf(trace);
  for (const units of sequencesOf(trace, causes)) putInSequence(units, nodes, causes);
  const roots: Node[] = [];
  for (const { node, unit } of placed) {
    const span = node.value;
    const cause = (span === unit.root ? undefined : span.parentPath) ?? causes.get(unit);
    const parent = cause && nodes.get(cause);
    (parent?.children ?? roots).push(node);
    if (parent && isInitSpan(span.wire)) parent.start = Math.min(parent.start, node.start);
  }
  return roots;
};

/**
 * Of each unit, the span that caused it. A circle of causes is cut: parts stand in causal order, so a sender counts only
 * where it stands before what it caused, and before all records of the invocation that it caused.
 */
const causesOf = ({ parts, joins }: StitchedTrace): Map<Unit, SpanPath> => {
  const order = new Map<Unit, number>();
  for (const { unit } of parts) order.set(unit, order.size);
  const hosts = hostsOf(parts);
  /** Of hosts, the place of what comes first: themselves, or a record. */
  const begins = new Map<Unit, number>();
  for (const [unit, host] of hosts) {
    const first = begins.get(host) ?? order.get(host) ?? Infinity;
    begins.set(host, Math.min(first, order.get(unit) ?? Infinity));
  }
  const causes = new Map<Unit, SpanPath>();
  for (const { fromUnit, from, to } of joins) {
    if (causes.has(to)) continue;
    const isCause = (order.get(fromUnit) ?? Infinity) < (begins.get(to) ?? order.get(to) ?? -Infinity);
    if (isCause) causes.set(to, from.path);
  }
  for (const [unit, host] of hosts) causes.set(unit, host.path);
  return causes;
};

/** Of record units, the invocations that they ran in. */
const hostsOf = (parts: StitchedTrace["parts"]): ReadonlyMap<Unit, Unit> => {
  const hosts = new Map<Unit, Unit>();
  if (parts.every(({ unit }) => unit.invocation === undefined)) return hosts;
  const units = new Map(parts.map(({ unit }) => [unit.path, unit]));
  for (const { unit } of parts) {
    const host = unit.invocation && units.get(unit.invocation);
    if (host && host.invocation === undefined) hosts.set(unit, host);
  }
  return hosts;
};

/** More that received one message are a fan-out: none of them waited for another. */
const MOST_ATTEMPTS = 100;

/** Units that one span sent to by one id, of which one may have waited for another. */
const sequencesOf = ({ joins }: StitchedTrace, causes: ReadonlyMap<Unit, SpanPath>): readonly ReadonlySet<Unit>[] => {
  /** By what sent, by the id, by who received: no text is put together for each of ten thousand. */
  const bySender = new Map<SpanPath, Map<string, ByReceiver>>();
  for (const { kind, from, to, keys } of joins) {
    const id = keys[0]?.id;
    if (id === undefined || causes.get(to) !== from.path) continue;
    const byId = entry(bySender, from.path, () => new Map<string, ByReceiver>());
    const byReceiver = entry(byId, id, (): ByReceiver => new Map());
    entry(byReceiver, kind === "sfn-execution" ? STATES : to.root.origin.functionName, () => new Set()).add(to);
  }
  const sequences: ReadonlySet<Unit>[] = [];
  for (const byId of bySender.values())
    for (const byReceiver of byId.values())
      for (const [name, units] of byReceiver)
        if (units.size > 1 && (units.size <= MOST_ATTEMPTS || name === STATES)) sequences.push(units);
  return sequences;
};

/** The states of an execution are any functions; another function that had the same message did not wait. */
const STATES = "\u0000states";

type ByReceiver = Map<string | undefined, Set<Unit>>;

const entry = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

const putInSequence = (
  units: ReadonlySet<Unit>,
  nodes: ReadonlyMap<SpanPath, Node>,
  causes: Map<Unit, SpanPath>,
): void => {
  const timed = [...units].flatMap((unit) => {
    const node = nodes.get(unit.path);
    return node ? [{ unit, start: node.start, end: node.end }] : [];
  });
  const byEnd = timed.toSorted((a, b) => a.end - b.end);
  let ended = 0;
  for (const { unit, start } of timed.toSorted((a, b) => a.start - b.start)) {
    while ((byEnd[ended]?.end ?? Infinity) <= start) ended += 1;
    const last = byEnd[ended - 1]?.unit;
    if (last && last !== unit) causes.set(unit, last.path);
  }
};

const nodeOf = (span: SpanRecord, unit: Unit, clocks: Clocks, timeOf: (time: UnixNano) => number): Node => {
  const start = timeOf(clocks.startOf(span));
  const end = Math.max(start, timeOf(clocks.endOf(span)));
  const init = span === unit.root && span.isColdStart ? (initDurationNs(span.wire, unit.platform?.facts) ?? 0) : 0;
  return { value: span, start: start - init, end, children: [] };
};
