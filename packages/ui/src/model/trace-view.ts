/**
 * A stitched trace as the pages draw it: times are nanoseconds since the trace began, as numbers (exact up to 104
 * days), so that geometry needs no bigint. The only wall time kept is the beginning itself.
 */
import type { LogRecord, PathStep, Span, SpanRef, TraceDetail } from "@mayfly/api";

/** `<traceId>.<spanId>`; identifies a span within a stitched trace. */
export type SpanPath = string;

export interface SpanView {
  readonly path: SpanPath;
  readonly span: Span;
  readonly startNs: number;
  readonly endNs: number;
  /** Its clock differs from the others': it is drawn so much later than it told, or earlier. */
  readonly clockOffsetNs?: number;
  readonly isError: boolean;
  /** What went wrong: that it was cut off, else the status message, else the first exception event. */
  readonly errorText?: string;
  readonly isColdStart: boolean;
  /** Length of the init phase, where it is known. */
  readonly initNs?: number;
  /** Its beginning, where it has a span of its own. */
  readonly initStartNs?: number;
  /** It is that span. */
  readonly isInit: boolean;
}

/** A stretch of the critical path. */
export interface PathStepView {
  /** Of the span that worked, or was waited for. */
  readonly path: SpanPath;
  readonly is: PathStep["is"];
  readonly fromNs: number;
  readonly toNs: number;
}

export interface TraceView {
  readonly head: Omit<TraceDetail, "spans" | "joins" | "gaps" | "criticalPath">;
  readonly startTimeUnixNano: bigint;
  /** From the first start to the last end, init phases included. */
  readonly durationNs: number;
  /** Earliest first. */
  readonly spans: readonly SpanView[];
  readonly spanAt: ReadonlyMap<SpanPath, SpanView>;
  readonly joins: TraceDetail["joins"];
  readonly gaps: TraceDetail["gaps"];
  /** In time order; empty where the trace came without. */
  readonly criticalPath: readonly PathStepView[];
}

export interface LogView {
  readonly record: LogRecord;
  /** Since the trace began; negative for a line of the init phase. */
  readonly atNs: number;
  /** Its time is known to the millisecond only. */
  readonly isWholeMs: boolean;
}

export const pathOf = (ref: SpanRef): SpanPath => `${ref.traceId}.${ref.spanId}`;

/** The init phase of a cold start: where its own span says, else right before the invocation. */
export const initInterval = ({ isColdStart, startNs, initNs, initStartNs }: SpanView): Interval | undefined => {
  if (!isColdStart || initNs === undefined) return undefined;
  const from = initStartNs ?? startNs - initNs;
  return { startNs: from, endNs: from + initNs };
};

interface Interval {
  readonly startNs: number;
  readonly endNs: number;
}
