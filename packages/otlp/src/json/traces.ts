/**
 * Traces, from JSON and to JSON. TracesData and ExportTraceServiceRequest are the same text.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { ResourceSpans, ScopeSpans, TracesData } from "../types.ts";
import { fieldsOf, listField, messageField, stringField } from "./fields.ts";
import { parseJson } from "./parse.ts";
import { resourceFromJson, resourceToJson, scopeFromJson, scopeToJson } from "./resource.ts";
import { spanFromJson, spanToJson } from "./span.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeTracesJson = (text: string | Uint8Array): TracesData => {
  const json = fieldsOf(parseJson(text));
  return { resourceSpans: listField(json, "resourceSpans", resourceSpansFromJson) };
};

export const tracesToJson = (traces: TracesData): JsonObject =>
  compact({ resourceSpans: traces.resourceSpans.map(resourceSpansToJson) });

const resourceSpansFromJson = (value: unknown): ResourceSpans => {
  const json = fieldsOf(value);
  const resource = messageField(json, "resource", resourceFromJson);
  return {
    ...(resource && { resource }),
    scopeSpans: listField(json, "scopeSpans", scopeSpansFromJson),
    schemaUrl: stringField(json, "schemaUrl"),
  };
};

const resourceSpansToJson = ({ resource, scopeSpans, schemaUrl }: ResourceSpans): JsonObject =>
  compact({ resource: resource && resourceToJson(resource), scopeSpans: scopeSpans.map(scopeSpansToJson), schemaUrl });

const scopeSpansFromJson = (value: unknown): ScopeSpans => {
  const json = fieldsOf(value);
  const scope = messageField(json, "scope", scopeFromJson);
  return {
    ...(scope && { scope }),
    spans: listField(json, "spans", spanFromJson),
    schemaUrl: stringField(json, "schemaUrl"),
  };
};

const scopeSpansToJson = ({ scope, spans, schemaUrl }: ScopeSpans): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), spans: spans.map(spanToJson), schemaUrl });
