/**
 * Every message and field of OTLP's traces, logs and metrics, once, for all that is driven by a table: writing protobuf
 * (protobuf/encode.ts), judging it without reading it (protobuf/skim.ts), JSON text to protobuf (json/scan.ts), metrics.
 *
 * A field reads `number type`, then `[]` where it repeats, `?` where "set to the default" and "not set" differ (proto3
 * `optional`), `|` where it is a case of its message's oneof; no message has two. Types are those of the .proto files, but for `id`, bytes spelled in hex, and the
 * enums by name. Fields of the profiles signal (key_strindex, string_value_strindex) are left out and so unknown.
 *
 * Source  opentelemetry-proto 1.11: common, resource, trace, logs, metrics
 */
const ENUMS = ["SpanKind", "StatusCode", "SeverityNumber", "AggregationTemporality"] as const;
export type EnumName = (typeof ENUMS)[number];

export type ScalarType =
  | "string"
  | "id"
  | "bytes"
  | "bool"
  | "uint32"
  | "sint32"
  | "int64"
  | "uint64"
  | "fixed32"
  | "fixed64"
  | "sfixed64"
  | "double";

const TABLE = {
  ResourceSpans: { resource: "1 Resource", schemaUrl: "3 string", scopeSpans: "2 ScopeSpans[]" },
  ScopeSpans: { scope: "1 InstrumentationScope", schemaUrl: "3 string", spans: "2 Span[]" },
  ResourceLogs: { resource: "1 Resource", schemaUrl: "3 string", scopeLogs: "2 ScopeLogs[]" },
  ScopeLogs: { scope: "1 InstrumentationScope", schemaUrl: "3 string", logRecords: "2 LogRecord[]" },
  ResourceMetrics: { resource: "1 Resource", schemaUrl: "3 string", scopeMetrics: "2 ScopeMetrics[]" },
  ScopeMetrics: { scope: "1 InstrumentationScope", schemaUrl: "3 string", metrics: "2 Metric[]" },
  Resource: { attributes: "1 KeyValue[]", droppedAttributesCount: "2 uint32", entityRefs: "3 EntityRef[]" },
  EntityRef: { schemaUrl: "1 string", type: "2 string", idKeys: "3 string[]", descriptionKeys: "4 string[]" },
  InstrumentationScope: {
    name: "1 string",
    version: "2 string",
    attributes: "3 KeyValue[]",
    droppedAttributesCount: "4 uint32",
  },
  KeyValue: { key: "1 string", value: "2 AnyValue" },
  /** In the order in which JSON's cases count where a sender set two. */
  AnyValue: {
    stringValue: "1 string|",
    boolValue: "2 bool|",
    intValue: "3 int64|",
    doubleValue: "4 double|",
    bytesValue: "7 bytes|",
    arrayValue: "5 ArrayValue|",
    kvlistValue: "6 KeyValueList|",
  },
  ArrayValue: { values: "1 AnyValue[]" },
  KeyValueList: { values: "1 KeyValue[]" },
  Span: {
    traceId: "1 id",
    spanId: "2 id",
    traceState: "3 string",
    parentSpanId: "4 id",
    name: "5 string",
    kind: "6 SpanKind",
    startTimeUnixNano: "7 fixed64",
    endTimeUnixNano: "8 fixed64",
    attributes: "9 KeyValue[]",
    droppedAttributesCount: "10 uint32",
    events: "11 SpanEvent[]",
    droppedEventsCount: "12 uint32",
    links: "13 SpanLink[]",
    droppedLinksCount: "14 uint32",
    status: "15 Status",
    flags: "16 fixed32",
  },
  SpanEvent: {
    timeUnixNano: "1 fixed64",
    name: "2 string",
    attributes: "3 KeyValue[]",
    droppedAttributesCount: "4 uint32",
  },
  SpanLink: {
    traceId: "1 id",
    spanId: "2 id",
    traceState: "3 string",
    attributes: "4 KeyValue[]",
    droppedAttributesCount: "5 uint32",
    flags: "6 fixed32",
  },
  Status: { message: "2 string", code: "3 StatusCode" },
  LogRecord: {
    timeUnixNano: "1 fixed64",
    severityNumber: "2 SeverityNumber",
    severityText: "3 string",
    body: "5 AnyValue",
    attributes: "6 KeyValue[]",
    droppedAttributesCount: "7 uint32",
    flags: "8 fixed32",
    traceId: "9 id",
    spanId: "10 id",
    observedTimeUnixNano: "11 fixed64",
    eventName: "12 string",
  },
  Metric: {
    name: "1 string",
    description: "2 string",
    unit: "3 string",
    gauge: "5 Gauge|",
    sum: "7 Sum|",
    histogram: "9 Histogram|",
    exponentialHistogram: "10 ExponentialHistogram|",
    summary: "11 Summary|",
    metadata: "12 KeyValue[]",
  },
  Gauge: { dataPoints: "1 NumberDataPoint[]" },
  Sum: {
    dataPoints: "1 NumberDataPoint[]",
    aggregationTemporality: "2 AggregationTemporality",
    isMonotonic: "3 bool",
  },
  Histogram: { dataPoints: "1 HistogramDataPoint[]", aggregationTemporality: "2 AggregationTemporality" },
  ExponentialHistogram: {
    dataPoints: "1 ExponentialHistogramDataPoint[]",
    aggregationTemporality: "2 AggregationTemporality",
  },
  Summary: { dataPoints: "1 SummaryDataPoint[]" },
  NumberDataPoint: {
    startTimeUnixNano: "2 fixed64",
    timeUnixNano: "3 fixed64",
    asDouble: "4 double|",
    asInt: "6 sfixed64|",
    exemplars: "5 Exemplar[]",
    attributes: "7 KeyValue[]",
    flags: "8 uint32",
  },
  HistogramDataPoint: {
    startTimeUnixNano: "2 fixed64",
    timeUnixNano: "3 fixed64",
    count: "4 fixed64",
    sum: "5 double?",
    bucketCounts: "6 fixed64[]",
    explicitBounds: "7 double[]",
    exemplars: "8 Exemplar[]",
    attributes: "9 KeyValue[]",
    flags: "10 uint32",
    min: "11 double?",
    max: "12 double?",
  },
  ExponentialHistogramDataPoint: {
    attributes: "1 KeyValue[]",
    startTimeUnixNano: "2 fixed64",
    timeUnixNano: "3 fixed64",
    count: "4 fixed64",
    sum: "5 double?",
    scale: "6 sint32",
    zeroCount: "7 fixed64",
    positive: "8 Buckets",
    negative: "9 Buckets",
    flags: "10 uint32",
    exemplars: "11 Exemplar[]",
    min: "12 double?",
    max: "13 double?",
    zeroThreshold: "14 double",
  },
  Buckets: { offset: "1 sint32", bucketCounts: "2 uint64[]" },
  SummaryDataPoint: {
    startTimeUnixNano: "2 fixed64",
    timeUnixNano: "3 fixed64",
    count: "4 fixed64",
    sum: "5 double",
    quantileValues: "6 ValueAtQuantile[]",
    attributes: "7 KeyValue[]",
    flags: "8 uint32",
  },
  ValueAtQuantile: { quantile: "1 double", value: "2 double" },
  Exemplar: {
    timeUnixNano: "2 fixed64",
    asDouble: "3 double|",
    asInt: "6 sfixed64|",
    spanId: "4 id",
    traceId: "5 id",
    filteredAttributes: "7 KeyValue[]",
  },
} as const;

