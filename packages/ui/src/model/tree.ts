/**
 * The tree of one stitched trace by cause: who stands under whom.
 *
 * In      a TraceView; spans may miss their parents, joins may fan out, fan in, or point outside.
 * Out     roots and, per node, its children in order of start. Every span stands exactly once; a join that leads to
 *         what already stands elsewhere becomes a leaf that refers to it.
 * Cost    O(n log n) for n spans and joins.
 * Errors  none; a cycle of causes is cut at the invocation that started first, which becomes a root.
 *
 *   api ─ POST /orders                     invocation: spans that share a local root
 *   ├ SendMessage
 *   │ └ joined by SQS message id m-1       a join stands under the span that sent
 *   │   └ payment ─ process orders         and the invocation under the join
 *   │     └ record m-1                     a record span nests in its invocation, whatever its parent says
 *   └ PutItem
 */
import type { Gap, Join, Placeholder, SpanKind } from "@mayfly/api";
import { type Invocations, invocationsOf } from "./invocations.ts";
import { joinedIntervals } from "./waits.ts";
import type { Extent } from "./time-scale.ts";
import { type SpanPath, type SpanView, type TraceView, initInterval, pathOf } from "./trace-view.ts";

export interface SpanNode {
  readonly kind: "span";
  readonly view: SpanView;
  readonly isInvocation: boolean;
  readonly isRecord: boolean;
  readonly children: Node[];
}

export interface JoinNode {
  readonly kind: "join";
  /** One or more: retries and the states of an execution share a key. All come from one span. */
  readonly joins: readonly Join[];
  /** When nobody worked on it, between the sender's end and the last consumer's start. */
  readonly waits: readonly Extent[];
  /** The invocations that stand under it. */
  readonly consumers: readonly SpanPath[];
  /** Where a consumer stands that has another, earlier cause. */
  readonly elsewhere?: SpanView;
  readonly atNs: number;
  readonly children: Node[];
}

export interface GapNode {
  readonly kind: "gap";
  readonly gap: Gap;
  readonly atNs: number;
  readonly children: Node[];
}

export interface PlaceholderNode {
  readonly kind: "placeholder";
  readonly placeholder: Placeholder;
  readonly gaps: readonly Gap[];
  readonly atNs: number;
  readonly children: Node[];
}

export type Node = SpanNode | JoinNode | GapNode | PlaceholderNode;

export const treeOf = (trace: TraceView): readonly Node[] => {
  const invocations = invocationsOf(trace);
  const nodes = new Map(trace.spans.map((view) => [view, spanNode(view, invocations)]));
  const roots: Node[] = [];
  const under = (view: SpanView | undefined): Node[] => (view && nodes.get(view)?.children) ?? roots;

  for (const [view, node] of nodes) {
    if (!invocations.incoming.has(view)) under(invocations.parentOf.get(view)).push(node);
  }
  const placeholders = placeholderNodes(trace, roots);
  for (const group of joinGroups(trace, invocations)) {
    const node = joinNode(group, nodes);
    (group.placeholder === undefined
      ? under(group.from)
      : (placeholders.get(group.placeholder)?.children ?? roots)
    ).push(node);
  }
  placeGaps(trace, { nodes, roots, placeholders, invocations });
  sortByStart(roots);
  return roots;
};

const spanNode = (view: SpanView, { localRoots, hostOf }: Invocations): SpanNode => ({
  kind: "span",
  view,
  isInvocation: localRoots.has(view) && !hostOf.has(view),
  isRecord: hostOf.has(view),
  children: [],
});

interface JoinGroup {
  readonly from?: SpanView;
  readonly placeholder?: string;
  readonly joins: Join[];
  readonly placed: Set<SpanView>;
  readonly elsewhere?: SpanView;
}

/** Joins of one sender and one key become one row; what is placed by another join gets a row that refers to it. */
const joinGroups = ({ spanAt, joins }: TraceView, invocations: Invocations): readonly JoinGroup[] => {
  const groups = new Map<string, JoinGroup>();
  for (const join of joins) {
    const to = spanAt.get(pathOf(join.to));
    if (to === undefined) continue;
    const consumer = invocations.hostOf.get(to) ?? to;
    const from = "placeholder" in join.from ? undefined : spanAt.get(pathOf(join.from));
    if (from === undefined && !("placeholder" in join.from)) continue;
    const placement = invocations.incoming.get(consumer);
    const isPlacedHere = placement !== undefined && groupId(placement) === groupId(join);
    const id = isPlacedHere ? groupId(join) : `${groupId(join)} elsewhere ${consumer.path}`;
    const group = groups.get(id) ?? {
      ...(from && { from }),
      ...("placeholder" in join.from && { placeholder: join.from.placeholder }),
      joins: [],
      placed: new Set<SpanView>(),
      ...(!isPlacedHere && { elsewhere: consumer }),
    };
    group.joins.push(join);
    if (isPlacedHere) group.placed.add(consumer);
    groups.set(id, group);
  }
  return [...groups.values()];
};

