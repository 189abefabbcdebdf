/**
 * Logs, from JSON and to JSON. LogsData and ExportLogsServiceRequest are the same text.
 *
 * Source  opentelemetry/proto/logs/v1/logs.proto
 */
import type { LogRecord, LogsData, ResourceLogs, ScopeLogs } from "../types.ts";
import { anyValueFromJson, anyValueToJson, attributeFromJson, attributeToJson } from "./attributes.ts";
import { SEVERITY_NUMBERS } from "./enums.ts";
import * as field from "./fields.ts";
import { parseJson } from "./parse.ts";
import { resourceFromJson, resourceToJson, scopeFromJson, scopeToJson } from "./resource.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeLogsJson = (text: string | Uint8Array): LogsData => {
  const json = field.jsonObject(parseJson(text));
  return { resourceLogs: field.listField(json, "resourceLogs", resourceLogsFromJson) };
};

export const logsToJson = (logs: LogsData): JsonObject =>
  compact({ resourceLogs: logs.resourceLogs.map(resourceLogsToJson) });

const resourceLogsFromJson = (value: unknown): ResourceLogs => {
  const json = field.jsonObject(value);
  const resource = field.messageField(json, "resource", resourceFromJson);
  return {
    ...(resource && { resource }),
    scopeLogs: field.listField(json, "scopeLogs", scopeLogsFromJson),
    schemaUrl: field.stringField(json, "schemaUrl"),
  };
};

const resourceLogsToJson = ({ resource, scopeLogs, schemaUrl }: ResourceLogs): JsonObject =>
  compact({ resource: resource && resourceToJson(resource), scopeLogs: scopeLogs.map(scopeLogsToJson), schemaUrl });

const scopeLogsFromJson = (value: unknown): ScopeLogs => {
  const json = field.jsonObject(value);
  const scope = field.messageField(json, "scope", scopeFromJson);
  return {
    ...(scope && { scope }),
    logRecords: field.listField(json, "logRecords", logRecordFromJson),
    schemaUrl: field.stringField(json, "schemaUrl"),
  };
};

const scopeLogsToJson = ({ scope, logRecords, schemaUrl }: ScopeLogs): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), logRecords: logRecords.map(logRecordToJson), schemaUrl });

export const logRecordFromJson = (value: unknown): LogRecord => {
  const json = field.jsonObject(value);
  const body = field.messageField(json, "body", anyValueFromJson);
  return {
    timeUnixNano: field.uint64Field(json, "timeUnixNano"),
    observedTimeUnixNano: field.uint64Field(json, "observedTimeUnixNano"),
    severityNumber: field.enumField(json, "severityNumber", SEVERITY_NUMBERS),
    severityText: field.stringField(json, "severityText"),
    ...(body && { body }),
    attributes: field.listField(json, "attributes", attributeFromJson),
    droppedAttributesCount: field.uint32Field(json, "droppedAttributesCount"),
    flags: field.uint32Field(json, "flags"),
    traceId: field.idField(json, "traceId"),
    spanId: field.idField(json, "spanId"),
    eventName: field.stringField(json, "eventName"),
  };
};

export const logRecordToJson = (record: LogRecord): JsonObject =>
  compact({
    ...record,
    body: record.body && anyValueToJson(record.body),
    attributes: record.attributes.map(attributeToJson),
  });
