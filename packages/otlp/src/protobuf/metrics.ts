/**
 * Metrics from protobuf. MetricsData and ExportMetricsServiceRequest are the same bytes.
 *
 * The record is the metric: one bad data point costs the metric it is in, and what is told is how many points that is.
 *
 * Source  opentelemetry/proto/metrics/v1/metrics.proto
 */
import type { DecodeOptions } from "../decode-error.ts";
import { MESSAGES } from "../schema.ts";
import { METRICS } from "../signals.ts";
import type { Metric, MetricsData } from "../types.ts";
import { readGroups } from "./groups.ts";
import { readMessage } from "./message.ts";
import { ProtobufReader } from "./reader.ts";

export const decodeMetrics = (bytes: Uint8Array, options: DecodeOptions = {}): MetricsData => ({
  resourceMetrics: readGroups(bytes, METRICS, readMetric, options).map(({ resource, scopes, schemaUrl }) => ({
    ...(resource && { resource }),
    scopeMetrics: scopes.map(({ scope, records, schemaUrl: scopeSchemaUrl }) => ({
      ...(scope && { scope }),
      metrics: records,
      schemaUrl: scopeSchemaUrl,
    })),
    schemaUrl,
  })),
});

export const metricFromProtobuf = (bytes: Uint8Array): Metric => readMetric(new ProtobufReader(bytes));

/** Reads the metric just entered. */
export const readMetric = (reader: ProtobufReader): Metric => readMessage(reader, MESSAGES.Metric) as unknown as Metric;
