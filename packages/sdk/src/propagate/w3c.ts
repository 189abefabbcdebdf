/** W3C Trace Context, level 2: the headers `traceparent` and `tracestate`. */
import { TraceFlags } from "@opentelemetry/api";

/** Set by a root whose trace id is random, copied by what is below it. */
export const RANDOM_FLAG = 2;

export interface CarriedContext {
  readonly format: "w3c" | "xray" | "datadog";
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits; absent where the carrier names only the trace. */
  readonly spanId?: string;
  readonly sampled?: boolean;
  /** The trace id's last seven bytes are random, which sampling by ratio lives on; W3C level 2. */
  readonly random?: true;
  readonly traceState?: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** undefined for anything the specification calls invalid; a later version's extra fields are ignored. */
export const parseTraceparent = (text: unknown, traceState?: unknown): CarriedContext | undefined => {
  const match = typeof text === "string" ? TRACEPARENT.exec(text.trim()) : null;
  const [, version, traceId, spanId, flags, rest] = match ?? [];
  if (!traceId || !spanId || !flags || version === "ff" || (version === "00" && rest)) return undefined;
  const bits = Number.parseInt(flags, 16);
  return {
    format: "w3c",
    traceId,
    spanId,
    sampled: (bits & TraceFlags.SAMPLED) !== 0,
    ...((bits & RANDOM_FLAG) !== 0 && { random: true }),
    ...(typeof traceState === "string" && traceState && { traceState }),
  };
};

export const formatTraceparent = (context: { traceId: string; spanId: string; traceFlags: number }): string =>
  `00-${context.traceId}-${context.spanId}-${context.traceFlags.toString(16).padStart(2, "0")}`;
