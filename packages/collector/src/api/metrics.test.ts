import { afterEach, beforeEach, expect, test } from "vitest";
import { JSON_TYPE, jsonSpan, openPipeline, type TestPipeline, tracesJson } from "../../test/http.ts";
import { StoreError } from "../errors.ts";
import { createLog } from "../self/log.ts";
import { METRICS } from "../self/metrics.ts";

let pipeline: TestPipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

const send = (payload: string) =>
  pipeline.app.inject({ method: "POST", url: "/v1/traces", headers: JSON_TYPE, payload });

const SAMPLE = /^([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (-?[\d.e+-]+)$/;

/** Held against the grammar of the text format. */
const scrape = async (): Promise<ReadonlyMap<string, number>> => {
  const answer = await pipeline.app.inject({ url: "/metrics" });
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  expect(answer.body.endsWith("\n")).toBe(true);
  const values = new Map<string, number>();
  let family = "";
  for (const line of answer.body.trimEnd().split("\n")) {
    const declared = /^# (?:HELP|TYPE) ([a-z_0-9]+) /.exec(line)?.[1];
    if (declared !== undefined) family = declared;
    else {
      const [, name = "", labels = "", value] = SAMPLE.exec(line.replace(/p\d\d/, "p")) ?? [];
      expect(line).toMatch(/^\S/);
      expect(name, line).toContain(family.replace(/p\d\d/, "p"));
      values.set(line.slice(0, line.lastIndexOf(" ")), Number(value));
      expect(labels).not.toContain("undefined");
    }
  }
  return values;
};

test("the ledger, what was refused, and how requests were answered", async () => {
  await send(tracesJson(jsonSpan(), jsonSpan({ traceId: "0".repeat(32) })));
  await send("no such thing");
  await pipeline.app.inject({ url: "/api/traces/nobody-knows-it" });
  await pipeline.app.inject({ url: "/api/traces?colour=red" });

  const metrics = await scrape();

  expect(Object.fromEntries(metrics)).toMatchObject({
    'mayfly_info{version="1.2.3"}': 1,
    mayfly_received_spans_total: 2,
    'mayfly_rejected_spans_total{reason="invalid-trace-id"}': 1,
    mayfly_stored_spans: 1,
    mayfly_store_up: 1,
    'mayfly_refused_requests_total{code="malformed-body"}': 1,
    'mayfly_refused_api_requests_total{code="not-found"}': 1,
    'mayfly_refused_api_requests_total{code="bad-parameter"}': 1,
    'mayfly_partitions{state="active"}': 1,
    'mayfly_partitions{state="full"}': 0,
    'mayfly_partitions{state="sealed"}': 0,
    'mayfly_partitions{state="keys-only"}': 0,
    'mayfly_partitions{state="set-aside"}': 0,
    mayfly_inflight_bytes: 0,
    mayfly_append_queue_depth: 0,
    mayfly_append_duration_seconds_count: 1,
    'mayfly_http_requests_total{method="POST",route="/v1/traces",status="200"}': 1,
    'mayfly_http_requests_total{method="POST",route="/v1/traces",status="400"}': 1,
    'mayfly_http_requests_total{method="GET",route="/api/traces/:id",status="404"}': 1,
    'mayfly_http_request_duration_seconds_count{route="/v1/traces"}': 2,
  });
  for (const name of ["mayfly_store_bytes", "mayfly_inflight_bytes_highest", "process_resident_memory_bytes"])
    expect(metrics.get(name)).toBeGreaterThan(0);
  expect(metrics.get("process_start_time_seconds")).toBeLessThan(Date.now() / 1000);
});

test("every metric of the table is declared", async () => {
  const { body } = await pipeline.app.inject({ url: "/metrics" });
  const declared = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  expect(declared).toEqual(Object.values(METRICS).map(({ name, type }) => [name, type]));
});

test("a store that does not answer is told, and all else goes on", async () => {
  pipeline.store.stats = () => Promise.reject(new StoreError("store-failed", "gone"));
  const metrics = await scrape();
  expect(metrics.get("mayfly_store_up")).toBe(0);
  expect(metrics.has("mayfly_received_spans_total")).toBe(false);
  expect(metrics.has("process_cpu_seconds_total")).toBe(true);
});

test("a question that takes long is in the log with its words, telemetry that takes long is not", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", stream: { write: (line) => lines.push(line) } });
  await pipeline.close();
  pipeline = await openPipeline({ log, slowQueryMs: 0 });

  await send(tracesJson(jsonSpan()));
  await pipeline.app.inject({ url: "/api/traces?q=o-17" });

  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: "WARN", message: "slow query", url: "/api/traces?q=o-17", route: "/api/traces", ms: expect.any(Number) },
  ]);
});

test("what failed is in the log with the id that its answer had, and nothing of its body", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "debug", stream: { write: (line) => lines.push(line) } });
  await pipeline.close();
  pipeline = await openPipeline({ log });
  pipeline.store.append = () =>
    Promise.reject(new StoreError("store-failed", "cannot store", { cause: new Error("ENOSPC") }));

  const answer = await send(tracesJson(jsonSpan({ name: "secret-name" })));

  expect(answer.statusCode).toBe(503);
  const requestId = answer.headers["x-request-id"];
  expect(requestId).toMatch(/^[0-9a-f]{12}-\w+$/);
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told).toMatchObject([
    { level: "ERROR", message: "request failed", code: "store-failed", requestId, route: "/v1/traces", status: 503 },
    { level: "DEBUG", message: "answered", requestId, status: 503 },
  ]);
  expect(lines.join("")).toContain("ENOSPC");
  expect(lines.join("")).not.toContain("secret-name");
  expect(pipeline.bugs).toEqual([]);
});