const groupId = ({ from, key, kind }: Join): string =>
  `${"placeholder" in from ? from.placeholder : pathOf(from)} ${key ? `${key.kind} ${key.id}` : kind}`;

/** The init phase of a cold start is work on the message, not waiting for it. */
const withInit = (view: SpanView): { startNs: number; endNs: number } => ({
  startNs: initInterval(view)?.startNs ?? view.startNs,
  endNs: view.endNs,
});

const joinNode = ({ from, joins, placed, elsewhere }: JoinGroup, nodes: ReadonlyMap<SpanView, SpanNode>): JoinNode => {
  const consumers = elsewhere ? [elsewhere] : [...placed];
  return {
    kind: "join",
    joins,
    waits: from ? joinedIntervals(from, consumers.map(withInit)) : [],
    consumers: Array.from(placed, ({ path }) => path),
    ...(elsewhere && { elsewhere }),
    atNs: earliestOf(consumers),
    children: [...placed].flatMap((view) => nodes.get(view) ?? []),
  };
};

/** Not by spreading: a fan-out may be wider than a call may have arguments. */
const earliestOf = (views: readonly SpanView[]): number =>
  views.reduce((earliest, { startNs }) => Math.min(earliest, startNs), Infinity);

const placeholderNodes = ({ head, joins, spanAt }: TraceView, roots: Node[]): Map<string, PlaceholderNode> => {
  const joinsFrom = Map.groupBy(joins, ({ from }) => ("placeholder" in from ? from.placeholder : undefined));
  const found = new Map<string, PlaceholderNode>();
  for (const placeholder of head.placeholders ?? []) {
    const caused = joinsFrom.get(placeholder.id)?.flatMap(({ to }) => spanAt.get(pathOf(to)) ?? []);
    const node: PlaceholderNode = {
      kind: "placeholder",
      placeholder,
      gaps: [],
      atNs: earliestOf(caused ?? []),
      children: [],
    };
    found.set(placeholder.id, node);
    roots.push(node);
  }
  return found;
};

interface Places {
  readonly nodes: ReadonlyMap<SpanView, SpanNode>;
  readonly roots: Node[];
  readonly placeholders: ReadonlyMap<string, PlaceholderNode>;
  readonly invocations: Invocations;
}

/** What is missing before a span goes to its placeholder or directly above it; what is missing after it, under it. */
const placeGaps = ({ gaps, spanAt }: TraceView, { nodes, roots, placeholders, invocations }: Places): void => {
  for (const gap of gaps) {
    const view = spanAt.get(pathOf(gap.at));
    const node = view && nodes.get(view);
    const cause = view && invocations.incoming.get(invocations.hostOf.get(view) ?? view)?.from;
    const placeholder = cause && "placeholder" in cause ? placeholders.get(cause.placeholder) : undefined;
    if (placeholder) (placeholder.gaps as Gap[]).push(gap);
    else if (node === undefined || isBefore(gap, cause, view?.span.kind))
      roots.push({ kind: "gap", gap, atNs: (view?.startNs ?? 0) - 1, children: [] });
    else node.children.push({ kind: "gap", gap, atNs: view?.endNs ?? 0, children: [] });
  }
};

/**
 * A Root that led nowhere is before its span; one that joined it says that the join is not all. Without an id something was sent by a
 * call, and received by anything else.
 */
const isBefore = ({ reason }: Gap, cause: Join["from"] | undefined, kind: SpanKind | undefined): boolean =>
  reason === "missing-parent" ||
  reason === "unknown-producer" ||
  reason === "ambiguous-producer" ||
  (reason === "no-message-id" && cause === undefined && kind !== "client" && kind !== "producer") ||
  (reason === "xray-only-context" && cause === undefined);

const startOf = (node: Node): number => (node.kind === "span" ? node.view.startNs : node.atNs);

const sortByStart = (roots: Node[]): void => {
  const waiting = [roots];
  for (let list = waiting.pop(); list; list = waiting.pop()) {
    list.sort((a, b) => startOf(a) - startOf(b));
    for (const node of list) if (node.children.length > 0) waiting.push(node.children);
  }
};
