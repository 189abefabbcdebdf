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
import type { UnitJoin } from "./joins.ts";
import type { Unit } from "./units.ts";
import type { StitchedTrace } from "./walk.ts";

interface Node extends Task<SpanRecord> {
  start: number;
  readonly children: Node[];
}

export const tasksOf = (trace: StitchedTrace, origin: UnixNano): readonly Task<SpanRecord>[] => {
  const nodes = new Map<SpanPath, Node>();
  for (const { unit, spans } of trace.parts) {
    for (const span of spans) {
      const { path } = span;
      if (!nodes.has(path)) nodes.set(path, nodeOf(span, unit, trace.clocks, origin));
    }
  }
  const causes = causesOf(trace);
  for (const units of sequencesOf(trace, causes)) putInSequence(units, nodes, causes);
  const roots: Node[] = [];
  for (const { unit, spans } of trace.parts) {
    for (const span of spans) {
      const node = nodes.get(span.path);
      if (node?.value !== span) continue; // another content of the same span
      const cause = (span === unit.root ? undefined : span.parentPath) ?? causes.get(unit);
      const parent = cause && nodes.get(cause);
      (parent?.children ?? roots).push(node);
      if (parent && isInitSpan(span.wire)) parent.start = Math.min(parent.start, node.start);
    }
  }
  return roots;
};

/**
 * Of each unit, the span that caused it. A circle of causes is cut: parts stand in causal order, so a sender counts only
 * where it stands before what it caused, and before all records of the invocation that it caused.
 */
const causesOf = ({ parts, joins }: StitchedTrace): Map<Unit, SpanPath> => {
  const order = new Map(parts.map(({ unit }, n) => [unit, n]));
  const units = new Map(parts.map(({ unit }) => [unit.path, unit]));
  const hostOf = ({ invocation }: Unit): Unit | undefined => {
    const host = invocation && units.get(invocation);
    return host?.invocation === undefined ? host : undefined;
  };
  const begins = new Map(order);
  for (const [unit, n] of order) {
    const host = hostOf(unit);
    if (host) begins.set(host, Math.min(n, begins.get(host) ?? n));
  }
  const causes = new Map<Unit, SpanPath>();
  for (const { fromUnit, from, to } of joins) {
    const isCause = (order.get(fromUnit) ?? Infinity) < (begins.get(to) ?? -Infinity);
    if (isCause && !causes.has(to)) causes.set(to, from.path);
  }
  for (const unit of order.keys()) {
    const host = hostOf(unit);
    if (host) causes.set(unit, host.path);
  }
  return causes;
};

/** More that received one message are a fan-out: none of them waited for another. */
const MOST_ATTEMPTS = 100;

/** Units that one span sent to by one id, of which one may have waited for another. */
const sequencesOf = ({ joins }: StitchedTrace, causes: ReadonlyMap<Unit, SpanPath>): readonly ReadonlySet<Unit>[] => {
  const sequences = new Map<string, Set<Unit>>();
  for (const join of joins) {
    const name = causes.get(join.to) === join.from.path ? sequenceOf(join) : undefined;
    if (name !== undefined) sequences.set(name, (sequences.get(name) ?? new Set()).add(join.to));
  }
  return [...sequences].flatMap(([name, units]) =>
    units.size <= MOST_ATTEMPTS || name.startsWith(STATES) ? [units] : [],
  );
};

const STATES = "states ";

/** The states of an execution are any functions; another function that had the same message did not wait. */
const sequenceOf = ({ kind, from, to, keys: [key] }: UnitJoin): string | undefined => {
  if (kind === "sfn-execution") return `${STATES}${from.path} ${key?.id}`;
  return key && `${from.path} ${key.id} ${to.root.origin.functionName}`;
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

const nodeOf = (span: SpanRecord, unit: Unit, clocks: Clocks, origin: UnixNano): Node => {
  const start = Number(clocks.startOf(span) - origin);
  const end = Math.max(start, Number(clocks.endOf(span) - origin));
  const init = span === unit.root && span.isColdStart ? (initDurationNs(span.wire, unit.platform?.facts) ?? 0) : 0;
  return { value: span, start: start - init, end, children: [] };
};
