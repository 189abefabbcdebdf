/**
 * Summaries: one row per stitched trace, kept beside the spans so that a list need not walk what it shows.
 *
 * They are derived: the walk stays the truth, and whatever holds them may be deleted, which costs the time to walk
 * everything again and nothing else. `checkpoint` says which changes of the store are in them; rows and checkpoint change
 * together, and only from the checkpoint that the change was worked out on, so that two who keep them up to date cannot
 * undo each other's work.
 *
 * Order of rows  newest start first; among equals the one that was new last first.
 */
import type { SpanPath, TraceId } from "../model/ids.ts";
import type { DurationNs, UnixNano } from "../model/time.ts";

export interface SummaryRow {
  /** Of the stitched trace: its root's. */
  readonly id: string;
  readonly name: string;
  readonly start: UnixNano;
  readonly end: UnixNano;
  readonly durationNs: DurationNs;
  readonly spanCount: number;
  readonly errorCount: number;
  readonly coldStarts: number;
  /** When it was worked out. */
  readonly gapCount: number;
  /** Gaps that time alone will make of messages that nobody has received; absent where there are none. */
  readonly gapsToCome?: readonly GapsToCome[];
  /** Each once, in causal order. */
  readonly functions: readonly string[];
  readonly services: readonly string[];
  readonly triggers: readonly string[];
  readonly errorTypes: readonly string[];
  /** Names of its spans; absent where they are too many to keep. */
  readonly spanNames?: readonly string[];
  readonly traceIds: readonly TraceId[];
  readonly requestIds: readonly string[];
  /** A bound cut the walk. */
  readonly truncated: boolean;
  /** What it is made of. */
  readonly units: readonly SummaryUnit[];
  /** Runs of functions among them. That of a batch is in the rows of all its messages: `path` says that it is one. */
  readonly invocations: readonly SummaryInvocation[];
  /** How often one function caused another, or itself. */
  readonly calls: readonly SummaryCall[];
}

export interface GapsToCome {
  readonly at: UnixNano;
  readonly count: number;
}

interface SummaryUnit {
  readonly path: SpanPath;
  /** Not only the span of an invocation that worked for many. */
  readonly isWhole: boolean;
  /** No unit: what was seen of one of the others from outside, under this id. */
  readonly isSight?: true;
}

export interface SummaryInvocation {
  /** Of its span. */
  readonly path: SpanPath;
  readonly functionName: string;
  readonly serviceName?: string;
  readonly requestId?: string;
  readonly trigger?: string;
  /** From the row's start to its own. */
  readonly offsetNs: DurationNs;
  readonly durationNs: DurationNs;
  /** Absent where it did not fail. */
  readonly errorType?: string;
  readonly isCold?: true;
}

export interface SummaryCall {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

/** What rows are found by. */
export interface SummaryTerm {
  readonly kind: SummaryTermKind;
  readonly value: string;
}

/** `length`: the power of two, in nanoseconds, that its duration has reached. */
export type SummaryTermKind = "function" | "service" | "trigger" | "error" | "status" | "cold" | "length";

export const termsOf = (row: SummaryRow): SummaryTerm[] => {
  const each = (kind: SummaryTermKind, values: readonly string[]): SummaryTerm[] =>
    values.map((value) => ({ kind, value }));
  return [
    ...each("function", row.functions),
    ...each("service", row.services),
    ...each("trigger", row.triggers),
    ...each("error", row.errorTypes),
    { kind: "status", value: row.errorCount > 0 ? "error" : "ok" },
    { kind: "cold", value: String(row.coldStarts > 0) },
    { kind: "length", value: String(lengthOf(row.durationNs)) },
  ];
};

/** 0 for 0 and 1 ns, 30 from 1.07 s on, 63 at most. */
export const lengthOf = (duration: DurationNs): number => Math.floor(Math.log2(Math.max(1, duration)));
export const MAX_LENGTH = 63;

/** Where a row stands in the order, whether it is still there or not. */
export interface SummaryPosition {
  readonly start: UnixNano;
  readonly tie: number;
}

export interface SummaryQuery {
  /** Inclusive bounds on `start`. */
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly after?: SummaryPosition;
  /** Each with any of these terms. */
  readonly all: readonly (readonly SummaryTerm[])[];
  readonly limit: number;
}

export interface PlacedRow {
  readonly row: SummaryRow;
  readonly position: SummaryPosition;
}

export interface SummaryPage {
  readonly rows: readonly PlacedRow[];
  /** Everything up to here was looked at; absent at the end. */
  readonly next?: SummaryPosition;
}

export interface SummaryChange {
  /** On which it was worked out. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly put: readonly SummaryRow[];
  readonly remove: readonly string[];
}

export interface TermCount extends SummaryTerm {
  readonly rows: number;
}

export interface Summaries {
  checkpoint(): Promise<string | undefined>;
  /** false: the checkpoint is another by now, and nothing was changed. */
  apply(change: SummaryChange): Promise<boolean>;
  /** What the store has removed up to this mark is in no row. */
  sweptTo(): Promise<string | undefined>;
  setSweptTo(mark: string): Promise<void>;
  /** Rejects with StoreError where rows can surely not be written. Cheap: none is. */
  checkRoom(): Promise<void>;
  /** Forgets everything, checkpoint and mark too. */
  clear(): Promise<void>;

  /** Bounded work: a page may have fewer rows than `limit`, even none, and still a `next`. */
  page(query: SummaryQuery): Promise<SummaryPage>;
  /** Rows that hold a unit of any of these traces, in their order; at most `limit`. */
  ofTraces(traceIds: readonly TraceId[], limit: number): Promise<readonly PlacedRow[]>;
  /** Rows that hold any of these units, whole or not; at most `limit`. */
  ofUnits(paths: readonly SpanPath[], limit: number): Promise<readonly SummaryRow[]>;
  /** Terms of this kind whose value begins so, those of most rows first. */
  terms(kind: SummaryTermKind, prefix: string, limit: number): Promise<readonly TermCount[]>;
  count(): Promise<number>;
  close(): Promise<void>;
}
