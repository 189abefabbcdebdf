/** Requests by node:http, in invocations, against a real server. */
import { AsyncResource } from "node:async_hooks";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import {
  type Answering,
  type Aws,
  type Invoked,
  calling,
  requestWith,
  startAws,
  traceparentOf,
} from "../../test/aws.ts";
import { certificateForLocalhost } from "../../test/certificate.ts";
import { freshSdk, lambdaContext } from "../../test/fresh-sdk.ts";

const ok: Answering = () => ({ headers: { "x-amzn-requestid": "api-request-1" } });

interface Answered {
  readonly status: number | undefined;
  readonly body: string;
}

const request = (url: string, options: http.RequestOptions = {}, body?: string): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sent = http.request(url, options, (response) => {
      buffer(response).then((bytes) => resolve({ status: response.statusCode, body: bytes.toString() }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });

const serving = async (listener: http.RequestListener): Promise<string> => {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const requesting = (options: http.RequestOptions = {}, invoked?: Invoked, answer: Answering = ok) =>
  calling(answer, ({ url }) => request(`${url}/orders?page=2`, options), invoked);

test("a request has a client span under the invocation, and carries it", async () => {
  const called = await requesting();
  const [span] = called.clientSpans;
  const { port, host } = new URL(called.url);
  expect(called.clientSpans).toHaveLength(1);
  expect(span).toMatchObject({
    name: "GET",
    kind: 3,
    traceId: called.invocation.traceId,
    parentSpanId: called.invocation.spanId,
    attributes: {
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": Number(port),
      "url.full": `http://${host}/orders?page=2`,
    },
  });
  expect(called.requests[0]?.headers["traceparent"]).toBe(span && traceparentOf(span));
  expect(called.requests[0]?.headers).not.toHaveProperty("tracestate");
  expect(called.requests[0]?.headers).not.toHaveProperty("x-amzn-trace-id");
});

test("the API that answers finds its own request id in its event: that is the key", async () => {
  const called = await requesting();
  expect(called.clientSpans[0]?.attributes).toMatchObject({
    "aws.request_id": "api-request-1",
    "mayfly.keys.produced": ["http-request||api-request-1"],
  });
  const httpApi = await requesting({}, {}, () => ({ status: 500, headers: { "apigw-requestid": "http-api-1" } }));
  expect(httpApi.clientSpans[0]?.attributes["mayfly.keys.produced"]).toEqual(["http-request||http-api-1"]);
});

test("an upstream's tracestate goes along, and its unsampled flag is not raised", async () => {
  const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`, "rojo=1");
  const called = await requesting({}, { event });
  const [span] = called.clientSpans;
  expect(called.requests[0]?.headers).toMatchObject({
    traceparent: span && traceparentOf(span, "00"),
    tracestate: "rojo=1",
  });
});

test("of a request whose span may never be sent, the invocation is the sender", async () => {
  const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`);
  const env = { OTEL_TRACES_SAMPLER: "parentbased_always_on", MAYFLY_KEEP: "error" };
  const called = await requesting({}, { event, env });
  expect(called.clientSpans).toEqual([]);
  expect(called.requests[0]?.headers["traceparent"]).toBe(traceparentOf(called.invocation, "00"));
  // The id by which the other side is joined is not lost with it.
  expect(called.invocation.attributes["mayfly.keys.produced"]).toEqual(["http-request||api-request-1"]);
});

test.each([[{ traceparent: "00-theirs-01" }], [{ TraceParent: "00-theirs-01" }]])(
  "a traceparent of the application's own stays as it is: %o",
  async (headers) => {
    const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`, "rojo=1");
    const called = await requesting({ headers }, { event });
    expect(called.requests[0]?.headers["traceparent"]).toBe("00-theirs-01");
    expect(called.requests[0]?.headers).not.toHaveProperty("tracestate");
    expect(called.clientSpans).toHaveLength(1);
  },
);

test("a host that is excluded, and what is below it, gets no context and still has its span", async () => {
  const below = await requesting({}, { env: { MAYFLY_PROPAGATION_EXCLUDE: "example.com, 0.0.1" } });
  expect(below.requests[0]?.headers).not.toHaveProperty("traceparent");
  expect(below.clientSpans).toHaveLength(1);
  const others = await requesting({}, { env: { MAYFLY_PROPAGATION_EXCLUDE: "example.com, 7.0.0.1" } });
  expect(others.requests[0]?.headers).toHaveProperty("traceparent");
});

test.each([
  [404, "404"],
  [503, "503"],
])("an answer of %i is an error of the request", async (status, type) => {
  const called = await requesting({}, {}, () => ({ status }));
  expect(called.clientSpans[0]).toMatchObject({
    status: { code: 2 },
    attributes: { "error.type": type, "http.response.status_code": status },
  });
});

test("a redirect is none", async () => {
  const called = await requesting({}, {}, () => ({ status: 302, headers: { location: "/elsewhere" } }));
  expect(called.clientSpans[0]?.status?.code ?? 0).toBe(0);
});

test("a method that nobody knows is told beside, not as a name", async () => {
  const called = await requesting({ method: "PURGE" });
  expect(called.clientSpans[0]).toMatchObject({
    name: "HTTP",
    attributes: { "http.request.method": "_OTHER", "http.request.method_original": "PURGE" },
  });
});

test("where nobody answers, the error is the system's, and the application's as it was", async () => {
  const called = await calling(ok, () => request("http://127.0.0.1:1/"));
  expect(called.thrown).toMatchObject({ code: "ECONNREFUSED" });
  expect(called.clientSpans[0]).toMatchObject({
    status: { code: 2 },
    attributes: { "error.type": "ECONNREFUSED", "server.port": 1 },
  });
});

test("user, password and what proves the right to ask are not in the URL of the span", async () => {
  const query = "X-Amz-Credential=AKID%2F20260101&X-Amz-Signature=abc&sig=def&access_token=ghi&page=2";
  const called = await calling(ok, ({ url }) => request(`${url.replace("//", "//user:pass@")}/a?${query}`), {
    env: { MAYFLY_REDACT: "off" },
  });
  const { host } = new URL(called.url);
  expect(called.clientSpans[0]?.attributes["url.full"]).toBe(
    `http://${host}/a?X-Amz-Credential=REDACTED&X-Amz-Signature=REDACTED&sig=REDACTED&access_token=REDACTED&page=2`,
  );
});

test("headers that cannot be changed any more are left, and counted", async () => {
  const called = await requesting({ headers: ["x-own", "1", "host", "example.com"] });
  expect(called.requests[0]?.headers).toMatchObject({ "x-own": "1", host: "example.com" });
  expect(called.requests[0]?.headers).not.toHaveProperty("traceparent");
  expect(called.clientSpans).toMatchObject([{ attributes: { "server.address": "example.com" } }]);
  expect(called.sdk.state().injectSkipped).toBe(1);
});

test("they are read where they are written: a traceparent among them is not missed", async () => {
  const called = await requesting({ headers: ["host", "example.com", "Traceparent", "00-theirs-01"] });
  expect(called.requests[0]?.headers["traceparent"]).toBe("00-theirs-01");
  expect(called.sdk.state().injectSkipped).toBe(0);
});

test("a request that asks before it sends its body is told, and goes out as its client wrote it", async () => {
  const given = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0";
  const headers = { authorization: "AWS4-HMAC-SHA256 fixed", expect: "100-continue", "x-amzn-trace-id": given };
  const called = await calling(ok, ({ url }) => request(url, { method: "PUT", headers }, "body"), {
    env: { _X_AMZN_TRACE_ID: given },
  });
  expect(called.thrown).toBeUndefined();
  expect(called.requests).toMatchObject([{ body: "body", headers: { "x-amzn-trace-id": given } }]);
  expect(called.clientSpans).toMatchObject([{ name: "PUT", attributes: { "http.response.status_code": 200 } }]);
  expect(called.sdk.state().injectSkipped).toBe(1);
});

test("a request by https is one, and its URL says so", async () => {
  const { key, cert } = certificateForLocalhost();
  const received: http.IncomingHttpHeaders[] = [];
  const server = https.createServer({ key, cert }, (incoming, response) => {
    received.push(incoming.headers);
    response.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://localhost:${(server.address() as AddressInfo).port}/orders`;
  const called = await calling(
    ok,
    () =>
      new Promise((resolve, reject) => {
        https.get(url, { ca: cert }, (response) => response.resume().on("end", resolve)).on("error", reject);
      }),
  );
  expect(called.thrown).toBeUndefined();
  expect(called.clientSpans).toMatchObject([
    { name: "GET", attributes: { "url.full": url, "server.address": "localhost" } },
  ]);
  expect(received.map(({ traceparent }) => traceparent)).toEqual(called.clientSpans.map((span) => traceparentOf(span)));
});

test("requests on one kept-alive socket have a span each", async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const called = await calling(ok, ({ url }) => Promise.all([1, 2, 3].map((n) => request(`${url}/${n}`, { agent }))));
  const sent = called.requests.map(({ headers }) => headers["traceparent"]);
  expect(new Set(sent).size).toBe(3);
  expect(new Set(sent)).toEqual(new Set(called.clientSpans.map((span) => traceparentOf(span))));
});

test("a request that the application gives up is an error", async () => {
  const called = await calling(
    () => ({ body: "never read" }),
    ({ url }) =>
      new Promise<void>((resolve) => {
        const sent = http.request(url);
        sent.on("error", () => resolve());
        sent.destroy();
      }),
  );
  expect(called.clientSpans).toMatchObject([{ attributes: { "error.type": "ECONNRESET" } }]);
});

test("an answer that is cut off is one, and one the application stops reading is none", async () => {
  const url = await serving((incoming, response) => {
    response.writeHead(200, { "content-length": 1_000_000 }).write("x".repeat(100));
    if (incoming.url === "/cut") setImmediate(() => incoming.socket.destroy());
  });
  const cut = await calling(ok, () => request(`${url}/cut`));
  expect(cut.thrown).toMatchObject({ code: "ECONNRESET" });
  expect(cut.clientSpans).toMatchObject([{ attributes: { "error.type": "ECONNRESET" }, status: { code: 2 } }]);
  const left = await calling(ok, () => {
    return new Promise<void>((resolve) => {
      http.get(`${url}/left`, (response) => {
        response.once("data", () => response.destroy());
        response.once("close", resolve);
      });
    });
  });
  expect(left.clientSpans).toMatchObject([{ attributes: { "http.response.status_code": 200 } }]);
  expect(left.clientSpans[0]?.attributes).not.toHaveProperty("error.type");
});

test("what an invocation leaves running ends with it, marked where there was no answer yet", async () => {
  const waiting: http.ServerResponse[] = [];
  const url = await serving((incoming, response) => {
    if (incoming.url === "/begun") response.writeHead(200).write("x");
    waiting.push(response);
  });
  const closed: Promise<unknown>[] = [];
  const called = await calling(ok, async () => {
    const begun = http.get(`${url}/begun`);
    const silent = http.get(`${url}/silent`);
    closed.push(...[begun, silent].map((one) => new Promise((resolve) => one.on("close", resolve))));
    await Promise.all([new Promise((resolve) => begun.on("response", resolve)), arrived(waiting, 2)]);
  });
  expect(called.clientSpans.map(({ attributes }) => [attributes["url.full"], attributes["mayfly.unfinished"]])).toEqual(
    [
      [`${url}/begun`, undefined],
      [`${url}/silent`, true],
    ],
  );
  // Their late end says nothing more.
  const before = called.sdk.state().sender.counters();
  waiting.forEach((response) => response.end());
  await Promise.all(closed);
  expect(called.sdk.state().sender.counters()).toEqual(before);
});

const arrived = async (list: readonly unknown[], count: number): Promise<void> => {
  while (list.length < count) await new Promise((resolve) => setImmediate(resolve));
};

const headersSent = async (aws: Aws, work: () => Promise<unknown>) => {
  await work();
  return aws.requests.at(-1)?.headers;
};

test("outside an invocation, before and after, a request goes out as it is", async () => {
  const aws = await startAws(ok);
  const { observe } = await freshSdk({ MAYFLY_END_LINE: "off" });
  let later: (() => Promise<unknown>) | undefined;
  const handler = observe(async (_event: object, _context: object) => {
    later = AsyncResource.bind(() => request(aws.url));
  });
  expect(await headersSent(aws, () => request(aws.url))).not.toHaveProperty("traceparent");
  await handler({}, lambdaContext());
  expect(await headersSent(aws, async () => later?.())).not.toHaveProperty("traceparent");
});

test("the runtime's API and the daemon's are nobody's business", async () => {
  const aws = await startAws(ok);
  const { host } = new URL(aws.url);
  const variables = {
    AWS_LAMBDA_RUNTIME_API: host,
    AWS_XRAY_DAEMON_ADDRESS: host,
  };
  for (const [name, value] of Object.entries(variables)) {
    const called = await calling(ok, () => request(`${aws.url}/2018-06-01/runtime`), { env: { [name]: value } });
    expect(aws.requests.at(-1)?.headers).not.toHaveProperty("traceparent");
    expect(called.clientSpans).toEqual([]);
  }
});

test("two copies of the package are one observer", async () => {
  const aws = await startAws(ok);
  const first = await freshSdk({ MAYFLY_END_LINE: "off" });
  const second = await first.secondCopy();
  const started: string[] = [];
  const { tracer } = first.state().spans;
  const startSpan = tracer.startSpan.bind(tracer);
  tracer.startSpan = (...args) => {
    started.push(args[0]);
    return startSpan(...args);
  };
  first.observe(() => {});
  await second.observe(async (_event: object, _context: object) => request(aws.url))({}, lambdaContext());
  expect(started).toEqual(["checkout", "GET"]);
});

test("undone, a request goes out as it is", async () => {
  const called = await calling(ok, () => undefined);
  called.sdk.state().outgoing?.();
  const handler = called.sdk.observe(async (_event: object, _context: object) => request(called.url));
  await handler({}, lambdaContext());
  expect(called.requests.at(-1)?.headers).not.toHaveProperty("traceparent");
});
