import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JSON_TYPE, OPEN_ACCESS, openPipeline, type TestPipeline, TRACE_ID, tracesJson } from "../test/http.ts";
import { START } from "../test/builders.ts";
import { StoreError } from "./errors.ts";
import { openGuard } from "./guard/open.ts";

let pipeline: TestPipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

const get = (url: string, headers: Record<string, string> = {}) => pipeline.app.inject({ url, headers });
const PAGE = { accept: "text/html,*/*" };

test.each(["localhost", "localhost:4318", "127.0.0.1:4318", "127.0.0.1", "[::1]:9", "LOCALHOST"])(
  "Host %s is the loopback",
  async (host) => {
    expect(await get("/healthz", { host })).toMatchObject({ statusCode: 200 });
  },
);

test.each([
  "evil.example",
  "evil.example:4318",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "192.168.0.1:4318",
  "localhost:4318:1",
  "[::2]",
])("Host %s is somebody else's name for us (DNS rebinding)", async (host) => {
  for (const url of ["/healthz", "/api/stats", "/", "/nowhere"]) {
    const response = await get(url, { host });
    expect([response.statusCode, response.json()]).toMatchObject([403, { error: { code: "host-not-allowed" } }]);
  }
  const sent = await pipeline.app.inject({
    method: "POST",
    url: "/v1/traces",
    headers: { host, ...JSON_TYPE },
    payload: tracesJson(),
  });
  expect([sent.statusCode, sent.json()]).toMatchObject([403, { code: 7 }]);
});

test("the address it was told to bind is a name of its own", async () => {
  await pipeline.close();
  pipeline = await openPipeline({ guard: openGuard({ ...OPEN_ACCESS, host: "127.0.0.2", dataDir: tmpdir() }) });
  expect(await get("/healthz", { host: "127.0.0.2:4318" })).toMatchObject({ statusCode: 200 });
});

test.each(["/api/stats?x=1", "/api/logs?traceid=1", "/api/traces?stat=error", `/api/traces/${TRACE_ID}?stich=false`])(
  "%s has a parameter that nobody knows",
  async (url) => {
    const response = await get(url);
    expect([response.statusCode, response.json()]).toMatchObject([
      400,
      {
        error: {
          code: "bad-parameter",
          message: expect.stringMatching(/^\w+ is not a parameter here; there (?:are none|are \w+.*)$/),
        },
      },
    ]);
  },
);

