/**
 * The three signals have one shape, groups by resource of groups by scope of records, under other names; in protobuf
 * the field numbers are the same too.
 */
import { pointsInJson, pointsInProtobuf, pointsOf } from "./points.ts";
import { type Message, MESSAGES } from "./schema.ts";
import type { InstrumentationScope, Metric, Resource } from "./types.ts";

export interface Signal {
  /** The fields' names in the JSON mapping, from the outside in. */
  readonly groups: string;
  readonly scopes: string;
  readonly records: string;
  readonly record: Message;
  /** What OTLP counts by. Of a record that is left out, what can be seen of it, one at least. */
  readonly items: ItemCount;
}

interface ItemCount {
  of(record: unknown): number;
  inProtobuf(bytes: Uint8Array, start: number, end: number): number;
  inJson(value: unknown): number;
}

const RECORDS: ItemCount = { of: () => 1, inProtobuf: () => 1, inJson: () => 1 };
const DATA_POINTS: ItemCount = {
  of: (metric) => pointsOf(metric as Metric),
  inProtobuf: (bytes, start, end) => pointsInProtobuf(bytes.subarray(start, end)),
  inJson: pointsInJson,
};

export const TRACES: Signal = {
  groups: "resourceSpans",
  scopes: "scopeSpans",
  records: "spans",
  record: MESSAGES.Span,
  items: RECORDS,
};
export const LOGS: Signal = {
  groups: "resourceLogs",
  scopes: "scopeLogs",
  records: "logRecords",
  record: MESSAGES.LogRecord,
  items: RECORDS,
};
export const METRICS: Signal = {
  groups: "resourceMetrics",
  scopes: "scopeMetrics",
  records: "metrics",
  record: MESSAGES.Metric,
  items: DATA_POINTS,
};

/** A ResourceSpans, ResourceLogs or ResourceMetrics by names that are the same for all. */
export interface Group<T> {
  readonly resource?: Resource;
  readonly scopes: readonly ScopeGroup<T>[];
  readonly schemaUrl: string;
}

export interface ScopeGroup<T> {
  readonly scope?: InstrumentationScope;
  readonly records: readonly T[];
  readonly schemaUrl: string;
}
