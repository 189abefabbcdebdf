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

export interface Incoming {
  readonly join: Join;
}

export interface Invocations {
  readonly localRoots: ReadonlySet<SpanView>;
  /** Of each record: the invocation it ran in. */
  readonly hostOf: ReadonlyMap<SpanView, SpanView>;
  /** Of each span that does not stand under a join: the span it stands under, if any. */
  readonly parentOf: ReadonlyMap<SpanView, SpanView>;
  /** Of each invocation that has a cause: the join it stands under. */
  readonly incoming: ReadonlyMap<SpanView, Incoming>;
}

export const invocationsOf = (trace: TraceView): Invocations => {
  const parents = new Map(trace.spans.flatMap((view) => nameParent(view, trace)));
  const targets = new Set(trace.joins.map((join) => pathOf(join.to)));
  const localRoots = new Set(
    trace.spans.filter((view) => targets.has(view.path) || !ranTogether(view.span, parents.get(view)?.span)),
  );
  const hostOf = hostsOf([...localRoots], trace, parents);
  const parentOf = new Map(
    trace.spans.flatMap((view) => {
      const above = hostOf.get(view) ?? parents.get(view);
      return above ? [[view, above] as const] : [];
    }),
  );
  return {
    localRoots,
    hostOf,
    parentOf,
    incoming: chooseJoins(trace, hostOf, rootFinder(parentOf, localRoots, hostOf)),
  };
};

const nameParent = (view: SpanView, { spanAt }: TraceView): (readonly [SpanView, SpanView])[] => {
  const { traceId, parentSpanId } = view.span;
  const parent = parentSpanId === undefined ? undefined : spanAt.get(pathOf({ traceId, spanId: parentSpanId }));
  return parent && parent !== view && spanAt.get(view.path) === view ? [[view, parent]] : [];
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
  const byRequest = Map.groupBy(localRoots, ({ span }) => `${span.functionName} ${span.requestId}`);
  const hosts = new Map<SpanView, SpanView>();
  for (const view of localRoots) {
    const { span } = view;
    const link = span.links.find((one) => one.attributes[MAYFLY_LINK] === MAYFLY_LINK_INVOCATION);
    const parent = parents.get(view);
    const host =
      (link && spanAt.get(pathOf(link))) ??
      (parent && span.requestId !== undefined && ranTogether(span, parent.span) ? parent : undefined) ??
      (span.requestId === undefined
        ? undefined
        : byRequest.get(`${span.functionName} ${span.requestId}`)?.find((one) => surrounds(one, view)));
    if (host && host !== view && !hosts.has(host)) hosts.set(view, host);
  }
  return hosts;
};

const surrounds = (outer: SpanView, inner: SpanView): boolean =>
  outer !== inner &&
  outer.startNs <= inner.startNs &&
  outer.endNs >= inner.endNs &&
  outer.span.name !== inner.span.name;

/** The invocation that a span ran in. */
const rootFinder =
  (
    parentOf: ReadonlyMap<SpanView, SpanView>,
    localRoots: ReadonlySet<SpanView>,
    hostOf: ReadonlyMap<SpanView, SpanView>,
  ) =>
  (view: SpanView): SpanView => {
    const seen = new Set<SpanView>();
    let at = view;
    while (!seen.has(at)) {
      seen.add(at);
      if (localRoots.has(at) && !hostOf.has(at)) return at;
      const above = parentOf.get(at);
      if (above === undefined) return at;
      at = above;
    }
    return at;
  };

/**
 * One join per invocation: its own before its records', continues before links, the earliest sender first; never one
 * that would make it its own cause.
 */
const chooseJoins = (
  { joins, spanAt }: TraceView,
  hostOf: ReadonlyMap<SpanView, SpanView>,
  invocationOf: (view: SpanView) => SpanView,
): ReadonlyMap<SpanView, Incoming> => {
  const candidates = joins
    .flatMap((join) => {
      const to = spanAt.get(pathOf(join.to));
      if (to === undefined) return [];
      const from = "placeholder" in join.from ? undefined : spanAt.get(pathOf(join.from));
      if (from === undefined && !("placeholder" in join.from)) return [];
      return [
        {
          join,
          from,
          consumer: hostOf.get(to) ?? to,
          rank: (hostOf.has(to) ? 2 : 0) + (join.relation === "links" ? 1 : 0),
        },
      ];
    })
    .toSorted((a, b) => a.rank - b.rank || (a.from?.startNs ?? 0) - (b.from?.startNs ?? 0));

  const incoming = new Map<SpanView, Incoming>();
  const causeOf = new Map<SpanView, SpanView>();
  for (const { join, from, consumer } of candidates) {
    if (incoming.has(consumer)) continue;
    const sender = from && invocationOf(from);
    if (sender && isCausedBy(sender, consumer, causeOf)) continue;
    incoming.set(consumer, { join });
    if (sender) causeOf.set(consumer, sender);
  }
  return incoming;
};

const isCausedBy = (view: SpanView, cause: SpanView, causeOf: ReadonlyMap<SpanView, SpanView>): boolean => {
  let at: SpanView | undefined = view;
  while (at !== undefined && at !== cause) at = causeOf.get(at);
  return at === cause;
};
