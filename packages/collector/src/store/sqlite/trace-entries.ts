/**
 * W3C traces by their earliest start. Nothing on disk is in this order: the first question reads the start of every
 * span, and the next ones those of the spans that came since.
 *
 * Memory  some 150 bytes a trace.
 */
import type { TraceId } from "../../model/ids.ts";
import type { TraceEntry, TraceEntryQuery } from "../store.ts";
import type { Finder } from "./found.ts";
import type { Records } from "./records.ts";

const SPANS_PER_TURN = 1_000;

export const createTraceEntries = (
  finder: Finder,
  records: Records,
): ((query: TraceEntryQuery) => Promise<readonly TraceEntry[]>) => {
  const starts = new Map<TraceId, bigint>();
  /** By partition, the last block that was read; a sealed one has the spans of the active one before it. */
  const read = new Map<number, number>();
  let sorted: readonly TraceEntry[] = [];

  const refresh = async (): Promise<void> => {
    let isChanged = false;
    let count = 0;
    for (const partition of finder.partitions.list()) {
      const last = read.get(partition.number) ?? 0;
      if (partition.isSealed && last > 0) continue;
      for (const { id } of finder.blocks(partition, "spans", [])) {
        if (id <= last) continue;
        read.set(partition.number, id);
        const block = finder.block(partition, id);
        if (block === undefined) break;
        for (let row = 0; row < block.count; row += 1) {
          const { traceId, start } = records.span(block, row);
          const known = starts.get(traceId);
          if (known === undefined || start < known) {
            starts.set(traceId, start);
            isChanged = true;
          }
          if ((count += 1) % SPANS_PER_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
        }
      }
    }
    if (isChanged) sorted = [...starts].map(([traceId, start]) => ({ traceId, start })).toSorted(newestFirst);
  };

  return async ({ from, to, after, limit }) => {
    await refresh();
    const entries: TraceEntry[] = [];
    for (let at = after ? firstAfter(sorted, after) : 0; at < sorted.length && entries.length < limit; at += 1) {
      const entry = sorted[at]!;
      if (from !== undefined && entry.start < from) break;
      if (to === undefined || entry.start <= to) entries.push(entry);
    }
    return entries;
  };
};

const newestFirst = (a: TraceEntry, b: TraceEntry): number => {
  if (a.start !== b.start) return a.start > b.start ? -1 : 1;
  return a.traceId > b.traceId ? -1 : Number(a.traceId < b.traceId);
};

const firstAfter = (sorted: readonly TraceEntry[], entry: TraceEntry): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (newestFirst(sorted[middle]!, entry) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};
