/**
 * Logs from protobuf. LogsData and ExportLogsServiceRequest are the same bytes.
 *
 * Source  opentelemetry/proto/logs/v1/logs.proto
 */
import type { DecodeOptions, OnBadRecord } from "../decode-error.ts";
import type { LogRecord, LogsData, ResourceLogs, ScopeLogs } from "../types.ts";
import { type MutableAnyValue, readAnyValue, readAttribute } from "./attributes.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";
import { createRecordRead } from "./records.ts";
import { readResource, readScope } from "./resource.ts";

export const decodeLogs = (bytes: Uint8Array, { onBadRecord }: DecodeOptions = {}): LogsData => {
  const reader = new ProtobufReader(bytes);
  const resourceLogs: ResourceLogs[] = [];
  while (reader.next()) {
    if (reader.fieldNumber === 1) resourceLogs.push(readResourceLogs(reader, resourceLogs.length, onBadRecord));
  }
  return { resourceLogs };
};

const readResourceLogs = (reader: ProtobufReader, index: number, onBadRecord?: OnBadRecord): ResourceLogs => {
  const group: Mutable<ResourceLogs> = { scopeLogs: [], schemaUrl: "" };
  let resource: ReturnType<typeof readResource> | undefined;
  const outer = reader.enter("resourceLogs", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        resource = readResource(reader, resource);
        break;
      case 2:
        group.scopeLogs.push(readScopeLogs(reader, group.scopeLogs.length, onBadRecord));
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return resource === undefined ? group : { ...group, resource };
};

const readScopeLogs = (reader: ProtobufReader, index: number, onBadRecord?: OnBadRecord): ScopeLogs => {
  const { records, readNext } = createRecordRead(reader, readLogRecord, onBadRecord);
  const group: Mutable<ScopeLogs> = { logRecords: records, schemaUrl: "" };
  let scope: ReturnType<typeof readScope> | undefined;
  const outer = reader.enter("scopeLogs", index);
  while (reader.next()) {
    switch (reader.fieldNumber) {
      case 1:
        scope = readScope(reader, scope);
        break;
      case 2:
        readNext();
        break;
      case 3:
        group.schemaUrl = reader.string();
        break;
    }
  }
  reader.leave(outer);
  return scope === undefined ? group : { ...group, scope };
};

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

const readLogRecord = (reader: ProtobufReader, index: number): LogRecord => {
  const record = emptyLogRecord();
  let body: MutableAnyValue | undefined;
  const outer = reader.enter("logRecords", index);
  while (reader.next()) {
    if (reader.fieldNumber === 5) {
      const outerOfBody = reader.enter("body");
      body = readAnyValue(reader, body);
      reader.leave(outerOfBody);
    } else readLogRecordField(reader, record);
  }
  reader.leave(outer);
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
