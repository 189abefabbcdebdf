/**
 * Metrics, from JSON and to JSON. MetricsData and ExportMetricsServiceRequest are the same text.
 *
 * The record is the metric: one bad data point costs the metric it is in, and what is told is how many points that is.
 *
 * Source  opentelemetry/proto/metrics/v1/metrics.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { MESSAGES } from "../schema.ts";
import { METRICS } from "../signals.ts";
import type { Metric, MetricsData, ResourceMetrics, ScopeMetrics } from "../types.ts";
import { groupsFromJson } from "./groups.ts";
import { messageFromJson, messageToJson } from "./message.ts";
import { parseJson } from "./parse.ts";
import { resourceToJson, scopeToJson } from "./resource.ts";
import { compact, type JsonObject } from "./values.ts";

export const decodeMetricsJson = (text: string | Uint8Array, { onBadRecord }: DecodeOptions = {}): MetricsData => ({
  resourceMetrics: groupsFromJson(parseJson(text), METRICS, metricFromJson, onBadRecord).map(
    ({ resource, scopes, schemaUrl }) => ({
      ...(resource && { resource }),
      scopeMetrics: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
        ...(scope && { scope }),
        metrics: records,
        schemaUrl: scopeSchemaUrl,
      })),
      schemaUrl,
    }),
  ),
});

export const metricsToJson = (metrics: MetricsData): JsonObject =>
  compact({ resourceMetrics: metrics.resourceMetrics.map(resourceMetricsToJson) });

const resourceMetricsToJson = ({ resource, scopeMetrics, schemaUrl }: ResourceMetrics): JsonObject =>
  compact({
    resource: resource && resourceToJson(resource),
    scopeMetrics: scopeMetrics.map(scopeMetricsToJson),
    schemaUrl,
  });

const scopeMetricsToJson = ({ scope, metrics, schemaUrl }: ScopeMetrics): JsonObject =>
  compact({ scope: scope && scopeToJson(scope), metrics: metrics.map(metricToJson), schemaUrl });

export const metricFromJson = (value: unknown): Metric => messageFromJson(value, MESSAGES.Metric) as unknown as Metric;

export const metricToJson = (metric: Metric): JsonObject => messageToJson(metric, MESSAGES.Metric);
