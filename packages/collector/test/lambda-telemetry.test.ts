/** Batches of Lambda's Telemetry API, as an extension passes them on. */
import { anyValueToPlain } from "@mayfly/otlp";
import { gzipSync } from "node:zlib";
import type { FunctionList, Invocation, LogList, TraceDetail } from "@mayfly/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonSpan, openPipeline, type TestPipeline, tracesJson } from "./http.ts";
import { storedSpans } from "./stored-spans.ts";

const REQUEST_ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
const TRACING = {
  spanId: "1a2b3c4d5e6f7081",
  type: "X-Amzn-Trace-Id",
  value: "Root=1-6956b300-0123456789abcdef01234567;Parent=89abcdef01234567;Sampled=1",
};

const event = (ms: number, type: string, record: unknown) => ({
  time: new Date(1_767_225_600_000 + ms).toISOString(),
  type,
  record,
});

const INIT = { initializationType: "on-demand", phase: "init" };
const BATCH = [
  event(10, "platform.initStart", { ...INIT, functionName: "orders", functionVersion: "7", instanceId: "2b6f" }),
  event(311, "platform.initReport", { ...INIT, status: "success", metrics: { durationMs: 300.5 } }),
  event(315, "platform.start", { requestId: REQUEST_ID, version: "7", tracing: TRACING }),
  event(350, "function", {
    timestamp: "2026-01-01T00:00:00.349Z",
    level: "WARN",
    requestId: REQUEST_ID,
    message: "hi",
    seq: 3,
  }),
  event(351, "function", `2026-01-01T00:00:00.351Z\t${REQUEST_ID}\tERROR\tplain`),
  event(360, "extension", "[obs-ext] flushed"),
  event(420, "platform.runtimeDone", {
    requestId: REQUEST_ID,
    status: "success",
    metrics: { durationMs: 104.2, producedBytes: 52 },
    tracing: TRACING,
  }),
  event(425, "platform.report", {
    requestId: REQUEST_ID,
    status: "success",
    metrics: { durationMs: 108, billedDurationMs: 409, memorySizeMB: 512, maxMemoryUsedMB: 91, initDurationMs: 300.5 },
    tracing: TRACING,
  }),
  event(430, "platform.somethingNew", { anything: [1, null] }),
];

let pipeline: TestPipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

const post = (payload: string | Buffer, url = "/v1/lambda/telemetry", headers: Record<string, string> = {}) =>
  pipeline.app.inject({
    method: "POST",
    url,
    headers: { "content-type": "application/json", ...headers },
    payload,
  });
const stats = () => pipeline.store.stats();

test("an init that failed is an error among the lines, though no invocation tells of it", async () => {
  const failed = { ...INIT, errorType: "Runtime.ImportModuleError" };
  const batch = [
    event(1, "platform.initStart", INIT),
    event(2, "platform.initRuntimeDone", { ...failed, status: "error" }),
    event(3, "platform.initReport", { ...failed, status: "timeout", metrics: { durationMs: 2 } }),
    event(4, "platform.restoreReport", { status: "success", metrics: { durationMs: 2 } }),
  ];
  expect((await post(JSON.stringify(batch))).statusCode).toBe(200);
  const { logs } = await pipeline.store.logsWith({ limit: 100, levels: ["error"] });
  expect(logs.map(({ wire }) => wire.eventName).toSorted()).toEqual([
    "platform.initReport",
    "platform.initRuntimeDone",
  ]);
});

