/**
 * OpenTelemetry's own exporters of all signals, over real HTTP: what they send is stored field by field, packed and with a
 * key, and once, however often they have to try. Spans and log records field by field: ingest-to-query.test.ts.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Stats } from "@mayfly/api";
import { type Metric, metricFromProtobuf, originFromProtobuf } from "@mayfly/otlp";
import { type HrTime, SeverityNumber, ValueType } from "@opentelemetry/api";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { changeKeyFile } from "../src/guard/key-file.ts";
import { makeKey } from "../src/guard/keys.ts";
import { type Collector, startCollector } from "../src/index.ts";
import { activePath } from "../src/store/sqlite/partitions.ts";
import { openSealSource } from "../src/store/sqlite/seal-source.ts";

let dataDir: string;
let collector: Collector;
let headers: Record<string, string>;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "mayfly-exporters-"));
  const [ingest, admin] = (["ingest", "admin"] as const).map((scope) =>
    makeKey({ name: scope, scope, nowMs: Date.now(), randomBytes }),
  );
  await changeKeyFile(dataDir, () => [ingest!.record, admin!.record]);
  headers = { "x-mayfly-key": ingest!.key };
  adminKey = admin!.key;
  collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });
});
afterEach(async () => {
  await collector.close();
  rmSync(dataDir, { recursive: true });
});

let adminKey: string;
const stats = async (): Promise<Stats> =>
  (await (await fetch(`${collector.url}/api/stats`, { headers: { "x-mayfly-key": adminKey } })).json()) as Stats;

const resource = resourceFromAttributes({ "service.name": "orders" }, { schemaUrl: "https://resource" });

/** Of every kind that the SDK makes; it makes no summaries. */
const collected = async (temporality: AggregationTemporality): Promise<ResourceMetrics> => {
  const exporter = new InMemoryMetricExporter(temporality);
  const provider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    views: [{ instrumentName: "sizes", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter("shop", "1.2.3", { schemaUrl: "https://scope" });
  meter.createCounter("orders", { unit: "{order}", description: "placed" }).add(3, { paid: true });
  meter.createUpDownCounter("queue", { valueType: ValueType.INT }).add(-2);
  meter.createGauge("ratio").record(0.5);
  const latency = meter.createHistogram("latency", { advice: { explicitBucketBoundaries: [1, 10] } });
  for (const value of [0.5, 5, 50]) latency.record(value, { path: "/grün" });
  const sizes = meter.createHistogram("sizes");
  for (const value of [0, 1, 2, 1000]) sizes.record(value);
  await provider.forceFlush();
  await provider.shutdown();
  const [metrics] = exporter.getMetrics();
  if (metrics === undefined) throw new Error("nothing was collected");
  return metrics;
};

const exported = (exporter: PushMetricExporter, metrics: ResourceMetrics): Promise<void> =>
  new Promise((resolve, reject) =>
    exporter.export(metrics, ({ error }) => (error === undefined ? resolve() : reject(error))),
  );

interface Stored {
  readonly metric: Pick<Metric, "name" | "exponentialHistogram">;
}

const byName = <T extends Stored>(all: readonly T[]): readonly T[] =>
  all.toSorted((a, b) => (a.metric.name < b.metric.name ? -1 : 1));

/** Every metric that the store has, with what it came in. */
const storedMetrics = (): readonly Stored[] => {
  const source = openSealSource(activePath(dataDir, 1));
  try {
    return source.blocks("metrics").flatMap(({ id }) => {
      const block = source.block(id);
      return Array.from({ length: block.count }, (_, row) => ({
        metric: metricFromProtobuf(block.record(row)),
        origin: originFromProtobuf(block.origin(row)),
      }));
    });
  } finally {
    source.close();
  }
};

const nanos = ([seconds, rest]: HrTime): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(rest);

/** Written by hand from what was recorded, in the words of metrics.proto. */
const expectedOf = (metrics: ResourceMetrics, aggregationTemporality: number): readonly Stored[] => {
  const origin = {
    resource: {
      attributes: [{ key: "service.name", value: { stringValue: "orders" } }],
      droppedAttributesCount: 0,
      entityRefs: [],
    },
    resourceSchemaUrl: "https://resource",
    scope: { name: "shop", version: "1.2.3", attributes: [], droppedAttributesCount: 0 },
    scopeSchemaUrl: "https://scope",
  };
  const pointOf = (name: string) => {
    const found = metrics.scopeMetrics[0]?.metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0];
    if (found === undefined) throw new Error(`no ${name}`);
    return { startTimeUnixNano: nanos(found.startTime), timeUnixNano: nanos(found.endTime), flags: 0, exemplars: [] };
  };
  const metric = (name: string, data: object, { unit = "", description = "" } = {}) => ({
    origin,
    metric: { name, description, unit, ...data, metadata: [] },
  });
  const sum = (name: string, isMonotonic: boolean, point: object, words = {}) =>
    metric(name, { sum: { dataPoints: [{ ...pointOf(name), ...point }], aggregationTemporality, isMonotonic } }, words);
  return [
    sum(
      "orders",
      true,
      { attributes: [{ key: "paid", value: { boolValue: true } }], asDouble: 3 },
      { unit: "{order}", description: "placed" },
    ),
    sum("queue", false, { attributes: [], asInt: -2n }),
    metric("ratio", { gauge: { dataPoints: [{ ...pointOf("ratio"), attributes: [], asDouble: 0.5 }] } }),
    metric("latency", {
      histogram: {
        dataPoints: [
          {
            ...pointOf("latency"),
            attributes: [{ key: "path", value: { stringValue: "/grün" } }],
            count: 3n,
            sum: 55.5,
            bucketCounts: [1n, 1n, 1n],
            explicitBounds: [1, 10],
            min: 0.5,
            max: 50,
          },
        ],
        aggregationTemporality,
      },
    }),
    metric("sizes", {
      exponentialHistogram: {
        dataPoints: [
          {
            ...pointOf("sizes"),
            attributes: [],
            count: 4n,
            sum: 1003,
            scale: expect.any(Number) as number,
            zeroCount: 1n,
            positive: { offset: expect.any(Number) as number, bucketCounts: expect.any(Array) as bigint[] },
            negative: { offset: 0, bucketCounts: [] },
            min: 0,
            max: 1000,
            zeroThreshold: 0,
          },
        ],
        aggregationTemporality,
      },
    }),
  ];
};

const METRIC_EXPORTERS = { JSON: JsonMetricExporter, protobuf: ProtobufMetricExporter } as const;
type Encoding = keyof typeof METRIC_EXPORTERS;
const ENCODINGS: readonly Encoding[] = ["JSON", "protobuf"];

test.each(
  ENCODINGS.flatMap((encoding) => [
    [encoding, AggregationTemporality.DELTA, 1] as const,
    [encoding, AggregationTemporality.CUMULATIVE, 2] as const,
  ]),
)(
  "every field of every kind of metric that the official %s exporter sends is stored, temporality %i",
  async (encoding, temporality, onWire) => {
    const metrics = await collected(temporality);
    const exporter = new METRIC_EXPORTERS[encoding]({ url: `${collector.url}/v1/metrics`, headers });
    await exported(exporter, metrics);
    await exporter.shutdown();

    expect(await stats()).toMatchObject({ metricPoints: 5, receivedMetricPoints: 5, rejectedMetricPoints: {} });
    expect(byName(storedMetrics())).toEqual(byName(expectedOf(metrics, onWire)));
    const sizes = storedMetrics().find(({ metric }) => metric.name === "sizes");
    const counts = sizes?.metric.exponentialHistogram?.dataPoints[0]?.positive?.bucketCounts ?? [];
    expect(counts.reduce((all, count) => all + count, 0n)).toBe(3n);
  },
);

const TRACE_EXPORTERS = { JSON: JsonTraceExporter, protobuf: ProtobufTraceExporter } as const;
const LOG_EXPORTERS = { JSON: JsonLogExporter, protobuf: ProtobufLogExporter } as const;

/** A span, a log record and the metrics, each by its own exporter. */
const sendAll = async (url: string, encoding: Encoding, compression: "none" | "gzip"): Promise<void> => {
  const options = (path: string) => ({ url: `${url}${path}`, headers, compression: compression as never });
  const traces = new TracerProvider({
    resource,
    spanProcessors: [new SimpleSpanProcessor({ exporter: new TRACE_EXPORTERS[encoding](options("/v1/traces")) })],
  });
  traces.getTracer("shop").startSpan("order").end();
  const logs = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: new LOG_EXPORTERS[encoding](options("/v1/logs")) })],
  });
  logs.getLogger("shop").emit({ severityNumber: SeverityNumber.INFO, body: "placed" });
  const exporter = new METRIC_EXPORTERS[encoding](options("/v1/metrics"));
  const metrics = await collected(AggregationTemporality.DELTA);
  await Promise.all([traces.forceFlush(), logs.forceFlush(), exported(exporter, metrics)]);
  await Promise.all([traces.shutdown(), logs.shutdown(), exporter.shutdown()]);
};

