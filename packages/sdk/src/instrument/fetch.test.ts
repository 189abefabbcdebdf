/** Requests by the global fetch, in invocations, against a real server. */
import { expect, test } from "vitest";
import { type Answering, calling, requestWith, traceparentOf } from "../../test/aws.ts";

interface Dispatcher {
  close(): Promise<void>;
}

const ok: Answering = () => ({ headers: { "x-amzn-requestid": "api-request-1" }, body: "answered" });

const fetching = (init: RequestInit = {}, answer: Answering = ok, env: Readonly<Record<string, string>> = {}) =>
  calling(answer, async ({ url }) => (await fetch(`${url}/orders?page=2`, init)).text(), { env });

test("a request has a client span under the invocation, carries it, and is answered as without us", async () => {
  let text = "";
  const called = await calling(ok, async ({ url }) => {
    text = await (await fetch(`${url}/orders?token=abc`, { method: "POST", body: "o-1" })).text();
  });
  const [span] = called.clientSpans;
  expect(text).toBe("answered");
  expect(called.requests).toMatchObject([{ body: "o-1", headers: { traceparent: span && traceparentOf(span) } }]);
  expect(called.clientSpans).toMatchObject([
    {
      name: "POST",
      kind: 3,
      traceId: called.invocation.traceId,
      parentSpanId: called.invocation.spanId,
      attributes: {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "url.full": `${called.url}/orders?token=[redacted]`,
        "aws.request_id": "api-request-1",
        "mayfly.keys.produced": ["http-request||api-request-1"],
      },
    },
  ]);
});

test.each(["traceparent", "TraceParent"])("a %s of the application's own stays as it is", async (name) => {
  const called = await fetching({ headers: { [name]: "00-theirs-01" } });
  expect(called.requests[0]?.headers["traceparent"]).toBe("00-theirs-01");
});

test("a signed request, in its header or its query, has X-Amzn-Trace-Id alone, once", async () => {
  const given = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:1";
  const signed = { authorization: "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/execute-api/aws4_request" };
  const byHeader = await fetching({ headers: signed }, ok, { _X_AMZN_TRACE_ID: given });
  expect(byHeader.requests[0]?.headers["x-amzn-trace-id"]).toBe(given);
  expect(byHeader.requests[0]?.headers).not.toHaveProperty("traceparent");
  expect(byHeader.clientSpans).toMatchObject([{ name: "GET" }]);
  const unsampled = given.replace("Sampled=1", "Sampled=0");
  const renewed = await fetching({ headers: { ...signed, "X-Amzn-Trace-Id": unsampled } }, ok, {
    _X_AMZN_TRACE_ID: unsampled,
  });
  const [span] = renewed.clientSpans;
  expect(renewed.requests[0]?.headers["x-amzn-trace-id"]).toBe(
    unsampled.replace("53995c3f42cd8ad8", span?.spanId ?? ""),
  );
  const byQuery = await calling(ok, ({ url }) => fetch(`${url}/bucket/key?X-Amz-Signature=abc`));
  expect(byQuery.requests[0]?.headers).not.toHaveProperty("traceparent");
  expect(byQuery.requests[0]?.headers).toHaveProperty("x-amzn-trace-id");
});

test("an upstream's tracestate goes along", async () => {
  const event = requestWith(`00-${"a".repeat(32)}-${"b".repeat(16)}-00`, "rojo=1");
  const called = await calling(ok, ({ url }) => fetch(url), { event });
  const [span] = called.clientSpans;
  expect(called.requests[0]?.headers).toMatchObject({
    traceparent: span && traceparentOf(span, "00"),
    tracestate: "rojo=1",
  });
});

test("each hop of a redirect has its span", async () => {
  const called = await fetching({}, ({ path }) =>
    path === "/there" ? {} : { status: 307, headers: { location: "/there" } },
  );
  const [first, second] = called.clientSpans;
  expect(called.clientSpans.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([307, 200]);
  expect(called.requests.map(({ headers }) => headers["traceparent"])).toEqual(
    [first, second].map((span) => span && traceparentOf(span)),
  );
});

test("an error answer, and none, are errors of the request", async () => {
  const refused = await fetching({}, () => ({ status: 429 }));
  expect(refused.clientSpans).toMatchObject([{ status: { code: 2 }, attributes: { "error.type": "429" } }]);
  const away = await calling(ok, () => fetch("http://127.0.0.1:1/").catch(() => {}));
  // Port 1 is one that fetch refuses by itself: no request was made.
  expect(away.clientSpans).toEqual([]);
  const gone = await calling(ok, () => fetch("http://127.0.0.1:65533/"));
  expect(gone.thrown).toMatchObject({ message: "fetch failed" });
  expect(gone.clientSpans).toMatchObject([{ status: { code: 2 }, attributes: { "error.type": "ECONNREFUSED" } }]);
});

test("an aborted request is an error, and the application's error is its own", async () => {
  const abort = new AbortController();
  const reason = new RangeError("enough");
  const called = await calling(
    () => {
      abort.abort(reason);
      return {};
    },
    ({ url }) => fetch(url, { signal: abort.signal }),
  );
  expect(called.thrown).toBe(reason);
  expect(called.clientSpans).toMatchObject([{ attributes: { "error.type": "RangeError" } }]);
});

test("a body that nobody reads does not lose the span", async () => {
  const body = "x".repeat(4_000_000);
  const called = await calling(
    () => ({ body }),
    async ({ url }) => void (await fetch(url)),
  );
  expect(called.clientSpans).toMatchObject([{ name: "GET", attributes: { "http.response.status_code": 200 } }]);
  expect(called.clientSpans[0]?.attributes).not.toHaveProperty("mayfly.unfinished");
});

test("sending telemetry, by OpenTelemetry's own mark, is never traced", async () => {
  const { context } = await import("@opentelemetry/api");
  const { suppressTracing } = await import("@opentelemetry/core");
  const called = await calling(ok, ({ url }) => context.with(suppressTracing(context.active()), () => fetch(url)));
  expect(called.requests[0]?.headers).not.toHaveProperty("traceparent");
  expect(called.clientSpans).toEqual([]);
});

test("requests that a dispatcher of the application's own holds back for want of a connection carry theirs", async () => {
  await fetch("data:,").then((answer) => answer.text());
  const { constructor } = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1")) as { constructor: unknown };
  const dispatcher = new (constructor as new (options: object) => Dispatcher)({ connections: 1 });
  const called = await calling(ok, ({ url }) =>
    Promise.all([1, 2, 3].map(async (n) => (await fetch(`${url}/${n}`, { dispatcher } as RequestInit)).text())),
  );
  await dispatcher.close();
  const sent = called.requests.map(({ headers }) => headers["traceparent"]);
  expect(sent).toEqual(called.clientSpans.map((span) => traceparentOf(span)));
  expect(new Set(called.clientSpans.map(({ parentSpanId }) => parentSpanId))).toEqual(
    new Set([called.invocation.spanId]),
  );
});
