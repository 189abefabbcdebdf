/**
 * Every field of OTLP traces and logs, as a second, independent statement of what src/ must know: protobufjs gets its
 * descriptors from here, fast-check its random messages, and the field walk its list.
 *
 * A field reads `number type` or `number type[]`. `id` are bytes spelled as hex in objects, `enum` an int32 on the wire.
 *
 * Source  opentelemetry-proto 1.11: common, resource, trace, logs
 */
export const MESSAGES = {
  TracesData: { resourceSpans: "1 ResourceSpans[]" },
  ResourceSpans: { resource: "1 Resource", scopeSpans: "2 ScopeSpans[]", schemaUrl: "3 string" },
  ScopeSpans: { scope: "1 InstrumentationScope", spans: "2 Span[]", schemaUrl: "3 string" },
  LogsData: { resourceLogs: "1 ResourceLogs[]" },
  ResourceLogs: { resource: "1 Resource", scopeLogs: "2 ScopeLogs[]", schemaUrl: "3 string" },
  ScopeLogs: { scope: "1 InstrumentationScope", logRecords: "2 LogRecord[]", schemaUrl: "3 string" },
  Resource: { attributes: "1 KeyValue[]", droppedAttributesCount: "2 uint32", entityRefs: "3 EntityRef[]" },
  EntityRef: { schemaUrl: "1 string", type: "2 string", idKeys: "3 string[]", descriptionKeys: "4 string[]" },
  InstrumentationScope: {
    name: "1 string",
    version: "2 string",
    attributes: "3 KeyValue[]",
    droppedAttributesCount: "4 uint32",
  },
  KeyValue: { key: "1 string", value: "2 AnyValue" },
  AnyValue: {
    stringValue: "1 string",
    boolValue: "2 bool",
    intValue: "3 int64",
    doubleValue: "4 double",
    arrayValue: "5 ArrayValue",
    kvlistValue: "6 KeyValueList",
    bytesValue: "7 bytes",
  },
  ArrayValue: { values: "1 AnyValue[]" },
  KeyValueList: { values: "1 KeyValue[]" },
  Span: {
    traceId: "1 id",
    spanId: "2 id",
    traceState: "3 string",
    parentSpanId: "4 id",
    name: "5 string",
    kind: "6 enum",
    startTimeUnixNano: "7 fixed64",
    endTimeUnixNano: "8 fixed64",
    attributes: "9 KeyValue[]",
    droppedAttributesCount: "10 uint32",
    events: "11 Event[]",
    droppedEventsCount: "12 uint32",
    links: "13 Link[]",
    droppedLinksCount: "14 uint32",
    status: "15 Status",
    flags: "16 fixed32",
  },
  Event: {
    timeUnixNano: "1 fixed64",
    name: "2 string",
    attributes: "3 KeyValue[]",
    droppedAttributesCount: "4 uint32",
  },
  Link: {
    traceId: "1 id",
    spanId: "2 id",
    traceState: "3 string",
    attributes: "4 KeyValue[]",
    droppedAttributesCount: "5 uint32",
    flags: "6 fixed32",
  },
  Status: { message: "2 string", code: "3 enum" },
  LogRecord: {
    timeUnixNano: "1 fixed64",
    severityNumber: "2 enum",
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
} as const satisfies Record<string, Record<string, string>>;

/** Of the profiles signal: defined in the messages above, without meaning in traces and logs, and dropped. */
export const DROPPED = {
  KeyValue: { keyStrindex: "3 int32" },
  AnyValue: { stringValueStrindex: "8 int32" },
} as const;

/** The answers of a receiver. */
export const ANSWERS = {
  ExportTraceServiceResponse: { partialSuccess: "1 ExportTracePartialSuccess" },
  ExportTracePartialSuccess: { rejectedSpans: "1 int64", errorMessage: "2 string" },
  ExportLogsServiceResponse: { partialSuccess: "1 ExportLogsPartialSuccess" },
  ExportLogsPartialSuccess: { rejectedLogRecords: "1 int64", errorMessage: "2 string" },
  RpcStatus: { code: "1 int32", message: "2 string" },
} as const;

export type MessageName = keyof typeof MESSAGES;

export interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly isRepeated: boolean;
}

export const fieldsOf = (message: Readonly<Record<string, string>>): Field[] =>
  Object.entries(message).map(([name, text]) => {
    const [, number, type = "", repeated] = /^(\d+) (\w+)(\[\])?$/.exec(text) ?? [];
    return { name, number: Number(number), type, isRepeated: repeated !== undefined };
  });

export const isMessageName = (type: string): type is MessageName => Object.hasOwn(MESSAGES, type);
