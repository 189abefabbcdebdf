/**
 * Traces, from JSON and to JSON. TracesData and ExportTraceServiceRequest are the same text.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { TRACES } from "../signals.ts";
import type { ResourceSpans, ScopeSpans, TracesData } from "../types.ts";
import { groupsFromJson } from "./groups.ts";
import { parseJson } from "./parse.ts";
import { resourceToJson, scopeToJson } from "./resource.ts";
import { spanFromJson, spanToJson } from "./span.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeTracesJson = (text: string | Uint8Array, { onBadRecord }: DecodeOptions = {}): TracesData => ({
  resourceSpans: groupsFromJson(parseJson(text), TRACES, spanFromJson, onBadRecord).map(
    ({ resource, scopes, schemaUrl }) => ({
      ...(resource && { resource }),
      scopeSpans: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
        ...(scope && { scope }),
        spans: records,
        schemaUrl: scopeSchemaUrl,
      })),
      schemaUrl,
    }),
  ),
});

export const tracesToJson = (traces: TracesData): JsonObject =>
  compact({ resourceSpans: traces.resourceSpans.map(resourceSpansToJson) });

const resourceSpansToJson = ({ resource, scopeSpans, schemaUrl }: ResourceSpans): JsonObject =>
  compact({ resource: resource && resourceToJson(resource), scopeSpans: scopeSpans.map(scopeSpansToJson), schemaUrl });

const scopeSpansToJson = ({ scope, spans, schemaUrl }: ScopeSpans): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), spans: spans.map(spanToJson), schemaUrl });
