/** Stored bytes → model: a record with the origin that it shares with others. */
import { logRecordFromProtobuf, originFromProtobuf, type Span, spanReader } from "@mayfly/otlp";
import type { LogRecord } from "../../model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../../model/span.ts";
import { normalizedLog } from "../../normalize/logs.ts";
import { spanOrigin } from "../../normalize/origin.ts";
import { normalizedSpan } from "../../normalize/spans.ts";
import type { Block } from "./block.ts";
import { perOrigin } from "./per-origin.ts";

export interface Records {
  span(block: Block, row: number): SpanRecord;
  log(block: Block, row: number): LogRecord;
  origin(bytes: Uint8Array): SpanOrigin;
}

/** As many as a wide story has: it comes to each of them by its trace, its keys and its requests. Some 45 MB. */
const MAX_KNOWN_SPANS = 16_384;

export const createRecords = (maxKnownSpans: number = MAX_KNOWN_SPANS): Records => {
  /** By the bytes, so that spans of one environment share it across blocks; by the object, so that this is quick. */
  const byContent = perOrigin((bytes): SpanOrigin => spanOrigin(originFromProtobuf(bytes)));
  const byObject = new WeakMap<Uint8Array, SpanOrigin>();
  const origin = (bytes: Uint8Array): SpanOrigin => {
    const found = byObject.get(bytes) ?? byContent(bytes);
    byObject.set(bytes, found);
    return found;
  };

  /** Most that are asked for one after the other are of one block. */
  let reading: { readonly block: Block; readonly at: (start: number, end: number) => Span } | undefined;
  const wireSpan = (block: Block, row: number): Span => {
    if (reading?.block !== block) reading = { block, at: spanReader(block.bytes) };
    return reading.at(row === 0 ? 0 : block.ends[row - 1]!, block.ends[row]!);
  };

  /** Spans that were decoded lately; as long as the block is in memory, too. */
  let decoded = new WeakMap<Block, SpanRecord[]>();
  let count = 0;
  const span = (block: Block, row: number): SpanRecord => {
    const ofBlock = decoded.get(block) ?? [];
    const found = ofBlock[row] ?? normalizedSpan(wireSpan(block, row), origin(block.origin(row)), block.arrivedAt(row));
    if (ofBlock[row] === undefined) {
      if ((count += 1) > maxKnownSpans) {
        decoded = new WeakMap();
        count = 1;
      }
      ofBlock[row] = found;
      decoded.set(block, ofBlock);
    }
    return found;
  };

  return {
    origin,
    span,
    log: (block, row) =>
      normalizedLog(logRecordFromProtobuf(block.record(row)), origin(block.origin(row)), block.arrivedAt(row)),
  };
};
