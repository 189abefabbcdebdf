/**
 * The waterfall's rows: the tree by cause, laid flat in reading order.
 *
 * A row knows how many rows stand below it, so folding is skipping, and 100,000 spans fold in one pass without a tree.
 * `level` is the depth in the tree (for assistive technology). `indent` is the depth on paper: a hop goes one step in from
 * the invocation that sent, not from the span within it, so that ten hops still leave room for their names.
 *
 *   api  POST /orders            level 1  indent 0
 *     send orders                      2         1
 *     ╰ joined by SQS message          3         1
 *     payment  process orders          4         1
 *       authorize card                 5         2
 */
import { MAYFLY_SQS_RECEIVE_COUNT, MESSAGING_BATCH_MESSAGE_COUNT } from "./semconv.ts";
import { type GapNode, type JoinNode, type Node, type PlaceholderNode, type SpanNode, treeOf } from "./tree.ts";
import type { TraceView } from "./trace-view.ts";

interface Place {
  /** Stable across reloads: what the URL names. */
  readonly id: string;
  readonly level: number;
  readonly indent: number;
  /** How many rows below belong to this one. */
  readonly descendants: number;
  /** Index of the row it hangs from, -1 for a root. */
  readonly parent: number;
  /** Whose colour it has. */
  readonly functionName: string | undefined;
}

export interface SpanRow extends Place, Omit<SpanNode, "children"> {
  /** Second and later tries of the same thing. */
  readonly attempt?: number;
  /** Of an invocation that handled more than one message. */
  readonly batchSize?: number;
  /** Of a message that was handed out before, where that is not said by an attempt already. */
  readonly delivery?: number;
}
export interface JoinRow extends Place, Omit<JoinNode, "children"> {}
export interface GapRow extends Place, Omit<GapNode, "children"> {}
export interface PlaceholderRow extends Place, Omit<PlaceholderNode, "children"> {}

export type Row = SpanRow | JoinRow | GapRow | PlaceholderRow;

/** The message of a row that failed. */
export const errorOf = (row: SpanRow): string | undefined =>
  row.view.isError ? (row.view.errorText ?? "failed") : undefined;

interface Visit {
  readonly node: Node;
  readonly level: number;
  readonly indent: number;
  /** Of the unit's first span, from which its hops are one step in; -1 above the roots. */
  readonly anchor: number;
  readonly parent: number;
  readonly functionName: string | undefined;
  readonly attempt?: number;
}

export const rowsOf = (trace: TraceView): readonly Row[] => {
  const rows: Row[] = [];
  const idFor = idMaker();
  const waiting: Visit[] = [];
  pushAll(waiting, treeOf(trace), { level: 1, indent: 0, anchor: -1, parent: -1, functionName: undefined });
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    const { node, attempt, anchor, ...place } = visit;
    const { children, ...content } = node;
    const indent = node.kind === "join" ? anchor + 1 : place.indent;
    const isFirstOfUnit = node.kind === "span" && (node.isInvocation || rows[place.parent]?.kind !== "span");
    const functionName = node.kind === "span" ? nameOf(node) : place.functionName;
    rows.push({
      ...place,
      ...content,
      indent,
      id: idFor(node),
      functionName,
      descendants: 0,
      ...(content.kind === "span" && {
        ...(attempt !== undefined && { attempt }),
        ...batchOf(content),
        ...deliveryOf(content, attempt ?? attemptAt(rows[place.parent])),
      }),
    });
    pushAll(waiting, children, {
      level: place.level + 1,
      indent: indent + (isFlush(node) ? 0 : 1),
      anchor: isFirstOfUnit ? indent : anchor,
      parent: rows.length - 1,
      functionName,
    });
  }
  return countDescendants(rows);
};

const nameOf = ({ view }: SpanNode): string | undefined => view.span.functionName ?? view.span.serviceName;

/** What a join or a placeholder leads to stands level with it. */
const isFlush = ({ kind }: Node): boolean => kind === "join" || kind === "placeholder";

const pushAll = (waiting: Visit[], nodes: readonly Node[], place: Omit<Visit, "node" | "attempt">): void => {
  const attempts = attemptsOf(nodes);
  for (const node of nodes.toReversed()) {
    const attempt = attempts.get(node);
    waiting.push({ node, ...place, ...(attempt !== undefined && { attempt }) });
  }
};

/** A sibling of the same name after one that failed is another attempt at the same thing. */
const attemptsOf = (siblings: readonly Node[]): ReadonlyMap<Node, number> => {
  const tried = new Map<string, { count: number; failed: boolean }>();
  const attempts = new Map<Node, number>();
  for (const node of siblings) {
    if (node.kind !== "span") continue;
    const name = `${nameOf(node)} ${node.view.span.name}`;
    const before = tried.get(name);
    const count = before?.failed ? before.count + 1 : 1;
    if (count > 1) attempts.set(node, count);
    tried.set(name, { count, failed: node.view.isError });
  }
  return attempts;
};

const batchOf = ({ view, isInvocation }: Omit<SpanNode, "children">): { readonly batchSize?: number } => {
  const count = view.span.attributes[MESSAGING_BATCH_MESSAGE_COUNT];
  return isInvocation && typeof count === "number" && count > 1 ? { batchSize: count } : {};
};

const attemptAt = (row: Row | undefined): number | undefined => (row?.kind === "span" ? row.attempt : undefined);

/** The first try may be lost, or its sender unknown: then only the queue's own count tells that this is another. */
const deliveryOf = (
  { view, isInvocation, isRecord }: Omit<SpanNode, "children">,
  attempt: number | undefined,
): { readonly delivery?: number } => {
  const count = view.span.attributes[MAYFLY_SQS_RECEIVE_COUNT];
  const isSaid = typeof count === "number" && count > 1 && count !== attempt;
  return isSaid && (isInvocation || isRecord) ? { delivery: count } : {};
};

/** Span ids are unique in practice; where they are not, the later one says so in its id. */
const idMaker = (): ((node: Node) => string) => {
  const seen = new Map<string, number>();
  return (node) => {
    const base = baseId(node);
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    return times === 1 ? base : `${base}~${times}`;
  };
};

const baseId = (node: Node): string => {
  switch (node.kind) {
    case "span":
      return node.view.span.spanId;
    case "join":
      return `join-${node.joins[0]?.to.spanId}`;
    case "gap":
      return `gap-${node.gap.at.spanId}`;
    case "placeholder":
      return `missing-${node.placeholder.id}`;
  }
};

const countDescendants = (rows: readonly Row[]): readonly Row[] => {
  const counts = new Int32Array(rows.length);
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const parent = rows[index]?.parent ?? -1;
    if (parent >= 0) counts[parent] = (counts[parent] ?? 0) + (counts[index] ?? 0) + 1;
  }
  return rows.map((row, index) => Object.assign(row, { descendants: counts[index] ?? 0 }));
};
