/**
 * What arrived after a checkpoint: the traces that got spans, oldest change first, and how many spans there are.
 *
 * A checkpoint within an active partition that was sealed since says nothing about the sealed one, which is told again
 * from its beginning: whoever asks can be told twice.
 */
import type { TraceId } from "../../model/ids.ts";
import type { ChangedTraces } from "../store.ts";
import type { Finder } from "./found.ts";
import type { OpenPartition } from "./partition-set.ts";
import { type Position, formatPosition, parsePosition } from "./position.ts";
import { createTraceIdRead } from "./trace-id-read.ts";

const START = "a0.0.0";

export interface Changes {
  traces(after: string | undefined, limit: number, maxTraces?: number): ChangedTraces;
  countSpans(after: string | undefined): number;
}

export const createChanges = (finder: Finder): Changes => {
  const traceIdOf = createTraceIdRead();

  /** What is left of each partition, and where in it the checkpoint lies. */
  function* unseen(after: string): Generator<{ readonly partition: OpenPartition; readonly bound?: Position }> {
    const seen = parsePosition(after);
    for (const partition of finder.partitions.list()) {
      const { number, isSealed } = partition;
      if (seen && number < seen.partition) continue;
      const isBound = seen && seen.partition === number && seen.isSealed === isSealed;
      yield { partition, ...(isBound && { bound: seen }) };
    }
  }

  return {
    traces(after = START, limit, maxTraces = Number.POSITIVE_INFINITY) {
      const traceIds = new Set<TraceId>();
      let checkpoint = after;
      let left = limit;
      for (const { partition, bound } of unseen(after)) {
        const { number, isSealed } = partition;
        for (const { id } of finder.blocks(partition, "spans", [])) {
          if (bound && id < bound.block) continue;
          const first = bound?.block === id ? bound.row : 0;
          const block = finder.block(partition, id);
          if (block === undefined) break;
          for (let row = first; row < block.count; row += 1) {
            if (left === 0) return { traceIds: [...traceIds], checkpoint };
            left -= 1;
            const traceId = traceIdOf(block.record(row));
            if (traceIds.size === maxTraces && !traceIds.has(traceId)) return { traceIds: [...traceIds], checkpoint };
            traceIds.add(traceId);
            checkpoint = formatPosition({ partition: number, isSealed, block: id, row: row + 1 });
          }
        }
      }
      return { traceIds: [...traceIds], checkpoint };
    },

    countSpans(after = START) {
      let count = 0;
      for (const { partition, bound } of unseen(after))
        for (const { id, records } of finder.blocks(partition, "spans", []))
          if (!bound || id >= bound.block) count += records - (bound?.block === id ? bound.row : 0);
      return count;
    },
  };
};
