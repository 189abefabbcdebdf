/** A log record as Mayfly works with it: the wire record, untouched, with what queries look for read off it once. */
import type * as otlp from "@mayfly/otlp";
import type { SpanId, TraceId } from "./ids.ts";
import type { SpanOrigin } from "./span.ts";
import type { UnixNano } from "./time.ts";

export interface LogRecord {
  /** `timeUnixNano`, else `observedTimeUnixNano`, else the time of arrival. */
  readonly time: UnixNano;
  readonly origin: SpanOrigin;
  readonly wire: otlp.LogRecord;
  readonly traceId?: TraceId;
  readonly spanId?: SpanId;
  readonly requestId?: string;
  /** The line's number within its invocation, as Mayfly's logger counts. */
  readonly seq?: number;
  /** `log.record.uid`, such as CloudWatch's event id: by the semantic conventions, two of one uid are one. */
  readonly uid?: string;
}

/** Equal of one line that came twice, by whatever ways; undefined where nothing tells such a line from two. */
export const lineName = ({ uid, requestId, seq, time }: LogRecord): string | undefined => {
  if (uid !== undefined) return `uid ${uid}`;
  return requestId === undefined || seq === undefined ? undefined : `${seq} ${time} ${requestId}`;
};

export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

/** OTLP counts severities in fours, from 1; 0 is unset. */
export const levelOf = (severityNumber: number): Level | undefined => LEVELS[Math.floor((severityNumber - 1) / 4)];
