/**
 * Enum names, for senders that write them. OTLP-JSON asks for numbers; proto3's own JSON mapping writes names.
 *
 * Source  opentelemetry/proto/trace/v1/trace.proto: SpanKind, StatusCode; logs/v1/logs.proto: SeverityNumber;
 *         metrics/v1/metrics.proto: AggregationTemporality
 */
import type { EnumName } from "../schema.ts";

const numbered = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, number) => [name, number]));

export const SPAN_KINDS: ReadonlyMap<string, number> = numbered(
  ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((name) => `SPAN_KIND_${name}`),
);

export const STATUS_CODES: ReadonlyMap<string, number> = numbered(
  ["UNSET", "OK", "ERROR"].map((name) => `STATUS_CODE_${name}`),
);

/** Each level has four numbers; the first bears its bare name: INFO 9, INFO2 10. */
export const SEVERITY_NUMBERS: ReadonlyMap<string, number> = numbered([
  "SEVERITY_NUMBER_UNSPECIFIED",
  ...["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((level) =>
    ["", "2", "3", "4"].map((step) => `SEVERITY_NUMBER_${level}${step}`),
  ),
]);

const AGGREGATION_TEMPORALITIES: ReadonlyMap<string, number> = numbered(
  ["UNSPECIFIED", "DELTA", "CUMULATIVE"].map((name) => `AGGREGATION_TEMPORALITY_${name}`),
);

export const ENUMS: Readonly<Record<EnumName, ReadonlyMap<string, number>>> = {
  SpanKind: SPAN_KINDS,
  StatusCode: STATUS_CODES,
  SeverityNumber: SEVERITY_NUMBERS,
  AggregationTemporality: AGGREGATION_TEMPORALITIES,
};
