import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeStatus } from "@mayfly/otlp";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JSON_TYPE, PROTOBUF_TYPE, jsonSpan, openPipeline, type TestPipeline, tracesJson } from "../../test/http.ts";
import { StoreError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { createAdmission } from "./admission.ts";

let pipeline: TestPipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

const post = (url: string, headers: Record<string, string>, payload: string | Buffer) =>
  pipeline.app.inject({ method: "POST", url, headers, payload });

const spans = async (): Promise<number> => (await pipeline.store.stats()).spans;

test.each(["/v1/traces", "/v1/logs", "/v1/metrics"])(
  "%s answers a full success with nothing, in the request's encoding",
  async (url) => {
    const json = await post(url, JSON_TYPE, "{}");
    expect([json.statusCode, json.headers["content-type"], json.body]).toEqual([200, "application/json", "{}"]);
    for (const type of ["application/x-protobuf", "application/protobuf"]) {
      const protobuf = await post(url, { "content-type": type }, "");
      expect([protobuf.statusCode, protobuf.headers["content-type"], protobuf.body]).toEqual([
        200,
        "application/x-protobuf",
        "",
      ]);
    }
  },
);

test("a charset beside the content type is no other type", async () => {
  expect(
    await post("/v1/traces", { "content-type": "Application/JSON; charset=utf-8" }, tracesJson(jsonSpan())),
  ).toMatchObject({ statusCode: 200 });
});

test.each([
  ["identity", (text: string) => Buffer.from(text)],
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["zstd", zstdCompressSync],
] as const)("a body packed as %s is read", async (encoding, pack) => {
  const response = await post(
    "/v1/traces",
    { ...JSON_TYPE, "content-encoding": encoding },
    pack(tracesJson(jsonSpan())),
  );
  expect(response.statusCode).toBe(200);
  expect(await spans()).toBe(1);
});

test("packed or not, it is the same request", async () => {
  const body = tracesJson(jsonSpan());
  await post("/v1/traces", JSON_TYPE, body);
  const again = await post("/v1/traces", { ...JSON_TYPE, "content-encoding": "gzip" }, gzipSync(body));
  expect(again.statusCode).toBe(200);
  expect(await pipeline.store.stats()).toMatchObject({ spans: 1, duplicateSpans: 1, receivedSpans: 2 });
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["zstd", zstdCompressSync],
] as const)("a bomb in %s is too large before it has gone off", async (encoding, pack) => {
  const bomb = pack(Buffer.alloc(64 * 1024 * 1024 + 1));
  expect(bomb.length).toBeLessThan(100_000);
  const response = await post("/v1/traces", { ...JSON_TYPE, "content-encoding": encoding }, bomb);
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({ message: expect.stringContaining("unpack to more than 64 MiB") });
});

test("what was refused whole is counted by its code", async () => {
  await post("/v1/traces", JSON_TYPE, "no such thing");
  await post("/v1/logs", JSON_TYPE, "{");
  await post("/v1/traces", { "content-type": "text/plain" }, "x");
  const stats = await pipeline.app.inject({ url: "/api/stats" });
  expect(stats.json()).toMatchObject({
    receivedSpans: 0,
    refusedRequests: { "malformed-body": 2, "unsupported-content-type": 1 },
  });
});

test("a body beyond the limit is refused by its announced length", async () => {
  const response = await post("/v1/traces", { ...JSON_TYPE, "content-length": String(64 * 1024 * 1024 + 1) }, "{}");
  expect(response.statusCode).toBe(413);
});

test.each(["gzip", "deflate", "zstd"])("a body that is not %s is malformed", async (encoding) => {
  const response = await post("/v1/traces", { ...JSON_TYPE, "content-encoding": encoding }, "no such thing");
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ message: expect.stringContaining(`13 bytes of ${encoding}`) });
});

test.each(["br", "gzip, gzip", "constructor"])("content encoding %j is not known", async (encoding) => {
  expect(await post("/v1/traces", { ...JSON_TYPE, "content-encoding": encoding }, "x")).toMatchObject({
    statusCode: 415,
  });
});

