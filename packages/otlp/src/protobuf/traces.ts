/**
 * Traces from protobuf. TracesData and ExportTraceServiceRequest are the same bytes.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { TRACES } from "../signals.ts";
import type { TracesData } from "../types.ts";
import { readGroups } from "./groups.ts";
import { readSpan } from "./span.ts";

export const decodeTraces = (bytes: Uint8Array, options: DecodeOptions = {}): TracesData => ({
  resourceSpans: readGroups(bytes, TRACES, readSpan, options).map(({ resource, scopes, schemaUrl }) => ({
    ...(resource && { resource }),
    scopeSpans: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
      ...(scope && { scope }),
      spans: records,
      schemaUrl: scopeSchemaUrl,
    })),
    schemaUrl,
  })),
});
