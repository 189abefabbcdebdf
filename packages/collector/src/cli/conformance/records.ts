/**
 * The least and the fullest record of each signal, in both encodings, and the request around records.
 *
 * Source  opentelemetry-proto 1.11: trace.proto, logs.proto, metrics.proto; the field numbers of the three requests are
 *         the same from the outside in.
 */
import { randomBytes } from "node:crypto";
import { block, double, eight, fixed32, fixed64, integer } from "./protobuf.ts";

export const SIGNALS = ["traces", "logs", "metrics"] as const;
export type Signal = (typeof SIGNALS)[number];

type Json = { readonly [name: string]: unknown };

const JSON_NAMES = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const satisfies Record<Signal, readonly string[]>;

const SERVICE = "mayfly-conformance";

export interface Around {
  readonly request?: Json;
  readonly resource?: Json;
}

export const jsonRequest = (signal: Signal, records: readonly Json[], around: Around = {}): string => {
  const [resources, scopes, name] = JSON_NAMES[signal];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: SERVICE } }], ...around.resource };
  const scope = { name: SERVICE };
  return JSON.stringify({ [resources]: [{ resource, [scopes]: [{ scope, [name]: records }] }], ...around.request });
};

const attribute = (field: number, key: string, ...value: readonly Buffer[]): Buffer =>
  block(field, block(1, key), block(2, ...value));

export const RESOURCE = block(1, attribute(1, "service.name", block(1, SERVICE)));
const SCOPE = block(1, block(1, SERVICE));

/** `before` and `after` stand in the group beside its resource. */
export const protobufRequest = (
  records: readonly Buffer[],
  { before = [], after = [] }: { readonly before?: readonly Buffer[]; readonly after?: readonly Buffer[] } = {},
): Buffer => block(1, RESOURCE, ...before, block(2, SCOPE, ...records.map((record) => block(2, record))), ...after);

const MS = 1_000_000n;
const nowNs = (): bigint => BigInt(Date.now()) * MS;
export const traceId = (): Buffer => randomBytes(16);
export const spanId = (): Buffer => randomBytes(8);

export const jsonRecord = (signal: Signal, name: string, extra: Json = {}): Json => {
  const time = nowNs();
  if (signal === "traces")
    return {
      traceId: traceId().toString("hex"),
      spanId: spanId().toString("hex"),
      name,
      kind: 2,
      startTimeUnixNano: String(time - MS),
      endTimeUnixNano: String(time),
      ...extra,
    };
  if (signal === "logs")
    return {
      timeUnixNano: String(time),
      severityNumber: 9,
      severityText: "INFO",
      body: { stringValue: name },
      ...extra,
    };
  return { name: metricName(name), gauge: { dataPoints: [{ timeUnixNano: String(time), asInt: "7" }] }, ...extra };
};

const metricName = (name: string): string => `mayfly.conformance.${name}`;

/** The fields of a record, in order, as an encoder writes them. */
export const protobufRecord = (signal: Signal, name: string, extra: readonly Buffer[] = []): readonly Buffer[] => {
  const time = nowNs();
  if (signal === "traces")
    return [
      block(1, traceId()),
      block(2, spanId()),
      block(5, name),
      integer(6, 2n),
      fixed64(7, time - MS),
      fixed64(8, time),
      ...extra,
    ];
  if (signal === "logs")
    return [fixed64(1, time), integer(2, 9n), block(3, "INFO"), block(5, block(1, name)), ...extra];
  return [block(1, metricName(name)), block(5, block(1, fixed64(3, time), fixed64(6, 7n))), ...extra];
};

/** Every type of value there is, as attributes in JSON. */
export const JSON_VALUES: readonly Json[] = [
  { key: "string", value: { stringValue: "ü ☃ 𝄞" } },
  { key: "bool", value: { boolValue: true } },
  { key: "int", value: { intValue: "-7" } },
  { key: "double", value: { doubleValue: 0.1 } },
  { key: "bytes", value: { bytesValue: "AAEC/w==" } },
  { key: "array", value: { arrayValue: { values: [{ stringValue: "a" }, { intValue: "1" }] } } },
  { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { boolValue: false } }] } } },
  { key: "nothing", value: {} },
];

/** The same in protobuf; `field` is where the record has its attributes. */
export const protobufValues = (field: number): readonly Buffer[] => [
  attribute(field, "string", block(1, "ü ☃ 𝄞")),
  attribute(field, "bool", integer(2, 1n)),
  attribute(field, "int", integer(3, -7n)),
  attribute(field, "double", double(4, 0.1)),
  attribute(field, "bytes", block(7, Buffer.from([0, 1, 2, 255]))),
  attribute(field, "array", block(5, block(1, block(1, "a")), block(1, integer(3, 1n)))),
  attribute(field, "map", block(6, attribute(1, "k", integer(2, 0n)))),
  attribute(field, "nothing"),
];

/** Where a record has its attributes; a metric has them on its points, and metadata of the same form. */
export const ATTRIBUTES_FIELD = { traces: 9, logs: 6, metrics: 12 } as const satisfies Record<Signal, number>;
export const ATTRIBUTES_NAME = { traces: "attributes", logs: "attributes", metrics: "metadata" } as const;

/** All that a span may have beside the least. */
export const fullSpanJson = (): Json => ({
  parentSpanId: spanId().toString("hex"),
  traceState: "vendor=1",
  flags: 257,
  attributes: JSON_VALUES,
  droppedAttributesCount: 1,
  events: [{ timeUnixNano: String(nowNs()), name: "event", attributes: JSON_VALUES, droppedAttributesCount: 1 }],
  droppedEventsCount: 1,
  links: [{ traceId: traceId().toString("hex"), spanId: spanId().toString("hex"), attributes: JSON_VALUES, flags: 1 }],
  droppedLinksCount: 1,
  status: { code: 2, message: "failed" },
});

