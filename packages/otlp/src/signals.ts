/**
 * The three signals have one shape, groups by resource of groups by scope of records, under other names; in protobuf
 * the field numbers are the same too.
 */
import { type Message, MESSAGES } from "./schema.ts";
import type { InstrumentationScope, Resource } from "./types.ts";

export interface Signal {
  /** The fields' names in the JSON mapping, from the outside in. */
  readonly groups: string;
  readonly scopes: string;
  readonly records: string;
  readonly record: Message;
}

export const TRACES: Signal = {
  groups: "resourceSpans",
  scopes: "scopeSpans",
  records: "spans",
  record: MESSAGES.Span,
};
export const LOGS: Signal = {
  groups: "resourceLogs",
  scopes: "scopeLogs",
  records: "logRecords",
  record: MESSAGES.LogRecord,
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