test("each record is a log record as it came, and an invocation's are one span beside them", async () => {
  const response = await post(JSON.stringify(BATCH));

  expect([response.statusCode, response.json()]).toEqual([200, { records: 9, rejected: {} }]);
  const { logs } = await pipeline.store.logsWith({ limit: 100 });
  const told = logs.map(({ time, wire, origin }) => [
    Number(time / 1_000_000n) - 1_767_225_600_000,
    wire.eventName || wire.severityText,
    anyValueToPlain(wire.body),
    origin.functionName,
  ]);
  expect(told.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
    [10, "platform.initStart", BATCH[0]?.record, "orders"],
    [311, "platform.initReport", BATCH[1]?.record, "orders"],
    [315, "platform.start", BATCH[2]?.record, "orders"],
    [349, "WARN", "hi", "orders"],
    [351, "ERROR", BATCH[4]?.record, "orders"],
    [360, "INFO", "[obs-ext] flushed", "orders"],
    [420, "platform.runtimeDone", BATCH[6]?.record, "orders"],
    [425, "platform.report", BATCH[7]?.record, "orders"],
    [430, "platform.somethingNew", { anything: [1, null] }, "orders"],
  ]);
  expect(logs.filter(({ requestId }) => requestId === REQUEST_ID)).toHaveLength(5);
  expect(logs.find(({ seq }) => seq === 3)?.requestId).toBe(REQUEST_ID);

  const answer = await pipeline.app.inject("/api/logs?text=platform.somethingNew");
  expect(answer.json<LogList>().logs).toMatchObject([{ eventName: "platform.somethingNew" }]);

  const spans = await storedSpans(pipeline.store);
  expect(spans).toMatchObject([
    {
      traceId: "6956b3000123456789abcdef01234567",
      spanId: "1a2b3c4d5e6f7081",
      requestId: REQUEST_ID,
      isColdStart: true,
    },
  ]);
});

describe("the API tells what Lambda says of an invocation", () => {
  const platform = {
    status: "success",
    durationMs: 108,
    billedDurationMs: 409,
    memorySizeMb: 512,
    maxMemoryUsedMb: 91,
    initDurationMs: 300.5,
    producedBytes: 52,
    startTimeUnixNano: "1767225600315000000",
  };
  const get = async <T>(path: string): Promise<T> => (await pipeline.app.inject({ url: path })).json<T>();
  const invocation = jsonSpan({
    attributes: [{ key: "faas.invocation_id", value: { stringValue: REQUEST_ID } }],
    startTimeUnixNano: "1767225600318000000",
  });

  test("beside its span, where it sends one", async () => {
    await post(JSON.stringify(BATCH));
    await post(tracesJson(invocation), "/v1/traces");

    const { spans, gaps, errorCount } = await get<TraceDetail>(`/api/traces/${REQUEST_ID}`);
    expect([gaps, errorCount]).toEqual([[], 0]);
    expect(spans).toEqual([expect.objectContaining({ spanId: "1a2b3c4d5e6f7081", name: "orders", platform })]);
    expect(spans[0]).not.toHaveProperty("evidence");
    const { attempts } = await get<Invocation>(`/api/invocations/${REQUEST_ID}`);
    expect(attempts).toEqual([expect.objectContaining({ platform, coldStart: true, spanCount: 1 })]);
  });

  test("in its place, where it sends none", async () => {
    await post(JSON.stringify(BATCH));

    const { spans, gaps } = await get<TraceDetail>(`/api/traces/${REQUEST_ID}`);
    expect(gaps.map(({ reason }) => reason)).toEqual(["uninstrumented-function"]);
    expect(spans).toEqual([
      expect.objectContaining({
        name: "orders",
        functionName: "orders",
        requestId: REQUEST_ID,
        platform,
        evidence: "platform",
      }),
    ]);
    const { attempts } = await get<Invocation>(`/api/invocations/${REQUEST_ID}`);
    expect(attempts).toEqual([expect.objectContaining({ platform, evidence: "platform", coldStart: true })]);
    const { functions } = await get<FunctionList>("/api/functions?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z");
    expect(functions).toMatchObject([{ name: "orders", invocations: 1, coldStarts: 1 }]);
  });

  test("as it was made of the records, each span of it, where OTLP is asked for", async () => {
    await post(JSON.stringify(BATCH.slice(2, 3)));
    await post(JSON.stringify(BATCH.slice(6)), "/v1/lambda/telemetry?functionName=orders");
    const { resourceSpans } = await get<{ resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] }>(
      `/api/traces/${REQUEST_ID}?format=otlp`,
    );
    expect(resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))).toHaveLength(2);
    const bare = await get<TraceDetail>("/api/traces/6956b3000123456789abcdef01234567?stitch=false");
    expect(bare.spans).toHaveLength(2);
  });

  test.each([
    ["Runtime.OutOfMemory", {}, true],
    ["Runtime.ExitError", { memorySizeMB: 128, maxMemoryUsedMB: 128 }, true],
    ["Runtime.ExitError", { memorySizeMB: 128, maxMemoryUsedMB: 90 }, undefined],
  ])("%s with %j: killed for its memory: %s", async (errorType, metrics, outOfMemory) => {
    const record = { requestId: REQUEST_ID, status: "error", errorType, metrics: { durationMs: 5, ...metrics } };
    await post(JSON.stringify([event(20, "platform.report", record)]));
    const { spans, errorCount } = await get<TraceDetail>(`/api/traces/${REQUEST_ID}`);
    expect([spans[0]?.platform?.outOfMemory, spans[0]?.platform?.status, errorCount]).toEqual([
      outOfMemory,
      "error",
      1,
    ]);
  });
});