export const fullSpanProtobuf = (): readonly Buffer[] => [
  block(3, "vendor=1"),
  block(4, spanId()),
  ...protobufValues(9),
  integer(10, 1n),
  block(11, fixed64(1, nowNs()), block(2, "event"), ...protobufValues(3), integer(4, 1n)),
  integer(12, 1n),
  block(13, block(1, traceId()), block(2, spanId()), ...protobufValues(4), fixed32(6, 1)),
  integer(14, 1n),
  block(15, block(2, "failed"), integer(3, 2n)),
  fixed32(16, 257),
];

export const fullLogJson = (): Json => ({
  observedTimeUnixNano: String(nowNs()),
  attributes: JSON_VALUES,
  droppedAttributesCount: 1,
  flags: 1,
  traceId: traceId().toString("hex"),
  spanId: spanId().toString("hex"),
  eventName: "event",
});

export const fullLogProtobuf = (): readonly Buffer[] => [
  ...protobufValues(6),
  integer(7, 1n),
  fixed32(8, 1),
  block(9, traceId()),
  block(10, spanId()),
  fixed64(11, nowNs()),
  block(12, "event"),
];

export type MetricType = "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary";
export const METRIC_TYPES: readonly MetricType[] = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];

export const metricJson = (type: MetricType): Json => {
  const time = nowNs();
  const point = { startTimeUnixNano: String(time - MS), timeUnixNano: String(time), attributes: JSON_VALUES, flags: 0 };
  const exemplars = [
    { timeUnixNano: String(time), asDouble: 1.5, spanId: spanId().toString("hex"), traceId: traceId().toString("hex") },
  ];
  const data = {
    gauge: {
      dataPoints: [
        { ...point, asDouble: 1.5, exemplars },
        { ...point, asInt: "-7" },
      ],
    },
    sum: { dataPoints: [{ ...point, asInt: "9223372036854775807" }], aggregationTemporality: 2, isMonotonic: true },
    histogram: {
      dataPoints: [
        { ...point, count: "3", sum: 4.5, bucketCounts: ["1", "2"], explicitBounds: [1], min: 0.5, max: 3, exemplars },
      ],
      aggregationTemporality: 1,
    },
    exponentialHistogram: {
      dataPoints: [
        {
          ...point,
          count: "4",
          sum: 4.5,
          scale: -1,
          zeroCount: "1",
          positive: { offset: -2, bucketCounts: ["1", "1"] },
          negative: { offset: 0, bucketCounts: ["1"] },
          zeroThreshold: 0.001,
        },
      ],
      aggregationTemporality: 1,
    },
    summary: { dataPoints: [{ ...point, count: "3", sum: 4.5, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
  };
  return { name: metricName(type), description: "a metric", unit: "s", [type]: data[type] };
};

/** Repeated numbers are packed by every encoder; a decoder must take them one by one as well. */
export const metricProtobuf = (type: MetricType, isPacked = true): readonly Buffer[] => {
  const time = nowNs();
  const exemplar = (field: number): Buffer =>
    block(field, fixed64(2, time), double(3, 1.5), block(4, spanId()), block(5, traceId()));
  const counts64 = (field: number, ...counts: readonly bigint[]): Buffer =>
    isPacked ? block(field, ...counts.map(eight)) : Buffer.concat(counts.map((count) => fixed64(field, count)));
  const countsVarint = (field: number, ...counts: readonly bigint[]): Buffer =>
    isPacked
      ? block(field, Buffer.from(counts.map(Number)))
      : Buffer.concat(counts.map((count) => integer(field, count)));
  const bounds = (field: number, bound: number): Buffer =>
    isPacked ? block(field, double(1, bound).subarray(1)) : double(field, bound);
  const times = [fixed64(2, time - MS), fixed64(3, time)];
  const data: Record<MetricType, () => Buffer> = {
    gauge: () =>
      block(
        5,
        block(1, ...protobufValues(7), ...times, double(4, 1.5), exemplar(5)),
        block(1, ...times, fixed64(6, -7n), integer(8, 1n)),
      ),
    sum: () => block(7, block(1, ...times, fixed64(6, 2n ** 63n - 1n)), integer(2, 2n), integer(3, 1n)),
    histogram: () =>
      block(
        9,
        block(
          1,
          ...times,
          fixed64(4, 3n),
          double(5, 4.5),
          counts64(6, 1n, 2n),
          bounds(7, 1),
          exemplar(8),
          ...protobufValues(9),
          double(11, 0.5),
          double(12, 3),
        ),
        integer(2, 1n),
      ),
    exponentialHistogram: () =>
      block(
        10,
        block(
          1,
          ...protobufValues(1),
          ...times,
          fixed64(4, 4n),
          double(5, 4.5),
          integer(6, 1n), // zigzag: -1
          fixed64(7, 1n),
          block(8, integer(1, 3n), countsVarint(2, 1n, 1n)), // zigzag: -2
          block(9, integer(1, 0n), countsVarint(2, 1n)),
          exemplar(11),
          double(14, 0.001),
        ),
        integer(2, 1n),
      ),
    summary: () =>
      block(
        11,
        block(
          1,
          ...times,
          fixed64(4, 3n),
          double(5, 4.5),
          block(6, double(1, 0.5), double(2, 1)),
          ...protobufValues(7),
        ),
      ),
  };
  return [block(1, metricName(type)), block(2, "a metric"), block(3, "s"), data[type]()];
};
