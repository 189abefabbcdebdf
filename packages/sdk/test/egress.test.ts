/**
 * What leaves a function that was bundled, AWS's clients and all, into one file: no module cache shows them. Each bundle runs in
 * a process of its own, against a server that works every signature out again.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { type BuildOptions, build } from "esbuild";
import { afterAll, beforeAll, describe, expect, onTestFinished, test as plainTest } from "vitest";
import { type Answering, type AwsRequest, calling, md5, traceparentOf } from "./aws.ts";
import { type PlainSpan, startCollector } from "./collector.ts";
import { CREDENTIALS, signerFor, startSignedAws } from "./signed-aws.ts";

const ROOT = "1-67891233-abcdef012345678912345678";
const XRAY = `Root=${ROOT};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:0`;
/** Beside the Node that runs the tests, the older one that Lambda has, where it is installed. */
const NODE_22 = [`arm64`, `x64`]
  .map((arch) =>
    join(import.meta.dirname, `../../../runtimes/aws-lambda-ric-node22/node_modules/node22-linux-${arch}/bin/node`),
  )
  .find((file) => existsSync(file));
const SERVICES = ["sqs", "sns", "lambda", "s3", "dynamodb", "events", "states"];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-egress-"));
  const bundled = (options: BuildOptions): Promise<unknown> =>
    build({
      ...options,
      entryPoints: [join(import.meta.dirname, "handlers/calls.ts")],
      bundle: true,
      platform: "node",
      logLevel: "error",
    });
  await Promise.all([
    bundled({ outfile: join(folder, "calls.cjs"), format: "cjs", minify: true }),
    bundled({
      outfile: join(folder, "calls.mjs"),
      format: "esm",
      mainFields: ["module", "main"],
      // The clients' CommonJS parts ask for Node's modules.
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    }),
  ]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly endpoint: string;
  readonly calls: readonly string[];
  readonly file?: string;
  readonly node?: string | undefined;
  readonly isObserved?: boolean;
}

const run = async ({ endpoint, calls, file = "calls.cjs", node = process.execPath, isObserved = true }: Run) => {
  const collector = await startCollector();
  const { stdout, stderr } = await promisify(execFile)(node, [join(folder, file)], {
    env: {
      EVENT: JSON.stringify({ endpoint, credentials: CREDENTIALS, calls }),
      ...(isObserved && { OBSERVED: "yes" }),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      MAYFLY_END_LINE: "off",
      AWS_LAMBDA_FUNCTION_NAME: "checkout",
      AWS_REGION: "eu-west-1",
      _X_AMZN_TRACE_ID: XRAY,
    },
  });
  const invocation = collector.spans.find(({ attributes }) => "faas.coldstart" in attributes);
  const spans = collector.spans.filter((span) => span !== invocation);
  return { results: JSON.parse(stdout) as object, stderr, invocation, spans, exports: collector.headers };
};

const answers: Answering = ({ path, headers, body }) => {
  // Each call fails once.
  if (/attempt=1\b/.test(String(headers["amz-sdk-request"]))) return { status: 500, body: "{}" };
  if (path.startsWith("/orders/")) return { headers: { "x-amz-request-id": "s3-1", etag: '"0123"' } };
  if (body.startsWith("Action=Publish"))
    return { body: "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>" };
  return {
    headers: { "x-amzn-requestid": "callee-1" },
    body: JSON.stringify({
      MessageId: "m-1",
      MD5OfMessageBody: md5("hello"),
      Entries: [],
      executionArn: "a",
      startDate: 1,
    }),
  };
};

const spanOf = (spans: readonly PlainSpan[], request: AwsRequest): PlainSpan | undefined =>
  spans.find(({ spanId }) => request.headers["x-amzn-trace-id"] === XRAY.replace("53995c3f42cd8ad8", spanId));

describe.each([
  { file: "calls.cjs", version: "this Node", node: process.execPath },
  { file: "calls.mjs", version: "this Node", node: process.execPath },
  { file: "calls.cjs", version: "Node 22", node: NODE_22 },
])("in $file on $version", ({ file, node }) => {
  const test = node === undefined ? plainTest.skip : plainTest;

  test("each attempt of each service's client is signed right, carries its span and leaves Lambda's header otherwise as it is", async () => {
    const aws = await startSignedAws(answers);
    const { results, stderr, invocation, spans } = await run({ endpoint: aws.url, calls: SERVICES, file, node });
    expect(stderr).toBe("");
    expect(results).toEqual(Object.fromEntries(SERVICES.map((name) => [name, "ok"])));
    expect(aws.requests).toHaveLength(2 * SERVICES.length);
    const carried = aws.requests.map((request) => spanOf(spans, request));
    expect(
      carried.map((span) => [
        span?.name,
        span?.attributes["http.request.resend_count"],
        span?.attributes["error.type"],
      ]),
    ).toEqual(
      [
        "SQS.SendMessage",
        "POST SNS",
        "pay Invoke",
        "S3.PutObject",
        "DynamoDB.PutItem",
        "EventBridge.PutEvents",
        "SFN.StartExecution",
      ].flatMap((name) => [
        [name, undefined, "500"],
        [name, 1, undefined],
      ]),
    );
    for (const span of carried)
      expect(span).toMatchObject({ kind: 3, parentSpanId: invocation?.spanId, traceId: invocation?.traceId });
    for (const { headers } of aws.requests) expect(headers).not.toHaveProperty("traceparent");
    expect(spans).toHaveLength(carried.length);
  });

  test("what the other side will see of an answer is a key", async () => {
    const aws = await startSignedAws(answers);
    const { spans } = await run({ endpoint: aws.url, calls: ["lambda", "s3", "sqs"], file, node });
    expect(spans.map(({ attributes }) => attributes["mayfly.keys.produced"])).toEqual([
      undefined,
      ["lambda-request||callee-1"],
      undefined,
      ["s3-request||s3-1", "s3-object|orders|in/ä b.json@0123"],
      undefined,
      undefined,
    ]);
  });

  test("a traceparent that the application had signed stays, and so does its signature", async () => {
    const aws = await startSignedAws(answers);
    const { results, spans } = await run({ endpoint: aws.url, calls: ["traceparent"], file, node });
    expect(results).toEqual({ traceparent: "ok" });
    expect(aws.requests.map(({ headers }) => headers["traceparent"])).toEqual(["00-their-own-01", "00-their-own-01"]);
    expect(aws.requests.map((request) => spanOf(spans, request)?.name)).toEqual(["SQS.SendMessage", "SQS.SendMessage"]);
  });
});