export type MessageName = keyof typeof TABLE;

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly isRepeated: boolean;
  /** Written even at its default. */
  readonly hasPresence: boolean;
  /** Of its message's cases only one is set. */
  readonly isCase: boolean;
  readonly type: ScalarType | EnumName | Message;
}

export interface Message {
  readonly name: MessageName;
  /** Small and distinct, for tables. */
  readonly id: number;
  readonly fields: readonly Field[];
}

const isEnum = (type: string): type is EnumName => (ENUMS as readonly string[]).includes(type);

const parsed = (): Readonly<Record<MessageName, Message>> => {
  const names = Object.keys(TABLE) as MessageName[];
  const lists = names.map((): Field[] => []);
  const messages = Object.fromEntries(
    names.map((name, id) => [name, { name, id, fields: lists[id] ?? [] }]),
  ) as unknown as Record<MessageName, Message>;
  for (const [id, name] of names.entries()) {
    for (const [field, text] of Object.entries(TABLE[name])) {
      const [, number, type = "", mark] = /^(\d+) (\w+)(\[\]|\?|\|)?$/.exec(text) ?? [];
      lists[id]?.push({
        name: field,
        number: Number(number),
        isRepeated: mark === "[]",
        hasPresence: mark === "?" || mark === "|",
        isCase: mark === "|",
        type: Object.hasOwn(TABLE, type) ? messages[type as MessageName] : (type as ScalarType | EnumName),
      });
    }
  }
  return messages;
};

export const MESSAGES: Readonly<Record<MessageName, Message>> = parsed();

export type WireKind = "varint" | "fixed64" | "delimited" | "fixed32";

/** How one value of the field stands on the wire; a packed list of them is delimited. */
export const wireKindOf = ({ type }: Field): WireKind => {
  if (typeof type === "object") return "delimited";
  if (isEnum(type)) return "varint";
  return SCALARS[type];
};

const SCALARS: Readonly<Record<ScalarType, WireKind>> = {
  string: "delimited",
  id: "delimited",
  bytes: "delimited",
  bool: "varint",
  uint32: "varint",
  sint32: "varint",
  int64: "varint",
  uint64: "varint",
  fixed32: "fixed32",
  fixed64: "fixed64",
  sfixed64: "fixed64",
  double: "fixed64",
};
