/** Real spans, log records and metrics of the OpenTelemetry SDK, through its own serializers. */
import {
  type Attributes,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  decodeLogs,
  decodeLogsJson,
  decodeMetrics,
  decodeMetricsJson,
  decodeTraces,
  decodeTracesJson,
  type Span,
} from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const TRACE_ID = "6956b3000123456789abcdef01234567";
const PARENT = "00000000000000aa";
const resource = resourceFromAttributes({ "service.name": "orders" }, { schemaUrl: "https://example.test/resource" });

const recorded = async (work: (tracer: ReturnType<TracerProvider["getTracer"]>) => void): Promise<ReadableSpan[]> => {
  const exporter = new InMemorySpanExporter();
  const ids = ["1a2b3c4d5e6f7081", "1a2b3c4d5e6f7082"];
  const provider = new TracerProvider({
    resource,
    spanLimits: { eventCountLimit: 1, attributePerEventCountLimit: 1 },
    idGenerator: { generateTraceId: () => TRACE_ID, generateSpanId: () => ids.shift() ?? "ffffffffffffffff" },
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  work(provider.getTracer("shop", "1.2.3", { schemaUrl: "https://example.test/scope" }));
  await provider.forceFlush();
  return exporter.getFinishedSpans();
};

const bothWays = (spans: ReadableSpan[]) => ({
  fromProtobuf: decodeTraces(ProtobufTraceSerializer.serializeRequest(spans) ?? Uint8Array.of()),
  fromJson: decodeTracesJson(JsonTraceSerializer.serializeRequest(spans) ?? ""),
});

const remoteParent = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: TRACE_ID,
  spanId: PARENT,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

test("a span with everything the SDK can say arrives whole, the same from both encodings", async () => {
  const spans = await recorded((tracer) => {
    const span = tracer.startSpan(
      "POST /orders",
      {
        kind: SpanKind.SERVER,
        startTime: [1_767_225_600, 315_000_001],
        attributes: { s: "grün", b: false, i: -7, d: 0.5, list: ["a", "b"], numbers: [1, 2.5] },
        links: [{ context: { traceId: TRACE_ID, spanId: "00000000000000bb", traceFlags: 0 }, attributes: { n: 1 } }],
      },
      remoteParent,
    );
    span.addEvent("dropped", {}, [1_767_225_600, 1]);
    span.addEvent("kept", { a: 1, b: 2 }, [1_767_225_600, 400_000_000]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: "boom" });
    span.end([1_767_225_600, 420_000_000]);
  });

  const { fromProtobuf, fromJson } = bothWays(spans);

  expect(fromJson).toStrictEqual(fromProtobuf);
  expect(fromProtobuf).toStrictEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: "service.name", value: { stringValue: "orders" } }],
          droppedAttributesCount: 0,
          entityRefs: [],
        },
        schemaUrl: "https://example.test/resource",
        scopeSpans: [
          {
            scope: { name: "shop", version: "1.2.3", attributes: [], droppedAttributesCount: 0 },
            schemaUrl: "https://example.test/scope",
            spans: [
              {
                traceId: TRACE_ID,
                spanId: "1a2b3c4d5e6f7081",
                traceState: "",
                parentSpanId: PARENT,
                name: "POST /orders",
                kind: 2,
                startTimeUnixNano: 1_767_225_600_315_000_001n,
                endTimeUnixNano: 1_767_225_600_420_000_000n,
                attributes: [
                  { key: "s", value: { stringValue: "grün" } },
                  { key: "b", value: { boolValue: false } },
                  { key: "i", value: { intValue: -7n } },
                  { key: "d", value: { doubleValue: 0.5 } },
                  { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] } } },
                  { key: "numbers", value: { arrayValue: { values: [{ intValue: 1n }, { doubleValue: 2.5 }] } } },
                ],
                droppedAttributesCount: 0,
                events: [
                  {
                    timeUnixNano: 1_767_225_600_400_000_000n,
                    name: "kept",
                    attributes: [{ key: "a", value: { intValue: 1n } }],
                    droppedAttributesCount: 1,
                  },
                ],
                droppedEventsCount: 1,
                links: [
                  {
                    traceId: TRACE_ID,
                    spanId: "00000000000000bb",
                    traceState: "",
                    attributes: [{ key: "n", value: { intValue: 1n } }],
                    droppedAttributesCount: 0,
                    flags: 0x100,
                  },
                ],
                droppedLinksCount: 0,
                status: { message: "boom", code: 2 },
                flags: 0x301,
              } satisfies Span,
            ],
          },
        ],
      },
    ],
  });
});

/** Between 2^53 and 2^63 JSON.stringify rounds the digits, while the protobuf serializer writes the double's own. */
const isWrittenAlike = (number: number): boolean =>
  !Number.isInteger(number) || Number.isSafeInteger(number) || Math.abs(number) > 2 ** 63;

test("attributes of any value are read alike from both encodings", async () => {
  const plain = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isWrittenAlike),
  );
  const attributes = fc.dictionary(
    fc.string({ minLength: 1 }),
    fc.oneof(plain, fc.array(fc.string()), fc.array(fc.boolean())),
  );
  await fc.assert(
    fc.asyncProperty(attributes, async (values: Attributes) => {
      const spans = await recorded((tracer) => tracer.startSpan("work", { attributes: values }).end());

      const { fromProtobuf, fromJson } = bothWays(spans);

      expect(fromJson).toStrictEqual(fromProtobuf);
    }),
  );
});

