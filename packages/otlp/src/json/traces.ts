/**
 * Traces, from JSON and to JSON. TracesData and ExportTraceServiceRequest are the same text.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { DecodeOptions, OnBadRecord } from "../decode-error.ts";
import type { ResourceSpans, ScopeSpans, TracesData } from "../types.ts";
import { fieldsOf, messageField, stringField } from "./fields.ts";
import { groupsField, recordsField } from "./records.ts";
import { parseJson } from "./parse.ts";
import { resourceFromJson, resourceToJson, scopeFromJson, scopeToJson } from "./resource.ts";
import { spanFromJson, spanToJson } from "./span.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeTracesJson = (text: string | Uint8Array, { onBadRecord }: DecodeOptions = {}): TracesData => {
  const json = fieldsOf(parseJson(text));
  return { resourceSpans: groupsField(json, "resourceSpans", resourceSpansFromJson, onBadRecord) };
};

export const tracesToJson = (traces: TracesData): JsonObject =>
  compact({ resourceSpans: traces.resourceSpans.map(resourceSpansToJson) });

const resourceSpansFromJson = (value: unknown, onBadRecord?: OnBadRecord): ResourceSpans => {
  const json = fieldsOf(value);
  const resource = messageField(json, "resource", resourceFromJson);
  return {
    ...(resource && { resource }),
    scopeSpans: groupsField(json, "scopeSpans", scopeSpansFromJson, onBadRecord),
    schemaUrl: stringField(json, "schemaUrl"),
  };
};

const resourceSpansToJson = ({ resource, scopeSpans, schemaUrl }: ResourceSpans): JsonObject =>
  compact({ resource: resource && resourceToJson(resource), scopeSpans: scopeSpans.map(scopeSpansToJson), schemaUrl });

const scopeSpansFromJson = (value: unknown, onBadRecord?: OnBadRecord): ScopeSpans => {
  const json = fieldsOf(value);
  const scope = messageField(json, "scope", scopeFromJson);
  return {
    ...(scope && { scope }),
    spans: recordsField(json, "spans", spanFromJson, onBadRecord),
    schemaUrl: stringField(json, "schemaUrl"),
  };
};

const scopeSpansToJson = ({ scope, spans, schemaUrl }: ScopeSpans): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), spans: spans.map(spanToJson), schemaUrl });
