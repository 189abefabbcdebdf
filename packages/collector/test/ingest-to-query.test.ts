/** The story of a span: from OpenTelemetry's own exporters over real HTTP to every way of reading it. */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { LogList, Stats, TraceDetail, TraceList } from "@mayfly/api";
import { decodeTracesJson } from "@mayfly/otlp";
import { ROOT_CONTEXT, SeverityNumber, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPLogExporter as JsonLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPTraceExporter as JsonTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, type LogRecordExporter, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Collector, startCollector } from "../src/index.ts";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";

const TRACE_ID = "6956b3000123456789abcdef01234567";
const SPAN_ID = "1a2b3c4d5e6f7081";
const REMOTE = "00000000000000aa";
const REQUEST_ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";

let dataDir: string;
let collector: Collector;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-story-"));
  collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });
});
afterEach(async () => {
  await collector.close();
  await rm(dataDir, { recursive: true });
});

const get = async <T>(path: string): Promise<T> => {
  const response = await fetch(collector.url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

const RESOURCE = { "service.name": "shop", "faas.name": "orders", list: ["a", "b"] };

const sendSpan = async (exporter: SpanExporter): Promise<void> => {
  const provider = new TracerProvider({
    resource: resourceFromAttributes(RESOURCE, { schemaUrl: "https://resource" }),
    spanLimits: { eventCountLimit: 1 },
    idGenerator: { generateTraceId: () => TRACE_ID, generateSpanId: () => SPAN_ID },
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const context = { traceId: TRACE_ID, spanId: REMOTE, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const span = provider.getTracer("lib", "1.2.3", { schemaUrl: "https://scope" }).startSpan(
    "POST /orders",
    {
      kind: SpanKind.SERVER,
      startTime: [1_767_225_600, 315_000_001],
      attributes: {
        text: "grün",
        no: false,
        whole: -7,
        half: 0.5,
        numbers: [1, 2.5],
        "faas.invocation_id": REQUEST_ID,
      },
      links: [{ context: { ...context, spanId: "00000000000000bb" }, attributes: { n: 1 } }],
    },
    trace.setSpanContext(ROOT_CONTEXT, context),
  );
  span.addEvent("dropped", {}, [1_767_225_600, 1]);
  span.addEvent("kept", { a: 1 }, [1_767_225_600, 400_000_000]);
  span.setStatus({ code: SpanStatusCode.ERROR, message: "boom" });
  span.end([1_767_225_600, 420_000_000]);
  await provider.forceFlush();
  await provider.shutdown();
};

const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const strings = (key: string, ...values: string[]) => ({
  key,
  value: { arrayValue: { values: values.map((stringValue) => ({ stringValue })) } },
});

const SENT = {
  resourceSpans: [
    {
      resource: {
        attributes: [string("service.name", "shop"), string("faas.name", "orders"), strings("list", "a", "b")],
        droppedAttributesCount: 0,
        entityRefs: [],
      },
      schemaUrl: "https://resource",
      scopeSpans: [
        {
          scope: { name: "lib", version: "1.2.3", attributes: [], droppedAttributesCount: 0 },
          schemaUrl: "https://scope",
          spans: [
            {
              traceId: TRACE_ID,
              spanId: SPAN_ID,
              traceState: "",
              parentSpanId: REMOTE,
              name: "POST /orders",
              kind: 2,
              startTimeUnixNano: 1_767_225_600_315_000_001n,
              endTimeUnixNano: 1_767_225_600_420_000_000n,
              attributes: [
                string("text", "grün"),
                { key: "no", value: { boolValue: false } },
                { key: "whole", value: { intValue: -7n } },
                { key: "half", value: { doubleValue: 0.5 } },
                { key: "numbers", value: { arrayValue: { values: [{ intValue: 1n }, { doubleValue: 2.5 }] } } },
                string("faas.invocation_id", REQUEST_ID),
              ],
              droppedAttributesCount: 0,
              events: [
                {
                  timeUnixNano: 1_767_225_600_400_000_000n,
                  name: "kept",
                  attributes: [{ key: "a", value: { intValue: 1n } }],
                  droppedAttributesCount: 0,
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
                  flags: 0x301,
                },
              ],
              droppedLinksCount: 0,
              status: { code: 2, message: "boom" },
              flags: 0x301,
            },
          ],
        },
      ],
    },
  ],
};

test.each([
  ["JSON", (url: string) => new JsonTraceExporter({ url })],
  ["protobuf", (url: string) => new ProtobufTraceExporter({ url })],
])("every field that the official %s exporter sends comes back unchanged", async (_encoding, exporter) => {
  await sendSpan(exporter(`${collector.url}/v1/traces`));

  const otlp = await fetch(`${collector.url}/api/traces/${TRACE_ID}?format=otlp`);

  expect(decodeTracesJson(await otlp.text())).toStrictEqual(SENT);
});

test("a span is found by its trace and its request, listed, and counted; also after a restart", async () => {
  await sendSpan(new ProtobufTraceExporter({ url: `${collector.url}/v1/traces` }));
  await collector.close();
  collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });

  const byTrace = await get<TraceDetail>(`/api/traces/${TRACE_ID}`);
  const byRequest = await get<TraceDetail>(`/api/traces/${REQUEST_ID}`);
  const list = await get<TraceList>("/api/traces?function=orders&status=error");

  expect(byRequest).toEqual(byTrace);
  expect(byTrace).toMatchObject({
    traceIds: [TRACE_ID],
    requestIds: [REQUEST_ID],
    functions: ["orders"],
    errorCount: 1,
  });
  expect(byTrace.spans).toMatchObject([
    {
      spanId: SPAN_ID,
      kind: "server",
      requestId: REQUEST_ID,
      durationNs: 104_999_999,
      status: { code: "error", message: "boom" },
      attributes: { text: "grün", no: false, whole: -7, half: 0.5, numbers: [1, 2.5] },
    },
  ]);
  expect(list.traces.map((row) => row.id)).toEqual([byTrace.id]);
  expect(await get<Stats>("/api/stats")).toMatchObject({ spans: 1, traces: 1, invocations: 1, receivedSpans: 1 });
});

const sendLog = async (exporter: LogRecordExporter): Promise<void> => {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(RESOURCE),
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  provider.getLogger("lib").emit({
    timestamp: 1_767_225_600_350,
    severityNumber: SeverityNumber.ERROR,
    severityText: "ERROR",
    body: { card: "declined", cents: 1250 },
    attributes: { "faas.invocation_id": REQUEST_ID, seq: 3 },
    context: trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: TraceFlags.SAMPLED }),
  });
  await provider.forceFlush();
  await provider.shutdown();
};

test.each([
  ["JSON", (url: string) => new JsonLogExporter({ url })],
  ["protobuf", (url: string) => new ProtobufLogExporter({ url })],
])("a log record of the official %s exporter is found by its trace and by its request", async (_encoding, exporter) => {
  await sendLog(exporter(`${collector.url}/v1/logs`));

  const byTrace = await get<LogList>(`/api/logs?traceId=${TRACE_ID.toUpperCase()}`);

  expect(byTrace).toEqual({
    logs: [
      {
        timeUnixNano: "1767225600350000000",
        severityNumber: SeverityNumber.ERROR,
        severityText: "ERROR",
        body: { card: "declined", cents: 1250 },
        traceId: TRACE_ID,
        spanId: SPAN_ID,
        requestId: REQUEST_ID,
        functionName: "orders",
        attributes: { "faas.invocation_id": REQUEST_ID, seq: 3 },
      },
    ],
  });
  expect(await get<LogList>(`/api/logs?requestId=other&requestId=${REQUEST_ID}`)).toEqual(byTrace);
  expect(await get<LogList>("/api/logs?requestId=other")).toEqual({ logs: [] });
});

test("logs of a thousand traces and a thousand requests may be asked for at once", async () => {
  await sendLog(new JsonLogExporter({ url: `${collector.url}/v1/logs` }));
  const traceIds = Array.from({ length: 1000 }, (_, n) => `traceId=${(n + 1).toString(16).padStart(32, "0")}`);
  const others = Array.from(
    { length: 999 },
    (_, n) => `requestId=8f507cfc-xmpl-4697-b07a-${String(n).padStart(12, "0")}`,
  );

  const found = await get<LogList>(`/api/logs?${[...traceIds, ...others, `requestId=${REQUEST_ID}`].join("&")}`);

  expect(found.logs).toMatchObject([{ requestId: REQUEST_ID }]);
  await expect(get(`/api/logs?${[...traceIds, ...traceIds.slice(0, 1)].join("&")}`)).rejects.toThrow("400");
});

test("a retry of a log line is there once; more lines than asked for are cut, and it says so", async () => {
  const line = (seq: number) => ({ body: { stringValue: `${seq}` }, traceId: TRACE_ID, timeUnixNano: String(seq) });
  const send = (...seqs: number[]) =>
    fetch(`${collector.url}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: seqs.map(line) }] }] }),
    });
  await send(2, 3);
  await send(1);
  await send(2, 3);

  const all = await get<LogList>(`/api/logs?traceId=${TRACE_ID}`);
  const two = await get<LogList>(`/api/logs?traceId=${TRACE_ID}&limit=2`);

  expect(all.logs.map((one) => one.body)).toEqual(["1", "2", "3"]);
  expect(all).not.toHaveProperty("truncated");
  expect(two).toEqual({ logs: all.logs.slice(0, 2), truncated: true, cursor: "2.1" });
  expect(await get<LogList>(`/api/logs?traceId=${TRACE_ID}&limit=2&cursor=2.1`)).toEqual({ logs: all.logs.slice(2) });
  const newest = await get<LogList>("/api/logs?limit=2");
  expect(newest.logs.map((one) => one.body)).toEqual(["3", "2"]);
  expect((await get<LogList>(`/api/logs?cursor=${newest.cursor}`)).logs.map((one) => one.body)).toEqual(["1"]);
});

const sendJsonSpan = async (fields: object): Promise<void> => {
  const body = tracesJson(jsonSpan(fields));
  const response = await fetch(`${collector.url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body });
  expect(response.status).toBe(200);
};

test("a wide story comes in pages: a small one first, each span once, with what leads to it", async () => {
  const id = (n: number) => n.toString(16).padStart(16, "0");
  const texts = (key: string, ...values: string[]) => ({
    key,
    value: { arrayValue: { values: values.map((stringValue) => ({ stringValue })) } },
  });
  const count = 2_500;
  const consumers = Array.from({ length: count }, (_, n) => ({
    traceId: (n + 1).toString(16).padStart(32, "a"),
    spanId: id(n + 1),
    name: "process notices",
    kind: 5,
    startTimeUnixNano: String(2_000_000n + BigInt(n)),
    endTimeUnixNano: String(3_000_000n + BigInt(n)),
    attributes: [texts("mayfly.keys.consumed", "sns-message||m-1")],
  }));
  const sender = {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    name: "send notices",
    kind: 4,
    startTimeUnixNano: "1000000",
    endTimeUnixNano: "1500000",
    attributes: [texts("mayfly.keys.produced", "sns-message||m-1")],
  };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [...consumers.toReversed(), sender] }] }] });
  expect((await fetch(`${collector.url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body })).status).toBe(200);

  const pages = [await get<TraceDetail>(`/api/traces/${TRACE_ID}`)];
  for (let cursor = pages[0]?.cursor; cursor !== undefined; cursor = pages.at(-1)?.cursor)
    pages.push(await get<TraceDetail>(`/api/traces/${TRACE_ID}?cursor=${cursor}`));

  expect(
    pages.map(({ spans, joins, spanCount, truncated }) => [spans.length, joins.length, spanCount, truncated]),
  ).toEqual([
    [1_000, 999, count + 1, true],
    [count + 1 - 1_000, count + 1 - 1_000, count + 1, undefined],
  ]);
  expect(pages.flatMap(({ spans }) => spans.map(({ spanId }) => spanId))).toEqual([
    SPAN_ID,
    ...consumers.map((one) => one.spanId),
  ]);
  for (const { spans, joins } of pages) {
    const here = new Set(spans.map(({ spanId }) => spanId));
    expect(joins.filter(({ to }) => !here.has(to.spanId))).toEqual([]);
  }
  expect(pages.map(({ criticalPath }) => criticalPath !== undefined)).toEqual([true, false]);

  // What arrives between two pages comes into the story that is asked for next.
  const [page] = pages as [TraceDetail];
  expect(await get(`/api/traces/${TRACE_ID}`)).toEqual(page);
  await sendJsonSpan({ spanId: "f".repeat(16), startTimeUnixNano: "1200000", endTimeUnixNano: "1300000" });
  expect(await get(`/api/traces/${TRACE_ID}?cursor=${page.cursor}`)).toEqual(pages[1]);
  const { spanCount } = await get<TraceDetail>(`/api/traces/${TRACE_ID}`);
  expect(spanCount).toBe(page.spanCount + 1);
});

test("an invocation that came unfinished is an error, until it comes finished", async () => {
  await sendJsonSpan({ attributes: [{ key: "mayfly.unfinished", value: { boolValue: true } }] });
  const unfinished = await get<TraceDetail>(`/api/traces/${TRACE_ID}`);
  expect(unfinished).toMatchObject({ errorCount: 1, spanCount: 1, spans: [{ status: { code: "error" } }] });
  expect((await get<TraceList>("/api/traces?status=error")).traces).toHaveLength(1);

  await sendJsonSpan({ endTimeUnixNano: "1767225600520000000" });
  const finished = await get<TraceDetail>(`/api/traces/${TRACE_ID}`);
  expect(finished).toMatchObject({ errorCount: 0, spanCount: 1, spans: [{ status: { code: "unset" } }] });
  expect((await get<TraceList>("/api/traces?status=error")).traces).toEqual([]);
  expect(await get<Stats>("/api/stats")).toMatchObject({ spans: 2, traces: 1 });
});

test("a client that never finishes does not hold up the end", async () => {
  const slow = await startCollector({ host: "127.0.0.1", port: 0, dataDir: `${dataDir}/slow` }, { drainMs: 10 });
  const socket = connect(Number(new URL(slow.url).port), "127.0.0.1");
  socket.write(
    "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
  );
  await fetch(`${slow.url}/healthz`);

  await slow.close();

  expect(await text(socket)).toBe("");
  await expect(slow.close()).resolves.toBeUndefined();
});

test("a port that is taken is named, and nothing stays open", async () => {
  const { port } = new URL(collector.url);
  const second = startCollector({ host: "127.0.0.1", port: Number(port), dataDir: `${dataDir}/second` });
  await expect(second).rejects.toMatchObject({
    code: "address-unavailable",
    message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}: .*; choose another port with --port$`)),
  });
});

test("an address that this machine does not have is named, and which flag it is", async () => {
  const elsewhere = { host: "203.0.113.7", port: 0, insecure: true, dataDir: `${dataDir}/second` };
  await expect(startCollector(elsewhere)).rejects.toMatchObject({
    code: "address-unavailable",
    message: expect.stringMatching(/203\.0\.113\.7.*; name an address of this machine with --host$/),
  });
});
