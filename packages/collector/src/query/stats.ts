/**
 * What the traces that a query finds have in common, counted over their rows: how many, how long, when, of what.
 *
 * Bounds  those of newest-rows.ts; where there are more rows, `isComplete` is false and `lookedBackTo`
 *         says how far back the numbers reach. They are exact for what was looked at.
 */
import type { DurationNs, UnixNano } from "../model/time.ts";
import type { SummaryRow } from "../store/summaries.ts";
import type { Filters, ListDeps } from "./list.ts";
import { newestRows } from "./newest-rows.ts";
import type { Behind } from "./summarize.ts";

const MAX_VALUES = 20;
const MAX_TIMES = 60;
/** Ten times as long in this many steps. */
const STEPS_PER_DECADE = 5;

export interface TraceStatistics {
  readonly behind: Behind;
  readonly count: number;
  readonly errorCount: number;
  readonly isComplete: boolean;
  /** The start of the oldest that was looked at; undefined where everything was. */
  readonly lookedBackTo: UnixNano | undefined;
  /** undefined where there is no trace. */
  readonly percentiles: Percentiles | undefined;
  readonly durations: readonly Bucket<DurationNs>[];
  readonly times: readonly Bucket<UnixNano>[];
  readonly facets: Readonly<Record<Facet, readonly ValueCount[]>>;
}

export type Percentiles = Readonly<Record<"p50" | "p90" | "p95" | "p99", DurationNs>>;
export type Facet = "function" | "status" | "error" | "cold" | "trigger" | "service";

/** From `from` on, up to and without `to`. */
export interface Bucket<T> {
  readonly from: T;
  readonly to: T;
  readonly count: number;
  readonly errorCount: number;
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export const traceStatistics = async (filters: Filters, deps: ListDeps, now: UnixNano): Promise<TraceStatistics> => {
  const { rows, lookedBackTo, behind } = await newestRows(filters, deps, now);
  return {
    behind,
    count: rows.length,
    errorCount: rows.filter(hasFailed).length,
    isComplete: lookedBackTo === undefined,
    lookedBackTo,
    percentiles: percentilesOf(rows),
    durations: durationsOf(rows),
    times: timesOf(rows, filters.from ?? lookedBackTo, filters.to),
    facets: {
      function: counted(rows, (row) => row.functions),
      status: counted(rows, (row) => [hasFailed(row) ? "error" : "ok"]),
      error: counted(rows, (row) => row.errorTypes),
      cold: counted(rows, (row) => [String(row.coldStarts > 0)]),
      trigger: counted(rows, (row) => row.triggers),
      service: counted(rows, (row) => row.services),
    },
  };
};

const hasFailed = (row: SummaryRow): boolean => row.errorCount > 0;

/** By nearest rank: each is the duration of one of the traces. */
const percentilesOf = (rows: readonly SummaryRow[]): Percentiles | undefined => {
  const rank = nearestRank(rows.map((row) => row.durationNs));
  return rows.length === 0 ? undefined : { p50: rank(0.5), p90: rank(0.9), p95: rank(0.95), p99: rank(0.99) };
};

export const nearestRank = (durations: readonly DurationNs[]): ((share: number) => DurationNs) => {
  const sorted = durations.toSorted((a, b) => a - b);
  return (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
};

/** Steps of equal ratio from the shortest to the longest; what lasted no time is in the first. */
const durationsOf = (rows: readonly SummaryRow[]): Bucket<DurationNs>[] =>
  bucketsOf(rows, ({ durationNs }) => stepOf(Math.max(1, durationNs))).map(({ at, ...counts }) => ({
    from: edge(at),
    to: edge(at + 1),
    ...counts,
  }));

const edge = (step: number): DurationNs => Math.round(10 ** (step / STEPS_PER_DECADE));
const stepOf = (duration: DurationNs): number => {
  const near = Math.floor(Math.log10(duration) * STEPS_PER_DECADE);
  return duration >= edge(near + 1) ? near + 1 : duration < edge(near) ? near - 1 : near; // edges are rounded
};

const S = 1_000_000_000n;
const WIDTHS = [1n, 2n, 5n, 10n, 30n, 60n, 120n, 300n, 600n, 1800n, 3600n, 7200n, 21_600n, 43_200n, 86_400n].map(
  (seconds) => seconds * S,
);

/** Of which at most `MAX_TIMES` cover this span, wherever it begins. */
export const stepWidth = (span: bigint): bigint => {
  const days = span / (86_400n * S * BigInt(MAX_TIMES)) + 1n;
  return WIDTHS.find((one) => span / one < BigInt(MAX_TIMES - 1)) ?? days * 86_400n * S;
};

/** Round widths, of which `MAX_TIMES` cover what was asked for, else what was found. */
const timesOf = (
  rows: readonly SummaryRow[],
  from: UnixNano | undefined,
  to: UnixNano | undefined,
): Bucket<UnixNano>[] => {
  const [newest] = rows;
  const oldest = rows.at(-1);
  if (newest === undefined || oldest === undefined) return [];
  const first = from === undefined || from > oldest.start ? oldest.start : from;
  const last = to === undefined || to < newest.start ? newest.start : to;
  const width = stepWidth(last - first);
  const bounds = [Number(first / width), Number(last / width)] as const;
  return bucketsOf(rows, ({ start }) => Number(start / width), bounds).map(({ at, ...counts }) => ({
    from: BigInt(at) * width,
    to: BigInt(at + 1) * width,
    ...counts,
  }));
};

interface Counts {
  readonly at: number;
  readonly count: number;
  readonly errorCount: number;
}

/** Without a hole between the first and the last. */
const bucketsOf = (
  rows: readonly SummaryRow[],
  at: (row: SummaryRow) => number,
  bounds?: readonly [number, number],
): Counts[] => {
  if (rows.length === 0) return [];
  const byStep = Map.groupBy(rows, at);
  const steps = [...byStep.keys(), ...(bounds ?? [])];
  const first = steps.reduce((a, b) => Math.min(a, b));
  const last = steps.reduce((a, b) => Math.max(a, b));
  return Array.from({ length: last - first + 1 }, (_, n) => {
    const some = byStep.get(first + n) ?? [];
    return { at: first + n, count: some.length, errorCount: some.filter(hasFailed).length };
  });
};

/** Those of most traces first; a trace counts once for each of its values. */
const counted = (rows: readonly SummaryRow[], valuesOf: (row: SummaryRow) => readonly string[]): ValueCount[] => {
  const counts = new Map<string, number>();
  for (const row of rows) for (const value of valuesOf(row)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, MAX_VALUES);
};
