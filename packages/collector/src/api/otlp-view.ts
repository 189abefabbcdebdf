/** Model → OTLP: the same spans in the surroundings they came with, every field as it arrived (`?format=otlp`). */
import type * as otlp from "@mayfly/otlp";
import type { LogRecord } from "../model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../model/span.ts";

/** One ResourceLogs per resource and scope, in order of first appearance. */
export const logsDataOf = (records: readonly LogRecord[]): otlp.LogsData => ({
  resourceLogs: [...Map.groupBy(records, (record) => record.origin)].map(([origin, group]) => ({
    ...(origin.resource && { resource: origin.resource }),
    schemaUrl: origin.resourceSchemaUrl,
    scopeLogs: [
      {
        ...(origin.scope && { scope: origin.scope }),
        schemaUrl: origin.scopeSchemaUrl,
        logRecords: group.map((record) => record.wire),
      },
    ],
  })),
});

/** One ResourceSpans per resource and scope, in order of first appearance. */
export const traceDataOf = (records: readonly SpanRecord[]): otlp.TracesData => ({
  resourceSpans: [...Map.groupBy(records, (record) => record.origin)].map(([origin, group]) =>
    resourceSpans(
      origin,
      group.map((record) => record.wire),
    ),
  ),
});

const resourceSpans = (origin: SpanOrigin, spans: readonly otlp.Span[]): otlp.ResourceSpans => ({
  ...(origin.resource && { resource: origin.resource }),
  schemaUrl: origin.resourceSchemaUrl,
  scopeSpans: [{ ...(origin.scope && { scope: origin.scope }), schemaUrl: origin.scopeSchemaUrl, spans }],
});
