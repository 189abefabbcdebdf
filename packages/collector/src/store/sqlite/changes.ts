/**
 * Traces that got spans after a checkpoint, oldest change first.
 *
 * A checkpoint within an active partition that was sealed since says nothing about the sealed one, which is told again
 * from its beginning: whoever asks can be told twice.
 */
import type { TraceId } from "../../model/ids.ts";
import type { ChangedTraces } from "../store.ts";
import { Walk, tagOf } from "../walk.ts";
import type { Finder } from "./found.ts";
import { formatPosition, parsePosition } from "./position.ts";

const TRACE_ID = tagOf(1, "delimited");
const START = "a0.0.0";

export const createChanges = (
  finder: Finder,
): ((after: string | undefined, limit: number, maxTraces?: number) => ChangedTraces) => {
  const walk = new Walk();

  const traceIdOf = (record: Uint8Array): TraceId => {
    let traceId = "";
    walk.position = 0;
    while (walk.next(record, record.length)) {
      if (walk.tag === TRACE_ID)
        traceId = Buffer.from(record.buffer, record.byteOffset + walk.start, 16).toString("hex");
    }
    return traceId as TraceId;
  };

  return (after = START, limit, maxTraces = Number.POSITIVE_INFINITY) => {
    const traceIds = new Set<TraceId>();
    const seen = parsePosition(after);
    let checkpoint = after;
    let left = limit;
    for (const partition of finder.partitions.list()) {
      const { number, isSealed } = partition;
      if (seen && number < seen.partition) continue;
      const bound = seen && seen.partition === number && seen.isSealed === isSealed ? seen : undefined;
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
  };
};
