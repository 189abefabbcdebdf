/** One data point of a metric, with the metric and the surroundings that it came in. */
import type * as otlp from "@mayfly/otlp";
import { type Word, wordsOf } from "./attribute-words.ts";
import type { SpanOrigin } from "./span.ts";
import type { UnixNano } from "./time.ts";

export type DataPoint =
  | otlp.NumberDataPoint
  | otlp.HistogramDataPoint
  | otlp.ExponentialHistogramDataPoint
  | otlp.SummaryDataPoint;

export interface MetricPoint {
  /** `timeUnixNano`, else the time of arrival. */
  readonly time: UnixNano;
  readonly origin: SpanOrigin;
  readonly metric: otlp.Metric;
  readonly point: DataPoint;
}

const KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
export type MetricKind = (typeof KINDS)[number];

/** undefined: it has no data. */
export const metricKindOf = (metric: otlp.Metric): MetricKind | undefined =>
  KINDS.find((kind) => metric[kind] !== undefined);

export const dataPointsOf = (metric: otlp.Metric): readonly DataPoint[] => {
  const kind = metricKindOf(metric);
  return (kind && metric[kind]?.dataPoints) ?? [];
};

/** An attribute of the point, or of its resource. */
export const pointHoldsWord = ({ point, origin }: MetricPoint, { attribute, value }: Word): boolean =>
  [...point.attributes, ...(origin.resource?.attributes ?? [])].some(
    (one) => one.key === attribute && wordsOf(one).some((word) => word.value === value),
  );
