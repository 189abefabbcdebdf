/** Data points as people read them: grouped by where they come from, newest first in each group. */
import type * as api from "@mayfly/api";
import { attributesToPlain } from "@mayfly/otlp";
import type * as otlp from "@mayfly/otlp";
import { type DataPoint, type MetricPoint, metricKindOf } from "../model/metric-point.ts";
import type { MetricSummary } from "../store/store.ts";

export const metricNameView = ({ lastSeen, unit, description, ...metric }: MetricSummary): api.MetricName => ({
  ...metric,
  ...(unit !== "" && { unit }),
  ...(description !== "" && { description }),
  lastSeenUnixNano: String(lastSeen),
});

/** In the order of their first point. */
export const metricsView = (points: readonly MetricPoint[]): api.MetricSeries[] => {
  const groups = new Map<string, { readonly head: Omit<api.MetricSeries, "points">; readonly points: MetricPoint[] }>();
  for (const one of points) {
    const head = headOf(one);
    if (head === undefined) continue;
    const key = JSON.stringify(head);
    const group = groups.get(key) ?? { head, points: [] };
    group.points.push(one);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ ...group.head, points: group.points.map(pointView) }));
};

const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

const headOf = ({ metric, origin }: MetricPoint): Omit<api.MetricSeries, "points"> | undefined => {
  const kind = metricKindOf(metric);
  if (kind === undefined) return undefined;
  const { name, unit, description, sum } = metric;
  const temporality = (sum ?? metric.histogram ?? metric.exponentialHistogram)?.aggregationTemporality;
  const { resource, scope, serviceName, functionName } = origin;
  return {
    name,
    kind,
    ...(unit !== "" && { unit }),
    ...(description !== "" && { description }),
    ...(temporality !== undefined && { temporality: TEMPORALITIES[temporality] ?? "unspecified" }),
    ...(sum && { isMonotonic: sum.isMonotonic }),
    ...(serviceName !== undefined && { serviceName }),
    ...(functionName !== undefined && { functionName }),
    resource: attributesToPlain(resource?.attributes ?? []),
    ...(scope && { scope: { name: scope.name, ...(scope.version !== "" && { version: scope.version }) } }),
  };
};

const NO_VALUE = 1;

const pointView = ({ time, point }: MetricPoint): api.MetricPoint => ({
  timeUnixNano: String(time),
  ...(point.startTimeUnixNano > 0n && { startTimeUnixNano: String(point.startTimeUnixNano) }),
  attributes: attributesToPlain(point.attributes),
  ...((point.flags & NO_VALUE) !== 0 && { isMissing: true }),
  ...measured(point),
  ...("exemplars" in point && point.exemplars.length > 0 && { exemplars: point.exemplars.map(exemplarView) }),
});

const measured = (point: DataPoint): Partial<api.MetricPoint> => {
  if ("quantileValues" in point) {
    const quantiles = point.quantileValues.map(({ quantile, value }) => ({
      quantile: double(quantile),
      value: double(value),
    }));
    return { count: int(point.count), sum: double(point.sum), quantiles };
  }
  if (!("count" in point)) return valueOf(point);
  const { count, sum, min, max } = point;
  const all = {
    count: int(count),
    ...(sum !== undefined && { sum: double(sum) }),
    ...(min !== undefined && { min: double(min) }),
    ...(max !== undefined && { max: double(max) }),
  };
  if ("explicitBounds" in point)
    return { ...all, explicitBounds: point.explicitBounds.map(double), bucketCounts: point.bucketCounts.map(int) };
  return {
    ...all,
    scale: point.scale,
    zeroCount: int(point.zeroCount),
    ...(point.zeroThreshold !== 0 && { zeroThreshold: double(point.zeroThreshold) }),
    ...(point.positive && { positive: bucketsView(point.positive) }),
    ...(point.negative && { negative: bucketsView(point.negative) }),
  };
};

const bucketsView = ({ offset, bucketCounts }: otlp.Buckets): api.MetricBuckets => ({
  offset,
  bucketCounts: bucketCounts.map(int),
});

const valueOf = (from: {
  readonly asInt?: bigint;
  readonly asDouble?: number;
}): { readonly value?: api.MetricNumber } => {
  if (from.asInt !== undefined) return { value: int(from.asInt) };
  return from.asDouble === undefined ? {} : { value: double(from.asDouble) };
};

const exemplarView = (exemplar: otlp.Exemplar): api.MetricExemplar => ({
  timeUnixNano: String(exemplar.timeUnixNano),
  ...valueOf(exemplar),
  ...(exemplar.traceId !== "" && { traceId: exemplar.traceId }),
  ...(exemplar.spanId !== "" && { spanId: exemplar.spanId }),
  attributes: attributesToPlain(exemplar.filteredAttributes),
});

const int = (value: bigint): api.MetricNumber => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
};

const double = (value: number): api.MetricNumber => (Number.isFinite(value) ? value : String(value));
