/**
 * Logs, from JSON and to JSON. LogsData and ExportLogsServiceRequest are the same text.
 *
 * Source  opentelemetry/proto/logs/v1/logs.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { LOGS } from "../signals.ts";
import type { LogRecord, LogsData, ResourceLogs, ScopeLogs } from "../types.ts";
import { anyValueFromJson, anyValueToJson, attributeFromJson, attributeToJson } from "./attributes.ts";
import { SEVERITY_NUMBERS } from "./enums.ts";
import {
  enumField,
  fieldsOf,
  idField,
  listField,
  messageField,
  stringField,
  uint32Field,
  uint64Field,
} from "./fields.ts";
import { groupsFromJson } from "./groups.ts";
import { parseJson } from "./parse.ts";
import { resourceToJson, scopeToJson } from "./resource.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeLogsJson = (text: string | Uint8Array, { onBadRecord }: DecodeOptions = {}): LogsData => ({
  resourceLogs: groupsFromJson(parseJson(text), LOGS, logRecordFromJson, onBadRecord).map(
    ({ resource, scopes, schemaUrl }) => ({
      ...(resource && { resource }),
      scopeLogs: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
        ...(scope && { scope }),
        logRecords: records,
        schemaUrl: scopeSchemaUrl,
      })),
      schemaUrl,
    }),
  ),
});

export const logsToJson = (logs: LogsData): JsonObject =>
  compact({ resourceLogs: logs.resourceLogs.map(resourceLogsToJson) });

const resourceLogsToJson = ({ resource, scopeLogs, schemaUrl }: ResourceLogs): JsonObject =>
  compact({ resource: resource && resourceToJson(resource), scopeLogs: scopeLogs.map(scopeLogsToJson), schemaUrl });

const scopeLogsToJson = ({ scope, logRecords, schemaUrl }: ScopeLogs): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), logRecords: logRecords.map(logRecordToJson), schemaUrl });

export const logRecordFromJson = (value: unknown): LogRecord => {
  const json = fieldsOf(value);
  const body = messageField(json, "body", anyValueFromJson);
  return {
    timeUnixNano: uint64Field(json, "timeUnixNano"),
    observedTimeUnixNano: uint64Field(json, "observedTimeUnixNano"),
    severityNumber: enumField(json, "severityNumber", SEVERITY_NUMBERS),
    severityText: stringField(json, "severityText"),
    ...(body && { body }),
    attributes: listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: uint32Field(json, "droppedAttributesCount"),
    flags: uint32Field(json, "flags"),
    traceId: idField(json, "traceId"),
    spanId: idField(json, "spanId"),
    eventName: stringField(json, "eventName"),
  };
};

export const logRecordToJson = (record: LogRecord): JsonObject =>
  compact({
    ...record,
    body: record.body && anyValueToJson(record.body),
    attributes: record.attributes.map(attributeToJson),
  });