plainTest("the server of these tests refuses a request of which anything signed was changed", async () => {
  const aws = await startSignedAws(() => ({}));
  const { host, hostname } = new URL(aws.url);
  const signed = await signerFor("sqs", "eu-west-1").sign({
    method: "POST",
    protocol: "http:",
    hostname,
    path: "/a%20b",
    query: { q: "1" },
    headers: { host, "x-own": "1" },
    body: "hello",
  });
  const send = async (changed: { path?: string; headers?: object; body?: string }) => {
    const headers = { ...signed.headers, ...changed.headers } as Record<string, string>;
    const { path = "/a%20b?q=1", body = "hello" } = changed;
    return (await fetch(aws.url + path, { method: "POST", headers, body })).status;
  };
  expect(await send({})).toBe(200);
  expect(await send({ headers: { "x-amzn-trace-id": "Root=1", "x-more": "1" } })).toBe(200);
  expect(await send({ headers: { "x-own": "2" } })).toBe(403);
  expect(await send({ body: "hallo" })).toBe(403);
  expect(await send({ path: "/a%20b?q=2" })).toBe(403);
  expect(await send({ path: "/a%20c?q=1" })).toBe(403);
});

/** A server that keeps the bytes of each connection as they come. */
const startWire = async (): Promise<{ readonly url: string; readonly texts: string[] }> => {
  const texts: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const at = texts.push("") - 1;
    socket.on("data", (chunk) => {
      texts[at] += chunk.toString("latin1");
      if (!texts[at]?.endsWith("body")) return;
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, texts };
};

plainTest(
  "an observed function's bytes on the wire are a bare one's and one header, whichever client sends",
  async () => {
    const wire = await startWire();
    const calls = ["http", "fetch"];
    const bare = await run({ endpoint: wire.url, calls, isObserved: false });
    const observed = await run({ endpoint: wire.url, calls });
    expect([bare.results, observed.results]).toEqual([
      { http: "ok", fetch: "ok" },
      { http: "ok", fetch: "ok" },
    ]);
    const [bareHttp = "", bareFetch = "", http = "", fetched = ""] = wire.texts;
    const [httpSpan, fetchSpan] = observed.spans;
    const xray = `X-Amzn-Trace-Id: ${XRAY.replace("53995c3f42cd8ad8", httpSpan?.spanId ?? "")}\r\n`;
    const traceparent = `traceparent: ${fetchSpan && traceparentOf(fetchSpan)}\r\n`;
    expect([http, fetched].map((text, n) => text.split([xray, traceparent][n] ?? "").length)).toEqual([2, 2]);
    expect([http.replace(xray, ""), fetched.replace(traceparent, "")]).toEqual([bareHttp, bareFetch]);
  },
);

plainTest("what is sent to the collector carries no context and has no span", async () => {
  const wire = await startWire();
  const { exports, spans } = await run({ endpoint: wire.url, calls: ["fetch"] });
  expect(spans.map(({ name }) => name)).toEqual(["PUT"]);
  expect(exports.length).toBeGreaterThan(0);
  for (const headers of exports) {
    expect(headers).not.toHaveProperty("traceparent");
    expect(headers).not.toHaveProperty("x-amzn-trace-id");
  }
});

plainTest("a client that is found has one span for all its attempts, each of which is signed right", async () => {
  const called = await calling(
    answers,
    ({ client, url }) =>
      new SQSClient(client).send(new SendMessageCommand({ QueueUrl: `${url}/1/orders`, MessageBody: "hello" })),
    { start: startSignedAws, env: { _X_AMZN_TRACE_ID: XRAY } },
  );
  expect(called.thrown).toBeUndefined();
  expect(called.requests).toHaveLength(2);
  expect(called.clientSpans).toMatchObject([
    { name: "send orders", attributes: { "http.request.resend_count": 1, "http.response.status_code": 200 } },
  ]);
  expect(called.requests.map((request) => spanOf(called.clientSpans, request)?.name)).toEqual([
    "send orders",
    "send orders",
  ]);
});
