/** `GET /api/metrics`, with a name and without. */
import type { Attributes, Count, Integer, UnixNanoString } from "./index.ts";

export type Metrics = MetricPoints | MetricNames;

/** Without `name`. */
export interface MetricNames {
  /** By name. */
  readonly names: readonly MetricName[];
  /** True where there are more points than were looked at: names and numbers are of the latest to arrive. */
  readonly truncated?: boolean;
}

export interface MetricName {
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit?: string;
  readonly description?: string;
  /** Data points. */
  readonly points: Count;
  readonly lastSeenUnixNano: UnixNanoString;
}

export type MetricKind = "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";

/** With `name`. */
export interface MetricPoints {
  /** Of one kind from one resource each, in the order of their newest point. */
  readonly metrics: readonly MetricSeries[];
  /** There may be more. */
  readonly cursor?: string;
}

export interface MetricSeries {
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit?: string;
  readonly description?: string;
  /** Of sums and histograms. */
  readonly temporality?: "unspecified" | "delta" | "cumulative";
  /** Of sums. */
  readonly isMonotonic?: boolean;
  readonly serviceName?: string;
  readonly functionName?: string;
  readonly resource: Attributes;
  readonly scope?: { readonly name: string; readonly version?: string };
  /** Newest first. */
  readonly points: readonly MetricPoint[];
}

/** A whole number past 2^53 is a decimal string, and a double that is no number its name. */
export type MetricNumber = number | string;

/** `value` of gauges and sums; `count`, `sum` and buckets of histograms; `count`, `sum` and `quantiles` of summaries. */
export interface MetricPoint {
  readonly timeUnixNano: UnixNanoString;
  readonly startTimeUnixNano?: UnixNanoString;
  readonly attributes: Attributes;
  /** The sender says that nothing was measured. */
  readonly isMissing?: boolean;
  readonly value?: MetricNumber;
  readonly count?: MetricNumber;
  readonly sum?: MetricNumber;
  readonly min?: MetricNumber;
  readonly max?: MetricNumber;
  /** Upper ends of all buckets but the last. */
  readonly explicitBounds?: readonly MetricNumber[];
  readonly bucketCounts?: readonly MetricNumber[];
  /** Bucket n of an exponential histogram ends at 2^(2^-scale · (offset + n + 1)). */
  readonly scale?: Integer;
  readonly zeroCount?: MetricNumber;
  readonly zeroThreshold?: MetricNumber;
  readonly positive?: MetricBuckets;
  readonly negative?: MetricBuckets;
  readonly quantiles?: readonly { readonly quantile: MetricNumber; readonly value: MetricNumber }[];
  readonly exemplars?: readonly MetricExemplar[];
}

export interface MetricBuckets {
  readonly offset: Integer;
  readonly bucketCounts: readonly MetricNumber[];
}

export interface MetricExemplar {
  readonly timeUnixNano: UnixNanoString;
  readonly value?: MetricNumber;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Attributes;
}
