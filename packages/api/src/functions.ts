/** `GET /api/functions` and `GET /api/functions/{name}`. */
import type { Behind, Count, DurationNs, SpanRef, UnixNanoString } from "./index.ts";

export interface FunctionList extends Behind {
  readonly functions: readonly FunctionSummary[];
  /** How many there are; more than are listed where `limit` cut them. */
  readonly count: Count;
  readonly fromUnixNano: UnixNanoString;
  readonly toUnixNano: UnixNanoString;
  /** True where there are more traces than were looked at: the numbers are of the newest, back to `lookedBackToUnixNano`. */
  readonly truncated?: boolean;
  readonly lookedBackToUnixNano?: UnixNanoString;
}

export interface FunctionCounts {
  readonly invocations: Count;
  readonly errors: Count;
  readonly coldStarts: Count;
}

export interface FunctionSummary extends FunctionCounts {
  readonly name: string;
  readonly services: readonly string[];
  readonly triggers: readonly string[];
  readonly durationNs: { readonly [percentile in "p50" | "p95" | "p99"]: DurationNs };
  readonly lastSeenUnixNano: UnixNanoString;
}

export interface FunctionDetail extends FunctionSummary, Behind {
  readonly fromUnixNano: UnixNanoString;
  readonly toUnixNano: UnixNanoString;
  readonly truncated?: boolean;
  readonly lookedBackToUnixNano?: UnixNanoString;
  /** Steps of equal length, oldest first, without a hole. */
  readonly series: readonly FunctionStep[];
  /** Functions whose messages and requests it received; those that received its own. Most first. */
  readonly callers: readonly FunctionCall[];
  readonly callees: readonly FunctionCall[];
  /** Latest first. */
  readonly failures: readonly FunctionFailure[];
  readonly slowest: readonly FunctionInvocation[];
  readonly latest: readonly FunctionInvocation[];
}

export interface FunctionStep extends FunctionCounts {
  readonly fromUnixNano: UnixNanoString;
  /** Not in the step. */
  readonly toUnixNano: UnixNanoString;
  /** Absent where nothing ran. */
  readonly durationNs?: { readonly [percentile in "p50" | "p95"]: DurationNs };
}

export interface FunctionCall {
  readonly name: string;
  readonly count: Count;
}

export interface FunctionFailure {
  readonly type: string;
  readonly count: Count;
  /** The last of them. */
  readonly latest: FunctionInvocation;
}

export interface FunctionInvocation extends SpanRef {
  readonly stitchedTraceId: string;
  readonly requestId?: string;
  readonly startTimeUnixNano: UnixNanoString;
  readonly durationNs: DurationNs;
  readonly status: "ok" | "error";
  readonly errorType?: string;
  readonly coldStart: boolean;
}