test.each(["text/plain", "application/xml", "application/jsonp"])("content type %s is refused", async (type) => {
  expect(await post("/v1/traces", { "content-type": type }, "{}")).toMatchObject({ statusCode: 415 });
});

test("a body without a type is refused", async () => {
  expect(await pipeline.app.inject({ method: "POST", url: "/v1/traces" })).toMatchObject({ statusCode: 415 });
});

test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] as const)(
  "%s is not how telemetry is sent",
  async (method) => {
    const response = await pipeline.app.inject({ method, url: "/v1/logs" });
    expect([response.statusCode, response.headers.allow]).toEqual([405, "POST"]);
    expect(response.headers).not.toHaveProperty("access-control-allow-origin");
  },
);

test("garbage is refused with a Status in the encoding it came in, naming the place", async () => {
  const json = await post("/v1/traces", JSON_TYPE, '{"resourceSpans":[{"scopeSpans":{}}]}');
  expect([json.statusCode, json.headers["content-type"]]).toEqual([400, "application/json"]);
  expect(json.json()).toEqual({
    code: 3,
    message: expect.stringContaining("resourceSpans[0].scopeSpans: expected an array"),
  });

  const protobuf = await post("/v1/traces", PROTOBUF_TYPE, Buffer.from([0x0a, 0x7f]));
  expect([protobuf.statusCode, protobuf.headers["content-type"]]).toEqual([400, "application/x-protobuf"]);
  expect(protobuf.rawPayload.subarray(0, 2)).toEqual(Buffer.from([0x08, 3]));
  expect(protobuf.body).toContain("byte");
});

test("a bad span is rejected with count and reason, and the good ones are stored", async () => {
  const response = await post(
    "/v1/traces",
    JSON_TYPE,
    tracesJson(jsonSpan(), jsonSpan({ traceId: "00" }), jsonSpan({ spanId: "" })),
  );
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    partialSuccess: {
      rejectedSpans: "2",
      errorMessage: expect.stringMatching(
        /^2 of 3 spans rejected: invalid-trace-id, invalid-span-id; .*resourceSpans\[0\].scopeSpans\[0\].spans\[1\]/,
      ),
    },
  });
  expect(await pipeline.store.stats()).toMatchObject({
    spans: 1,
    receivedSpans: 3,
    rejectedSpans: { "invalid-trace-id": 1, "invalid-span-id": 1 },
  });
});

const tooDeep = (): unknown => {
  let value: object = { stringValue: "x" };
  for (let depth = 0; depth < 40; depth++) value = { arrayValue: { values: [value] } };
  return value;
};

test("a span that does not decode is rejected with its place, and the good ones are stored", async () => {
  const response = await post(
    "/v1/traces",
    JSON_TYPE,
    tracesJson(
      jsonSpan(),
      jsonSpan({ startTimeUnixNano: "soon" }),
      jsonSpan({ attributes: [{ key: "a", value: tooDeep() }] }),
      jsonSpan({ spanId: "" }),
    ),
  );

  expect([response.statusCode, response.json()]).toEqual([
    200,
    {
      partialSuccess: {
        rejectedSpans: "3",
        errorMessage:
          "3 of 4 spans rejected: malformed-span, value-too-deep, invalid-span-id; cannot decode " +
          'resourceSpans[0].scopeSpans[0].spans[1].startTimeUnixNano: expected an unsigned 64-bit integer, got "soon"',
      },
    },
  ]);
  expect(await pipeline.store.stats()).toMatchObject({
    spans: 1,
    receivedSpans: 4,
    rejectedSpans: { "malformed-span": 1, "value-too-deep": 1, "invalid-span-id": 1 },
  });
});

test("a log record that does not decode is rejected by reason, and the good ones are stored", async () => {
  const logRecords = [{ body: tooDeep() }, { body: { stringValue: "fine" } }, { severityText: 7 }];

  const response = await post(
    "/v1/logs",
    JSON_TYPE,
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
  );

  expect([response.statusCode, response.json()]).toMatchObject([
    200,
    {
      partialSuccess: {
        rejectedLogRecords: "2",
        errorMessage: expect.stringMatching(
          /^2 of 3 log records rejected: value-too-deep, malformed-log-record; cannot/,
        ),
      },
    },
  ]);
  expect(await pipeline.store.stats()).toMatchObject({
    logs: 1,
    receivedLogs: 3,
    rejectedLogs: { "value-too-deep": 1, "malformed-log-record": 1 },
  });
});