test.each(ENCODINGS)(
  "all of it arrives packed with gzip and with an API key from the official %s exporters",
  async (encoding) => {
    await sendAll(collector.url, encoding, "gzip");
    expect(await stats()).toMatchObject({ spans: 1, logs: 1, metricPoints: 5, refusedRequests: {} });
  },
);

/**
 * Of each address, the first request is refused before the collector has it, and the second after the collector has it:
 * its answer is lost on the way.
 */
const lossyFront = async (): Promise<{ readonly url: string; readonly tries: Readonly<Record<string, number>> }> => {
  const tries: Record<string, number> = {};
  const front: Server = createServer((request, response) => {
    void (async () => {
      const { url = "", method = "", headers: sent } = request;
      const body = await buffer(request);
      const count = (tries[url] = (tries[url] ?? 0) + 1);
      const forwarded = new Headers();
      for (const name of ["content-type", "content-encoding", "x-mayfly-key"])
        if (sent[name] !== undefined) forwarded.set(name, String(sent[name]));
      const answer = count === 1 ? undefined : await fetch(collector.url + url, { method, headers: forwarded, body });
      if (count > 2 && answer !== undefined)
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      else response.writeHead(503, { "retry-after": "1" });
      response.end(count > 2 && answer !== undefined ? Buffer.from(await answer.arrayBuffer()) : "");
    })();
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => void front.close());
  return { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, tries };
};

test.each(ENCODINGS)(
  "what the official %s exporters have to send three times, because it is refused and then its answer is lost, is there once",
  async (encoding) => {
    const { url, tries } = await lossyFront();
    await sendAll(url, encoding, "gzip");
    expect(tries).toEqual({ "/v1/traces": 3, "/v1/logs": 3, "/v1/metrics": 3 });
    expect(await stats()).toMatchObject({
      spans: 1,
      duplicateSpans: 1,
      logs: 1,
      duplicateLogs: 1,
      metricPoints: 5,
      duplicateMetricPoints: 5,
    });
  },
);
