/** Stored bytes → model: a record with the origin that it shares with others. */
import { logRecordFromProtobuf, originFromProtobuf, spanFromProtobuf } from "@mayfly/otlp";
import type { LogRecord } from "../../model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../../model/span.ts";
import { normalizedLog } from "../../normalize/logs.ts";
import { spanOrigin } from "../../normalize/origin.ts";
import { normalizedSpan } from "../../normalize/spans.ts";
import type { Block } from "./block.ts";

export interface Records {
  span(block: Block, row: number): SpanRecord;
  log(block: Block, row: number): LogRecord;
  origin(bytes: Uint8Array): SpanOrigin;
}

const MAX_KNOWN_ORIGINS = 10_000;

export const createRecords = (): Records => {
  /** By the bytes, so that spans of one environment share it across blocks; by the object, so that this is quick. */
  const known = new Map<string, SpanOrigin>();
  const byObject = new WeakMap<Uint8Array, SpanOrigin>();

  const byContent = (bytes: Uint8Array): SpanOrigin => {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const origin = known.get(key) ?? spanOrigin(originFromProtobuf(bytes));
    if (known.size >= MAX_KNOWN_ORIGINS) known.clear();
    known.set(key, origin);
    return origin;
  };
  const origin = (bytes: Uint8Array): SpanOrigin => {
    const found = byObject.get(bytes) ?? byContent(bytes);
    byObject.set(bytes, found);
    return found;
  };

  return {
    origin,
    span: (block, row) =>
      normalizedSpan(spanFromProtobuf(block.record(row)), origin(block.origin(row)), block.arrivedAt(row)),
    log: (block, row) =>
      normalizedLog(logRecordFromProtobuf(block.record(row)), origin(block.origin(row)), block.arrivedAt(row)),
  };
};