test("metrics are stored and counted by their data points", async () => {
  const gauge = (...asInt: readonly string[]) => ({ gauge: { dataPoints: asInt.map((value) => ({ asInt: value })) } });
  const metrics = [
    { name: "depth", ...gauge("1", "2") },
    { name: "bad", ...gauge("soon") },
  ];
  const response = await post(
    "/v1/metrics",
    JSON_TYPE,
    JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  );
  expect(response.statusCode).toBe(200);
  expect(response.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  expect(await pipeline.store.stats()).toMatchObject({
    metricPoints: 2,
    receivedMetricPoints: 3,
    rejectedMetricPoints: { "malformed-metric": 1 },
  });
});

test.each([
  ["/v1/traces", "resourceSpans", "scopeSpans", "spans", jsonSpan()],
  ["/v1/logs", "resourceLogs", "scopeLogs", "logRecords", {}],
  ["/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics", { gauge: { dataPoints: [{}] } }],
])(
  "of %s, a resource that does not decode costs what is under it, and no more",
  async (url, groups, scopes, records, one) => {
    const group = (resource: unknown) => ({ resource, [scopes]: [{ [records]: [one] }] });
    const response = await post(url, JSON_TYPE, JSON.stringify({ [groups]: [group({}), group("mine")] }));

    expect([response.statusCode, response.json()]).toMatchObject([
      200,
      {
        partialSuccess: {
          errorMessage: expect.stringMatching(
            new RegExp(
              `^1 of 2 .* rejected: malformed-.*; cannot decode ${groups}\\[1\\]\\.resource: expected an object`,
            ),
          ),
        },
      },
    ]);
  },
);

test("an answer stays small whatever was wrong, however often", async () => {
  const deepest = (depth: number): object =>
    depth === 0
      ? { intValue: "x".repeat(100_000) }
      : { kvlistValue: { values: [{ key: "k".repeat(1000), value: deepest(depth - 1) }] } };
  const bad = jsonSpan({ attributes: [{ key: "a", value: deepest(31) }] });

  const response = await post("/v1/traces", JSON_TYPE, tracesJson(...Array.from({ length: 50 }, () => bad)));

  expect(response.json()).toMatchObject({ partialSuccess: { rejectedSpans: "50" } });
  expect(response.rawPayload.length).toBeLessThan(4096);
});

test("other signals are not taken, and it says so as OTLP does", async () => {
  const response = await post("/v1/profiles", PROTOBUF_TYPE, "");
  expect(response.statusCode).toBe(404);
  expect(response.rawPayload).toEqual(
    Buffer.from(encodeStatus("protobuf", { code: 12, message: "nothing is served at /v1/profiles" })),
  );
});

const MIB = 1024 * 1024;

/** One span with an attribute of this size; no two numbers give the same request. */
const packedSpan = (number: number, bytes: number): Buffer => {
  const spanId = (number + 1).toString(16).padStart(16, "0");
  const value = { stringValue: "x".repeat(bytes) };
  return gzipSync(tracesJson(jsonSpan({ spanId, attributes: [{ key: "a", value }] })));
};

const GZIP = { ...JSON_TYPE, "content-encoding": "gzip" };

test("bodies that would not fit into memory together are refused for now, and never more is held than the budget", async () => {
  await pipeline.close();
  const budget = 8 * MIB;
  const admission = createAdmission(budget);
  pipeline = await openPipeline({ admission });
  const bodies = Array.from({ length: 24 }, (_, number) => packedSpan(number, 2 * MIB));

  const responses = await Promise.all(bodies.map((body) => post("/v1/traces", GZIP, body)));

  const stored = responses.filter(({ statusCode }) => statusCode === 200).length;
  const refused = responses.filter(({ statusCode }) => statusCode === 503);
  expect(stored).toBeGreaterThan(0);
  expect(refused.length).toBe(bodies.length - stored);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(headers["retry-after"]).toBe("5");
  expect(admission.highestHeldBytes).toBeGreaterThan(budget / 2);
  expect(admission.highestHeldBytes).toBeLessThanOrEqual(budget);
  expect(admission.heldBytes).toBe(0);
  expect(await spans()).toBe(stored);
  const stats = await pipeline.app.inject({ url: "/api/stats" });
  expect(stats.json()).toMatchObject({ refusedRequests: { overloaded: refused.length } });

  for (const [index, { statusCode }] of responses.entries()) {
    if (statusCode === 503) expect((await post("/v1/traces", GZIP, bodies[index]!)).statusCode).toBe(200);
  }
  expect(await spans()).toBe(bodies.length);
});

test("the largest body passes an idle collector", async () => {
  const body = gzipSync(tracesJson(jsonSpan()).padEnd(64 * MIB));
  expect(await post("/v1/traces", GZIP, body)).toMatchObject({ statusCode: 200 });
});

test("whatever becomes of a request, its bytes are given back", async () => {
  await pipeline.close();
  const admission = createAdmission();
  pipeline = await openPipeline({ admission });
  await post("/v1/traces", JSON_TYPE, tracesJson(jsonSpan()));
  await post("/v1/traces", JSON_TYPE, "{");
  await post("/v1/traces", GZIP, "no such thing");
  await post("/v1/traces", { ...JSON_TYPE, "content-encoding": "br" }, "{}");
  expect(admission.highestHeldBytes).toBeGreaterThan(0);
  expect(admission.heldBytes).toBe(0);
});

test("a sender that is refused while it still sends gets its answer, and may use the connection again", async () => {
  await pipeline.close();
  pipeline = await openPipeline({ admission: createAdmission(MIB) });
  await pipeline.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = pipeline.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/v1/traces`;

  const refused = await fetch(url, { method: "POST", headers: JSON_TYPE, body: Buffer.alloc(8 * MIB, " ") });
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 14 }]);
  const small = await fetch(url, { method: "POST", headers: JSON_TYPE, body: tracesJson(jsonSpan()) });
  expect(small.status).toBe(200);
});

test("a sender that goes away is no bug of ours, and leaves nothing behind", async () => {
  await pipeline.close();
  const admission = createAdmission();
  pipeline = await openPipeline({ admission });
  await pipeline.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = pipeline.app.server.address() as AddressInfo;
  const headers = { ...JSON_TYPE, "content-length": 100 };
  const request = httpRequest({ port, method: "POST", path: "/v1/traces", headers });
  request.on("error", () => {});
  request.write("{");
  await expect.poll(() => admission.heldBytes).toBe(1);

  request.destroy();

  await expect.poll(() => admission.heldBytes).toBe(0);
  expect(pipeline.bugs).toEqual([]);
});

/** The same store, whose disk refuses. */
const failing = (error: unknown): Store => ({
  ...pipeline.store,
  close: async () => {},
  async append() {
    throw error;
  },
});

test("a disk that refuses is 503 with a time to come back", async () => {
  await pipeline.close();
  pipeline = await openPipeline({ store: failing(new StoreError("store-failed", "disk full")) });
  const response = await post("/v1/traces", JSON_TYPE, tracesJson(jsonSpan()));
  expect([response.statusCode, response.headers["retry-after"]]).toEqual([503, "5"]);
  expect(response.json()).toEqual({ code: 14, message: "disk full" });
  expect(pipeline.bugs).toEqual([]);
});

test("a bug is 500, told to the operator and not to the sender", async () => {
  await pipeline.close();
  const bug = new TypeError("x is not a function");
  pipeline = await openPipeline({ store: failing(bug) });
  const response = await post("/v1/traces", JSON_TYPE, tracesJson(jsonSpan()));
  expect(response.statusCode).toBe(500);
  expect(response.json()).toEqual({ code: 13, message: "internal error" });
  expect(pipeline.bugs).toEqual([bug]);
});