test("the query names the function where the records do not", async () => {
  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:charge:7";
  const url = `/v1/lambda/telemetry?functionArn=${arn}&logStream=${encodeURIComponent("2026/01/01/[7]01")}`;
  expect((await post(JSON.stringify(BATCH.slice(2, 3)), url)).statusCode).toBe(200);
  const spans = await storedSpans(pipeline.store);
  const attributes = spans[0]?.origin.resource?.attributes.map(({ key, value }) => [key, anyValueToPlain(value)]);
  expect(Object.fromEntries(attributes ?? [])).toEqual({
    "cloud.provider": "aws",
    "cloud.platform": "aws_lambda",
    "cloud.region": "eu-west-1",
    "cloud.account.id": "123456789012",
    "cloud.resource_id": arn,
    "faas.name": "charge",
    "faas.version": "7",
    "faas.instance": "2026/01/01/[7]01",
    "aws.log.stream.names": ["2026/01/01/[7]01"],
  });
});

test("a batch that comes again is stored once, packed or not", async () => {
  await post(JSON.stringify(BATCH));
  await post(gzipSync(JSON.stringify(BATCH)), undefined, { "content-encoding": "gzip" });
  expect(await stats()).toMatchObject({ logs: 9, duplicateLogs: 9, spans: 1, duplicateSpans: 1 });
});

test("a record that is none is counted, the others are kept", async () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 200; depth += 1) deep = [deep];
  const bad = [
    null,
    {},
    { ...BATCH[2], time: "soon" },
    { ...BATCH[2], time: "9999-12-31T00:00:00Z" },
    event(1, "function", deep),
  ];
  const response = await post(JSON.stringify([...bad, BATCH[2]]));
  const rejected = { "malformed-telemetry-record": 4, "value-too-deep": 1 };
  expect(response.json()).toEqual({ records: 1, rejected });
  expect(await stats()).toMatchObject({ logs: 1, rejectedLogs: rejected });
});

test.each([
  { what: "no JSON", body: "[", status: 400, code: "malformed-body" },
  { what: "no array", body: "{}", status: 400, code: "malformed-body" },
  {
    what: "no such function",
    body: "[]",
    query: "?functionArn=arn:aws:s3:::bucket",
    status: 400,
    code: "bad-parameter",
  },
  { what: "an unknown parameter", body: "[]", query: "?function=orders", status: 400, code: "bad-parameter" },
  { what: "another type", body: "[]", type: "text/plain", status: 415, code: "unsupported-content-type" },
])("$what is refused", async ({ body, query = "", type = "application/json", status, code }) => {
  const response = await post(body, `/v1/lambda/telemetry${query}`, { "content-type": type });
  expect([response.statusCode, response.json()]).toMatchObject([status, { error: { code } }]);
});

test("an empty batch is a success", async () => {
  expect((await post("[]")).json()).toEqual({ records: 0, rejected: {} });
  expect(await stats()).toMatchObject({ receivedLogs: 0, receivedSpans: 0 });
});