test.each([
  ["/api/logs?cursor=x", 'cursor: expected the cursor of an answer to the same question, got "x"'],
  [
    "/api/logs?requestId=r&cursor=1.2.3.4",
    'cursor: expected the cursor of an answer to the same question, got "1.2.3.4"',
  ],
  [
    "/api/logs?from=x",
    'from: expected Unix nanoseconds, or RFC 3339 with its zone, such as 2026-01-31T12:00:00Z, got "x"',
  ],
  ["/api/metrics?function=f", 'name: expected the name of a metric, of which function tells more, got ""'],
  ["/api/metrics?name=m&attribute=x", 'attribute: expected key=value, got "x"'],
  ["/api/logs?traceId=xyz", 'traceId "xyz" is not 32 hex digits'],
  ["/api/logs?requestId=r&limit=0", "limit: expected an integer from 1 to 10000, got 0"],
  ["/api/logs?requestId=r&limit=many", 'limit: expected an integer from 1 to 10000, got "many"'],
  ["/api/logs?level=loud", 'level: expected one of trace, debug, info, warn, error, fatal, got "loud"'],
  ["/api/logs?text=", 'text: expected a text from 1 to 1024 characters, got ""'],
  [
    "/api/logs?level=info&level=info&level=info&level=info&level=info&level=info&level=info",
    /^level: expected a list from 1 to 6 values, got \[/,
  ],
  ["/api/traces?status=failed", 'status: expected one of ok, error, got "failed"'],
  ["/api/traces?minDurationMs=-1", "minDurationMs: expected a number of at least 0, got -1"],
  [`/api/traces?function=${"f".repeat(300)}`, /^function: expected a text of at most 256 characters, got "f{99}…$/],
  [`/api/traces/${TRACE_ID}?stitch=no`, 'stitch: expected true or false, got "no"'],
  [`/api/traces/${TRACE_ID}?cursor=x`, 'cursor: expected the cursor of the answer before, got "x"'],
  ["/api/live?since=now", /^since: expected Unix nanoseconds, or RFC 3339 .*, got "now"$/],
  ["/api/traces?from=2026-02-30T00:00:00Z", /^from: expected Unix nanoseconds, .*, got "2026-02-30T00:00:00Z"$/],
  ["/api/traces?from=", /^from: expected Unix nanoseconds, .*, got ""$/],
])("%s is refused by name", async (url, message) => {
  const response = await get(url);
  const told = typeof message === "string" ? message : expect.stringMatching(message);
  expect([response.statusCode, response.json()]).toEqual([400, { error: { code: "bad-parameter", message: told } }]);
});

test("an address that answers other methods says which, in its own form", async () => {
  for (const [method, url, allow] of [
    ["DELETE", "/api/stats", "GET, HEAD"],
    ["PUT", "/api/traces/t?stitch=false", "GET, HEAD"],
    ["POST", "/api/traces/stats", "GET, HEAD"],
    ["GET", "/api/login", "POST"],
    ["TRACE", "/healthz", "GET, HEAD"],
  ] as const) {
    const { statusCode, headers, json } = await pipeline.app.inject({ method: method as "PUT", url });
    expect([url, statusCode, headers["allow"], json().error.code]).toEqual([url, 405, allow, "method-not-allowed"]);
  }
  for (const method of ["GET", "PUT", "TRACE"]) {
    const { statusCode, headers, json } = await pipeline.app.inject({ method: method as "PUT", url: "/v1/traces" });
    expect([method, statusCode, headers["allow"], json()]).toEqual([
      method,
      405,
      "POST",
      { code: 12, message: `/v1/traces answers POST, not ${method}` },
    ]);
  }
});

test("what is nowhere is 404, also for other methods", async () => {
  for (const [method, url] of [
    ["GET", "/api/nothing"],
    ["GET", "/robots.txt"],
    ["DELETE", "/api/nothing"],
    ["GET", `/api/traces/${TRACE_ID}`],
  ] as const) {
    const response = await pipeline.app.inject({ method, url });
    expect([response.statusCode, response.json()]).toMatchObject([404, { error: { code: "not-found" } }]);
  }
});

test("a path that cannot be decoded is the client's fault", async () => {
  const response = await get("/api/traces/%E0%A4%A");
  expect([response.statusCode, response.json()]).toMatchObject([400, { error: { code: "bad-request" } }]);
});

test("a policy forbids everything that does not come from here", async () => {
  const { headers } = await get("/healthz");
  expect(headers["content-security-policy"]).toBe(
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers).not.toHaveProperty("access-control-allow-origin");
});

test("it is ready only when the store can be written to", async () => {
  expect(await get("/readyz")).toMatchObject({ statusCode: 200 });
  const full = async () => Promise.reject(new StoreError("store-failed", "disk full"));
  const broken = await openPipeline({ store: { ...pipeline.store, close: async () => {}, checkWritable: full } });
  expect(await broken.app.inject({ url: "/readyz" })).toMatchObject({
    statusCode: 503,
    headers: { "retry-after": "5" },
  });
  expect(await broken.app.inject({ url: "/healthz" })).toMatchObject({ statusCode: 200 });
  await broken.close();
});

test("a prober may add a query to its check", async () => {
  expect(await get("/healthz?x=1")).toMatchObject({ statusCode: 200 });
  expect(await get("/readyz?x=1")).toMatchObject({ statusCode: 200 });
});

test("the ledger names itself, its start and its version", async () => {
  expect((await get("/api/stats")).json()).toMatchObject({
    spans: 0,
    receivedSpans: 0,
    rejectedSpans: {},
    droppedSpans: {},
    startedAt: String(START),
    version: "1.2.3",
  });
});

test("without the UI built, a page says how to build it and the API works", async () => {
  const page = await get("/traces/abc.def", PAGE);
  expect([page.statusCode, page.headers["content-type"]]).toEqual([503, "text/html"]);
  expect(page.body).toContain("npm run setup");
});

test("the UI's files are served, and its page for every address of a page", async () => {
  const uiDir = await mkdtemp(join(tmpdir(), "mayfly-ui-"));
  await mkdir(join(uiDir, "assets"));
  await writeFile(join(uiDir, "index.html"), "<title>Mayfly</title>");
  await writeFile(join(uiDir, "assets", "app-1a2b.js"), "run()");
  await pipeline.close();
  pipeline = await openPipeline({ uiDir });

  for (const url of ["/", "/index.html", "/traces", "/traces/abc.def?span=1"]) {
    const page = await get(url, PAGE);
    expect([page.statusCode, page.body, page.headers["cache-control"]]).toEqual([
      200,
      "<title>Mayfly</title>",
      "no-cache",
    ]);
  }
  const asset = await get("/assets/app-1a2b.js");
  expect([asset.statusCode, asset.headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"]);
  for (const url of ["/assets/app-old.js", "/api/nothing"])
    expect(await get(url, PAGE)).toMatchObject({ statusCode: 404 });
  for (const up of ["..", "%2e%2e", "..%2f"])
    expect((await get(`/assets/${up}/${up}/etc/passwd`)).body).not.toContain("root:");
  await rm(uiDir, { recursive: true });
});
