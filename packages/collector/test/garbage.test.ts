/** Whatever arrives, the answer is the sender's fault or a success, never a bug of ours. */
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonSpan, openPipeline, type TestPipeline, tracesJson } from "./http.ts";

let pipeline: TestPipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
});
afterAll(() => pipeline.close());

const EXPECTED = [200, 400, 413, 415];

const status = async (url: string, headers: Record<string, string>, payload: Buffer): Promise<number> => {
  const response = await pipeline.app.inject({ method: "POST", url, headers, payload });
  return response.statusCode;
};

/** A valid request with some of its bytes changed: reaches deeper than noise. */
const mutated = fc
  .tuple(
    fc.json({ maxDepth: 4 }).map((json) => tracesJson(jsonSpan({ attributes: JSON.parse(json) as unknown }))),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
  )
  .map(([text, changes]) => {
    const bytes = Buffer.from(text);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });

const REQUEST_ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";

/** Deliveries that are sound but for what stands in them. */
const delivered = fc
  .array(fc.oneof(fc.json(), fc.string(), fc.constant(`REPORT RequestId: ${REQUEST_ID} Duration: 1 ms`)))
  .map((messages) => {
    const events = messages.map((message) => ({ timestamp: 1_767_225_600_000, message }));
    const record = gzipSync(JSON.stringify({ messageType: "DATA_MESSAGE", logEvents: events }));
    return Buffer.from(JSON.stringify({ requestId: "q", records: [{ data: record.toString("base64") }] }));
  });
const posted = fc
  .array(
    fc.record({
      time: fc.constantFrom("2026-01-01T00:00:00.010Z", "soon", 7),
      type: fc.constantFrom("platform.start", "platform.report", "platform.initStart", "function", ""),
      record: fc.oneof(
        fc.jsonValue(),
        fc.record({ requestId: fc.constantFrom(REQUEST_ID, ""), metrics: fc.jsonValue(), tracing: fc.jsonValue() }),
      ),
    }),
  )
  .map((events) => Buffer.from(JSON.stringify(events)));

const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const body = fc.oneof(
  noise,
  mutated,
  delivered,
  posted,
  fc.json().map((json) => Buffer.from(json)),
);

test("no body makes a 5xx", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("/v1/traces", "/v1/logs", "/v1/metrics", "/v1/lambda/telemetry", "/v1/firehose"),
      fc.constantFrom("application/json", "application/x-protobuf"),
      fc.constantFrom("identity", "gzip", "deflate", "zstd"),
      fc.boolean(),
      body,
      async (url, type, encoding, isPacked, bytes) => {
        const payload = isPacked && encoding === "gzip" ? gzipSync(bytes) : bytes;
        expect(EXPECTED).toContain(await status(url, { "content-type": type, "content-encoding": encoding }, payload));
      },
    ),
    { numRuns: 400 },
  );
  expect(pipeline.bugs).toEqual([]);
});

test("no id and no parameter makes a 5xx", async () => {
  const ANSWERS = [200, 400, 404, 414];
  const urls = fc.oneof(
    fc.string({ unit: "binary" }).map((id) => `/api/traces/${encodeURIComponent(id.toWellFormed())}`),
    fc.webQueryParameters().map((query) => `/api/traces?${query}`),
    fc
      .tuple(fc.constantFrom("cursor", "from", "q", "function", "limit"), fc.string())
      .map(([name, value]) => `/api/traces?${name}=${encodeURIComponent(value)}`),
    fc
      .tuple(
        fc.constantFrom(
          "traceId",
          "requestId",
          "limit",
          "function",
          "level",
          "minLevel",
          "text",
          "from",
          "to",
          "cursor",
        ),
        fc.string(),
      )
      .map(([name, value]) => `/api/logs?${name}=${encodeURIComponent(value)}`),
  );
  await fc.assert(
    fc.asyncProperty(urls, async (url) => {
      expect(ANSWERS).toContain((await pipeline.app.inject({ url })).statusCode);
    }),
    { numRuns: 400 },
  );
  expect(pipeline.bugs).toEqual([]);
});
