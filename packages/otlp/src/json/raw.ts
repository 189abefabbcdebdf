/**
 * JSON → raw records: what decode…Json would accept, as protobuf.
 *
 * A span must also have its ids, 32 and 16 hex digits, not all zero. Other ids that are no hex are left out: protobuf
 * cannot say them.
 */
import { DecodeError, type DecodeOptions } from "../decode-error.ts";
import { originToProtobuf, writeMessage } from "../protobuf/encode.ts";
import { ProtobufWriter } from "../protobuf/writer.ts";
import { type RawRecords, Slices } from "../raw-records.ts";
import { LOGS, METRICS, type Signal, TRACES } from "../signals.ts";
import type { Span } from "../types.ts";
import { groupsFromJson } from "./groups.ts";
import { logRecordFromJson } from "./logs.ts";
import { metricFromJson } from "./metrics.ts";
import { parseJson } from "./parse.ts";
import { spanFromJson } from "./span.ts";

export const rawTracesFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, TRACES, namedSpanFromJson, options);

export const rawLogsFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, LOGS, logRecordFromJson, options);

export const rawMetricsFromJson = (text: string | Uint8Array, options: DecodeOptions = {}): RawRecords =>
  rawFromJson(text, METRICS, metricFromJson, options);

const rawFromJson = (
  text: string | Uint8Array,
  signal: Signal,
  recordFromJson: (value: unknown) => object,
  { onBadRecord }: DecodeOptions,
): RawRecords => {
  const writer = new ProtobufWriter(text.length);
  const slices = new Slices();
  const origins: Uint8Array[] = [];
  let items = 0;
  for (const { resource, schemaUrl, scopes } of groupsFromJson(parseJson(text), signal, recordFromJson, onBadRecord)) {
    for (const { scope, schemaUrl: scopeSchemaUrl, records } of scopes) {
      if (records.length === 0) continue;
      const origin =
        origins.push(originToProtobuf({ resource, resourceSchemaUrl: schemaUrl, scope, scopeSchemaUrl })) - 1;
      for (const record of records) {
        const start = writer.position;
        writeMessage(writer, signal.record, record);
        slices.add(start, writer.position, origin);
        items += signal.items.of(record);
      }
    }
  }
  return { bytes: writer.written(), slices: slices.numbers(), origins, items };
};

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

const namedSpanFromJson = (value: unknown): Span => {
  const span = spanFromJson(value);
  if (!TRACE_ID.test(span.traceId))
    throw new DecodeError("invalid-trace-id", "", "its trace id is not 16 bytes, or all zero");
  if (!SPAN_ID.test(span.spanId))
    throw new DecodeError("invalid-span-id", "", "its span id is not 8 bytes, or all zero");
  return span;
};