test("a log record with everything the SDK can say arrives whole, the same from both encodings", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger("shop", "1.2.3").emit({
    eventName: "order.placed",
    timestamp: [1_767_225_600, 315_000_001],
    observedTimestamp: [1_767_225_600, 316_000_000],
    severityNumber: SeverityNumber.WARN2,
    severityText: "WARN",
    body: { order: { id: 7, lines: [null, "a"] }, raw: Uint8Array.of(0, 255), ratio: 0.5 },
    attributes: { nested: { deep: [true] } },
    context: remoteParent,
  });
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();

  const fromProtobuf = decodeLogs(ProtobufLogsSerializer.serializeRequest(records) ?? Uint8Array.of());
  const fromJson = decodeLogsJson(JsonLogsSerializer.serializeRequest(records) ?? "");

  expect(fromJson).toStrictEqual(fromProtobuf);
  expect(fromProtobuf.resourceLogs[0]?.scopeLogs[0]?.logRecords).toStrictEqual([
    {
      timeUnixNano: 1_767_225_600_315_000_001n,
      observedTimeUnixNano: 1_767_225_600_316_000_000n,
      severityNumber: 14,
      severityText: "WARN",
      body: {
        kvlistValue: {
          values: [
            {
              key: "order",
              value: {
                kvlistValue: {
                  values: [
                    { key: "id", value: { intValue: 7n } },
                    { key: "lines", value: { arrayValue: { values: [{}, { stringValue: "a" }] } } },
                  ],
                },
              },
            },
            { key: "raw", value: { bytesValue: Uint8Array.of(0, 255) } },
            { key: "ratio", value: { doubleValue: 0.5 } },
          ],
        },
      },
      attributes: [
        {
          key: "nested",
          value: {
            kvlistValue: { values: [{ key: "deep", value: { arrayValue: { values: [{ boolValue: true }] } } }] },
          },
        },
      ],
      droppedAttributesCount: 0,
      flags: 1,
      traceId: TRACE_ID,
      spanId: PARENT,
      eventName: "order.placed",
    },
  ]);
});

const collected = async (temporality: AggregationTemporality): Promise<ResourceMetrics> => {
  const exporter = new InMemoryMetricExporter(temporality);
  const provider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    views: [{ instrumentName: "sizes", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter("shop", "1.2.3", { schemaUrl: "https://example.test/scope" });
  meter.createCounter("orders", { unit: "{order}", description: "placed" }).add(3, { paid: true });
  meter.createUpDownCounter("queue").add(-2);
  meter.createGauge("ratio").record(0.5);
  const latency = meter.createHistogram("latency", { advice: { explicitBucketBoundaries: [1, 10] } });
  for (const value of [0.5, 5, 50]) latency.record(value, { path: "/grün" });
  const sizes = meter.createHistogram("sizes");
  for (const value of [0, 1, 2, 1000]) sizes.record(value);
  await provider.forceFlush();
  await provider.shutdown();
  return exporter.getMetrics()[0]!;
};

test.each([AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])(
  "metrics of every kind the SDK makes, temporality %i, arrive whole, the same from both encodings",
  async (temporality) => {
    const metrics = await collected(temporality);

    const fromProtobuf = decodeMetrics(ProtobufMetricsSerializer.serializeRequest(metrics) ?? Uint8Array.of());
    const fromJson = decodeMetricsJson(JsonMetricsSerializer.serializeRequest(metrics) ?? "");

    expect(fromJson).toStrictEqual(fromProtobuf);
    const [group] = fromProtobuf.resourceMetrics;
    expect(group).toMatchObject({
      resource: { attributes: [{ key: "service.name", value: { stringValue: "orders" } }] },
      schemaUrl: "https://example.test/resource",
      scopeMetrics: [{ scope: { name: "shop", version: "1.2.3" }, schemaUrl: "https://example.test/scope" }],
    });
    const byName = Map.groupBy(group?.scopeMetrics[0]?.metrics ?? [], ({ name }) => name);
    const orders = metrics.scopeMetrics[0]!.metrics.find(({ descriptor }) => descriptor.name === "orders");
    const point = orders!.dataPoints[0]!;
    const nanos = ([seconds, rest]: readonly [number, number]): bigint =>
      BigInt(seconds) * 1_000_000_000n + BigInt(rest);
    const aggregationTemporality = temporality === AggregationTemporality.DELTA ? 1 : 2;
    expect(["orders", "queue", "ratio", "latency", "sizes"].flatMap((name) => byName.get(name) ?? [])).toMatchObject([
      {
        name: "orders",
        unit: "{order}",
        description: "placed",
        sum: {
          aggregationTemporality,
          isMonotonic: true,
          dataPoints: [
            {
              attributes: [{ key: "paid", value: { boolValue: true } }],
              startTimeUnixNano: nanos(point.startTime),
              timeUnixNano: nanos(point.endTime),
            },
          ],
        },
      },
      { name: "queue", sum: { isMonotonic: false } },
      { name: "ratio", gauge: { dataPoints: [{ asDouble: 0.5 }] } },
      {
        name: "latency",
        histogram: {
          aggregationTemporality,
          dataPoints: [
            { count: 3n, sum: 55.5, min: 0.5, max: 50, bucketCounts: [1n, 1n, 1n], explicitBounds: [1, 10] },
          ],
        },
      },
      {
        name: "sizes",
        exponentialHistogram: {
          dataPoints: [{ count: 4n, sum: 1003, zeroCount: 1n, min: 0, max: 1000, negative: { bucketCounts: [] } }],
        },
      },
    ]);
    const positive = byName.get("sizes")?.[0]?.exponentialHistogram?.dataPoints[0]?.positive;
    expect(positive?.bucketCounts.reduce((sum, count) => sum + count, 0n)).toBe(3n);
  },
);
