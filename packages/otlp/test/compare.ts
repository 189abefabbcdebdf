/** Raw records held against the decoders, record by record: what is kept, its origin, what is told as bad. */
import {
  DecodeError,
  type DecodeOptions,
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  decodeTraces,
  decodeTracesJson,
  logRecordFromProtobuf,
  type LogRecord,
  type LogsData,
  type Metric,
  metricFromProtobuf,
  type MetricsData,
  type Origin,
  originFromProtobuf,
  rawLogsFromJson,
  rawMetricsFromJson,
  type RawRecords,
  rawTracesFromJson,
  skimLogs,
  skimMetrics,
  skimTraces,
  type Span,
  spanFromProtobuf,
  type TracesData,
} from "@mayfly/otlp";
import { expect } from "vitest";

interface Outcome<T> {
  readonly records: readonly { readonly origin: Origin; readonly record: T }[];
  readonly bad: readonly string[];
  readonly rejected: number;
}

const hasIds = ({ traceId, spanId }: Span): boolean =>
  /^(?!0{32})[0-9a-f]{32}$/.test(traceId) && /^(?!0{16})[0-9a-f]{16}$/.test(spanId);

/** The outcome, or the error of the whole. */
const outcome = <T>(read: (options: DecodeOptions) => Outcome<T>["records"]): Outcome<T> | string => {
  const bad: string[] = [];
  let rejected = 0;
  const onBadRecord = ({ message }: DecodeError, items: number): void => {
    bad.push(message);
    rejected += items;
  };
  try {
    const records = read({ onBadRecord });
    return { records, bad, rejected };
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as DecodeError).message;
  }
};

export const kept = <T>(
  { bytes, slices, origins, items }: RawRecords,
  read: (bytes: Uint8Array) => T,
  itemsOf: (record: T) => number = () => 1,
) => {
  const records = Array.from({ length: slices.length / 3 }, (_, index) => ({
    origin: originFromProtobuf(origins[slices[index * 3 + 2]!]!),
    record: read(bytes.subarray(slices[index * 3], slices[index * 3 + 1])),
  }));
  expect(items).toBe(records.reduce((sum, { record }) => sum + itemsOf(record), 0));
  return records;
};

const spansOf = (traces: TracesData) =>
  traces.resourceSpans.flatMap(({ resource, schemaUrl, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, schemaUrl: scopeSchemaUrl, spans }) =>
      spans.map((record) => ({
        origin: {
          resourceSchemaUrl: schemaUrl,
          scopeSchemaUrl,
          ...(resource && { resource }),
          ...(scope && { scope }),
        },
        record,
      })),
    ),
  );

const logRecordsOf = (logs: LogsData) =>
  spansOf({
    resourceSpans: logs.resourceLogs.map(({ scopeLogs, ...group }) => ({
      ...group,
      scopeSpans: scopeLogs.map(({ logRecords, ...scope }) => ({ ...scope, spans: logRecords as unknown as Span[] })),
    })),
  }) as unknown as { origin: Origin; record: LogRecord }[];

const metricsOf = (metrics: MetricsData) =>
  spansOf({
    resourceSpans: metrics.resourceMetrics.map(({ scopeMetrics, ...group }) => ({
      ...group,
      scopeSpans: scopeMetrics.map(({ metrics: records, ...scope }) => ({
        ...scope,
        spans: records as unknown as Span[],
      })),
    })),
  }) as unknown as { origin: Origin; record: Metric }[];

const pointsOf = ({ gauge, sum, histogram, exponentialHistogram, summary }: Metric): number =>
  [gauge, sum, histogram, exponentialHistogram, summary].reduce(
    (count, data) => count + (data?.dataPoints.length ?? 0),
    0,
  );

const isAboutIds = (message: string): boolean => /its (?:trace|span) id/.test(message);

const expectSameSpans = (decoded: Outcome<Span> | string, skimmed: Outcome<Span> | string): void => {
  if (typeof decoded === "string" || typeof skimmed === "string") {
    expect(skimmed).toEqual(decoded);
    return;
  }
  const named = decoded.records.filter(({ record }) => hasIds(record));
  expect(skimmed.records).toStrictEqual(named);
  expect(skimmed.bad.length).toBe(decoded.bad.length + decoded.records.length - named.length);
  if (!skimmed.bad.some(isAboutIds)) expect(skimmed.bad.toSorted()).toEqual(decoded.bad.toSorted());
};

export const compareSpans = (bytes: Uint8Array): void =>
  expectSameSpans(
    outcome((options) => spansOf(decodeTraces(bytes, options))),
    outcome((options) => kept(skimTraces(bytes, options), spanFromProtobuf)),
  );

export const compareLogRecords = (bytes: Uint8Array): void => {
  const decoded = outcome<LogRecord>((options) => logRecordsOf(decodeLogs(bytes, options)));
  const skimmed = outcome<LogRecord>((options) => kept(skimLogs(bytes, options), logRecordFromProtobuf));
  expect(skimmed).toStrictEqual(decoded);
};

export const compareMetrics = (bytes: Uint8Array): void => {
  const decoded = outcome<Metric>((options) => metricsOf(decodeMetrics(bytes, options)));
  const skimmed = outcome<Metric>((options) => kept(skimMetrics(bytes, options), metricFromProtobuf, pointsOf));
  expect(skimmed).toStrictEqual(decoded);
};

/** As protobuf has it: no lone surrogates, no ids that are no hex. */
const inProtobuf = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed();
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(inProtobuf);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) => [
      key,
      /^(?:traceId|spanId|parentSpanId)$/.test(key) && !/^(?:[0-9a-f]{2})*$/.test(String(inner))
        ? ""
        : inProtobuf(inner),
    ]),
  );
};

export const compareSpansOfJson = (text: Uint8Array): void =>
  expectSameSpans(
    outcome((options) => inProtobuf(spansOf(decodeTracesJson(text, options))) as ReturnType<typeof spansOf>),
    outcome((options) => kept(rawTracesFromJson(text, options), spanFromProtobuf)),
  );

export const compareLogRecordsOfJson = (text: Uint8Array): void => {
  const decoded = outcome(
    (options) => inProtobuf(logRecordsOf(decodeLogsJson(text, options))) as ReturnType<typeof logRecordsOf>,
  );
  const raw = outcome<LogRecord>((options) => kept(rawLogsFromJson(text, options), logRecordFromProtobuf));
  expect(raw).toStrictEqual(decoded);
};

export const compareMetricsOfJson = (text: Uint8Array): void => {
  const decoded = outcome(
    (options) => inProtobuf(metricsOf(decodeMetricsJson(text, options))) as ReturnType<typeof metricsOf>,
  );
  const raw = outcome<Metric>((options) => kept(rawMetricsFromJson(text, options), metricFromProtobuf, pointsOf));
  expect(raw).toStrictEqual(decoded);
};
