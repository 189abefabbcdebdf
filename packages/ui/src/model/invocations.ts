/**
 * Which spans ran together, and which join stands above each invocation.
 *
 * A local root is a span whose parent is absent, in another function or invocation, or which a join leads to. A local
 * root that handles one message of a batch is a record: it belongs to the invocation it ran in (its host), though its
 * parent may be the message's sender. Hosts are found by the record's own link, else by the same function and request
 * id around it: retries share a request id too, but never overlap.
 */
import type { Join, Span } from "@mayfly/api";
import { MAYFLY_LINK, MAYFLY_LINK_INVOCATION } from "./semconv.ts";
import { type SpanView, type TraceView, pathOf } from "./trace-view.ts";

export interface Invocations {
  readonly localRoots: ReadonlySet<SpanView>;
  /** Of each record: the invocation it ran in. */
  readonly hostOf: ReadonlyMap<SpanView, SpanView>;
  /** Of each span that does not stand under a join: the span it stands under, if any. */
  readonly parentOf: ReadonlyMap<SpanView, SpanView>;
  /** Of each invocation that has a cause: the join it stands under. */
  readonly incoming: ReadonlyMap<SpanView, Join>;
}

export const invocationsOf = (trace: TraceView): Invocations => {
  const parents = new Map(trace.spans.flatMap((view) => nameParent(view, trace)));
  const targets = new Set(trace.joins.map((join) => trace.spanAt.get(pathOf(join.to))));
  const localRoots = new Set(
    trace.spans.filter((view) => targets.has(view) || !ranTogether(view.span, parents.get(view)?.span)),
  );
  const hostOf = hostsOf([...localRoots], trace, parents);
  const parentOf = new Map([...parents, ...hostOf]);
  return { localRoots, hostOf, parentOf, incoming: chooseJoins(trace, hostOf, parentOf) };
};

/** A second span of the same id stands under the first: it is another word on the same thing. */
const nameParent = (view: SpanView, { spanAt }: TraceView): (readonly [SpanView, SpanView])[] => {
  const { traceId, parentSpanId } = view.span;
  const first = spanAt.get(view.path);
  const named = parentSpanId === undefined ? undefined : spanAt.get(pathOf({ traceId, spanId: parentSpanId }));
  const parent = first === view ? named : first;
  return parent && parent !== view ? [[view, parent]] : [];
};

const ranTogether = (span: Span, parent: Span | undefined): boolean =>
  parent !== undefined &&
  span.functionName === parent.functionName &&
  (span.requestId === undefined || parent.requestId === undefined || span.requestId === parent.requestId);

const hostsOf = (
  localRoots: readonly SpanView[],
  { spanAt }: TraceView,
  parents: ReadonlyMap<SpanView, SpanView>,
): ReadonlyMap<SpanView, SpanView> => {
  const longestOf = new Map(
    [...Map.groupBy(localRoots, runOf)].map(([run, views]) => [run, longestSoFar(views)] as const),
  );
  const hosts = new Map<SpanView, SpanView>();
  for (const view of localRoots) {
    const { span } = view;
    const link = span.links.find((one) => one.attributes[MAYFLY_LINK] === MAYFLY_LINK_INVOCATION);
    const parent = parents.get(view);
    const host =
      (link && spanAt.get(pathOf(link))) ??
      (parent && span.requestId !== undefined && ranTogether(span, parent.span) ? parent : undefined) ??
      (span.requestId === undefined ? undefined : surrounding(view, longestOf.get(runOf(view)) ?? []));
    if (host && host !== view && !hosts.has(host)) hosts.set(view, host);
  }
  return hosts;
};

const runOf = ({ span }: SpanView): string => `${span.functionName} ${span.requestId}`;

