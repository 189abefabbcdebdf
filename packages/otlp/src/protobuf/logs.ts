/**
 * Logs from protobuf. LogsData and ExportLogsServiceRequest are the same bytes.
 *
 * Source  opentelemetry/proto/logs/v1/logs.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { LOGS } from "../signals.ts";
import type { LogRecord, LogsData } from "../types.ts";
import { type MutableAnyValue, readAnyValue, readAttribute } from "./attributes.ts";
import { readGroups } from "./groups.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";

export const decodeLogs = (bytes: Uint8Array, options: DecodeOptions = {}): LogsData => ({
  resourceLogs: readGroups(bytes, LOGS, readLogRecord, options).map(({ resource, scopes, schemaUrl }) => ({
    ...(resource && { resource }),
    scopeLogs: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
      ...(scope && { scope }),
      logRecords: records,
      schemaUrl: scopeSchemaUrl,
    })),
    schemaUrl,
  })),
});

export const logRecordFromProtobuf = (bytes: Uint8Array): LogRecord => readLogRecord(new ProtobufReader(bytes));

const emptyLogRecord = (): Mutable<LogRecord> => ({
  timeUnixNano: 0n,
  observedTimeUnixNano: 0n,
  severityNumber: 0,
  severityText: "",
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
  traceId: "",
  spanId: "",
  eventName: "",
});

/** Reads the log record just entered. */
export const readLogRecord = (reader: ProtobufReader): LogRecord => {
  const record = emptyLogRecord();
  let body: MutableAnyValue | undefined;
  while (reader.next()) {
    if (reader.fieldNumber === 5) {
      const outerOfBody = reader.enter("body");
      body = readAnyValue(reader, body);
      reader.leave(outerOfBody);
    } else readLogRecordField(reader, record);
  }
  return body === undefined ? record : { ...record, body };
};

const readLogRecordField = (reader: ProtobufReader, record: Mutable<LogRecord>): void => {
  switch (reader.fieldNumber) {
    case 1:
      record.timeUnixNano = reader.fixed64();
      break;
    case 2:
      record.severityNumber = reader.int32();
      break;
    case 3:
      record.severityText = reader.string();
      break;
    case 6:
      record.attributes.push(readAttribute(reader, "attributes", record.attributes.length));
      break;
    case 7:
      record.droppedAttributesCount = reader.uint32();
      break;
    case 8:
      record.flags = reader.fixed32();
      break;
    case 9:
      record.traceId = reader.hex();
      break;
    case 10:
      record.spanId = reader.hex();
      break;
    case 11:
      record.observedTimeUnixNano = reader.fixed64();
      break;
    case 12:
      record.eventName = reader.string();
      break;
  }
};
