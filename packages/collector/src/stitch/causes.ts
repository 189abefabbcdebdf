/**
 * The spans of a stitched trace as tasks: each under what caused it.
 *
 * A span stands under the span of its unit that called it; a unit under the span that sent to it, by its first join;
 * a record unit within the invocation that it ran in. The states of one execution, of which each is joined to who started
 * it, stand under each other: a state waited for the last one that had ended. What has no cause here is a root. An invocation that waited for its
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
  for (const { unit, spans } of trace.parts) {
    for (const span of spans) {
      const { path } = span;
      if (!nodes.has(path)) nodes.set(path, nodeOf(span, unit, trace.clocks, origin));
    }
  }
  const causes = causesOf(trace);
  for (const states of statesOf(trace, causes)) putInSequence(states, nodes, causes);
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

/** Of each execution, the units that are joined to its start by it. */
const statesOf = ({ joins }: StitchedTrace, causes: ReadonlyMap<Unit, SpanPath>): readonly (readonly Unit[])[] => {
  const states = joins.filter(({ kind, from, to }) => kind === "sfn-execution" && causes.get(to) === from.path);
  const byExecution = Map.groupBy(states, ({ from, keys }) => `${from.path} ${keys[0]?.id}`);
  return Array.from(byExecution.values(), (some) => some.map(({ to }) => to));
};

const putInSequence = (
  states: readonly Unit[],
  nodes: ReadonlyMap<SpanPath, Node>,
  causes: Map<Unit, SpanPath>,
): void => {
  const timed = states.flatMap((unit) => {
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