/** Those that end later than all that started before them: what surrounds a span is one of these. */
const longestSoFar = (views: readonly SpanView[]): readonly SpanView[] => {
  let endNs = -Infinity;
  return views.filter((view) => {
    const isLonger = view.endNs > endNs;
    endNs = Math.max(endNs, view.endNs);
    return isLonger;
  });
};

/** The first that surrounds it; found by halving, because an invocation whose own span is lost may leave thousands. */
const surrounding = (inner: SpanView, longest: readonly SpanView[]): SpanView | undefined => {
  let [from, to] = [0, longest.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((longest[middle]?.endNs ?? Infinity) < inner.endNs) from = middle + 1;
    else to = middle;
  }
  const outer = longest[from];
  return outer && outer.startNs <= inner.startNs && outer.span.name !== inner.span.name ? outer : undefined;
};

interface Cause {
  readonly join: Join;
  /** Absent where a placeholder stands for it. */
  readonly from: SpanView | undefined;
}

/**
 * One join per invocation: its own before its records', continues before links, the earliest sender first; never one
 * that would make it its own cause.
 */
const chooseJoins = (
  trace: TraceView,
  hostOf: ReadonlyMap<SpanView, SpanView>,
  parentOf: Map<SpanView, SpanView>,
): ReadonlyMap<SpanView, Join> => {
  const causes = causesOf(trace, hostOf);
  cutCircles(trace.spans, causes, parentOf);
  return new Map([...causes].flatMap(([view, [best]]) => (best ? [[view, best.join] as const] : [])));
};

/** Of each invocation: what may have caused it, the best first. */
const causesOf = (
  { joins, spanAt }: TraceView,
  hostOf: ReadonlyMap<SpanView, SpanView>,
): ReadonlyMap<SpanView, Cause[]> => {
  const candidates = joins
    .flatMap((join) => {
      const to = spanAt.get(pathOf(join.to));
      const from = "placeholder" in join.from ? undefined : spanAt.get(pathOf(join.from));
      if (to === undefined || (from === undefined && !("placeholder" in join.from))) return [];
      const rank = (hostOf.has(to) ? 2 : 0) + (join.relation === "links" ? 1 : 0);
      return [{ join, from, consumer: hostOf.get(to) ?? to, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank || (a.from?.startNs ?? 0) - (b.from?.startNs ?? 0));
  return Map.groupBy(candidates, ({ consumer }) => consumer);
};

/**
 * Follows each span upwards once. Where that runs in a circle, the invocation of it that started first loses the cause
 * that closed the circle; a circle of parents alone is cut above the earliest span.
 */
const cutCircles = (
  spans: readonly SpanView[],
  causes: ReadonlyMap<SpanView, Cause[]>,
  parentOf: Map<SpanView, SpanView>,
): void => {
  const above = (view: SpanView): SpanView | undefined => {
    const [cause] = causes.get(view) ?? [];
    return cause ? cause.from : parentOf.get(view);
  };
  const settled = new Set<SpanView>();
  for (const first of spans) {
    const path = new Set<SpanView>();
    let at: SpanView | undefined = first;
    while (at !== undefined && !settled.has(at)) {
      if (path.has(at)) {
        cut(circleAt(at, path), causes, parentOf);
        path.clear();
        at = first;
      }
      path.add(at);
      at = above(at);
    }
    for (const view of path) settled.add(view);
  }
};

/** Earliest first. */
const circleAt = (view: SpanView, path: ReadonlySet<SpanView>): readonly SpanView[] => {
  const walked = [...path];
  return walked.slice(walked.indexOf(view)).toSorted((a, b) => a.startNs - b.startNs);
};

const cut = (
  circle: readonly SpanView[],
  causes: ReadonlyMap<SpanView, Cause[]>,
  parentOf: Map<SpanView, SpanView>,
): void => {
  const caused = circle.find((view) => (causes.get(view) ?? []).length > 0);
  const [earliest] = circle;
  if (caused) causes.get(caused)?.shift();
  else if (earliest) parentOf.delete(earliest);
};
