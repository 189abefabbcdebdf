import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, startLab } from "../src/index.ts";
import { fn, startRig } from "./rig.ts";

interface HttpEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly requestId: string; readonly http: object };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly pathParameters?: object;
  readonly routeKey: string;
  readonly rawPath: string;
}

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({
    functions: { event: fn("http", "event"), answer: fn("http", "answer") },
    routes: {
      "GET /": "event",
      "POST /": "event",
      "POST /answer": "answer",
      "POST /orders/{id}/items/{item}": "event",
      "ANY /orders/{id}": "event",
      "GET /orders/{id}": "event",
      "GET /orders/new": "event",
      "GET /files/{path+}": "event",
    },
  });
});
afterAll(() => lab.close());

const api = (path: string, init?: RequestInit): Promise<Response> => fetch(`${lab.httpUrl}${path}`, init);

const answerTo = (result: unknown, init: RequestInit = {}): Promise<Response> =>
  api("/answer", { method: "POST", body: JSON.stringify(result), ...init });

const eventOf = async (response: Response): Promise<HttpEvent> => (await response.json()) as HttpEvent;

test("a request becomes an event of payload version 2.0", async () => {
  const response = await api("/orders/o%2F1%20a/items/7?color=red&color=blue&q=a%20b&empty=", {
    method: "POST",
    headers: [
      ["content-type", "application/json"],
      ["cookie", "session=s1; theme=dark"],
      ["user-agent", "a test"],
      ["X-Several", "one"],
      ["X-Several", "two"],
    ],
    body: '{"amount":3}',
  });

  const event = await eventOf(response);
  expect(event).toEqual({
    version: "2.0",
    routeKey: "POST /orders/{id}/items/{item}",
    rawPath: "/orders/o/1 a/items/7",
    rawQueryString: "color=red&color=blue&q=a%20b&empty=",
    cookies: ["session=s1", "theme=dark"],
    headers: expect.objectContaining({
      "content-type": "application/json",
      "user-agent": "a test",
      "x-amzn-trace-id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    }) as object,
    queryStringParameters: { color: "red,blue", q: "a b", empty: "" },
    pathParameters: { id: "o/1 a", item: "7" },
    requestContext: {
      accountId: "000000000000",
      apiId: "mayflylab",
      domainName: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      domainPrefix: "mayflylab",
      http: {
        method: "POST",
        path: "/orders/o/1 a/items/7",
        protocol: "HTTP/1.1",
        sourceIp: "127.0.0.1",
        userAgent: "a test",
      },
      requestId: response.headers.get("apigw-requestid"),
      routeKey: "POST /orders/{id}/items/{item}",
      stage: "$default",
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as string,
      timeEpoch: expect.any(Number) as number,
    },
    body: '{"amount":3}',
    isBase64Encoded: false,
  });
  expect(event.headers).not.toHaveProperty("cookie");
});

test("a header sent twice is joined by a comma", async () => {
  const sent = request(lab.httpUrl, { headers: { "X-Several": ["one", "two"] } }).end();
  const body = await new Promise<string>((resolve, reject) => {
    sent.on("response", (response) => resolve(text(response))).on("error", reject);
  });

  expect((JSON.parse(body) as HttpEvent).headers["x-several"]).toBe("one,two");
});

test("a request without query, cookies, parameters and body has none of these fields", async () => {
  const event = await eventOf(await api("/"));

  for (const field of ["queryStringParameters", "cookies", "pathParameters", "body"])
    expect(event).not.toHaveProperty(field);
  expect(event).toMatchObject({ rawQueryString: "", isBase64Encoded: false });
});

test("the trace header of a request is handed on as it came", async () => {
  const header = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";

  const event = await eventOf(await api("/", { headers: { "x-amzn-trace-id": header } }));

  expect(event.headers["x-amzn-trace-id"]).toBe(header);
});

test.each(["image/png", "application/octet-stream", "application/x-protobuf"])(
  "a body of type %s is handed over as base64",
  async (type) => {
    const bytes = new Uint8Array([0, 255, 128, 10]);

    const event = await eventOf(await api("/", { method: "POST", headers: { "content-type": type }, body: bytes }));

    expect(event).toMatchObject({ isBase64Encoded: true, body: Buffer.from(bytes).toString("base64") });
  },
);

test("the most specific route answers", async () => {
  const route = async (path: string, method = "GET"): Promise<object> => {
    const { routeKey, pathParameters } = await eventOf(await api(path, { method }));
    return { routeKey, ...pathParameters };
  };

  expect(await route("/orders/new")).toEqual({ routeKey: "GET /orders/new" });
  expect(await route("/orders/7")).toEqual({ routeKey: "GET /orders/{id}", id: "7" });
  expect(await route("/orders/7", "PUT")).toEqual({ routeKey: "ANY /orders/{id}", id: "7" });
  expect(await route("/files/a/b.txt")).toEqual({ routeKey: "GET /files/{path+}", path: "a/b.txt" });
});

test("$default takes what no other route does", async () => {
  const routes = { $default: "event", "GET /orders": "answer" };
  const { lab: other } = await startRig({
    functions: { event: fn("http", "event"), answer: fn("http", "answer") },
    routes,
  });

  const event = await eventOf(await fetch(`${other.httpUrl}/orders/7`, { method: "DELETE" }));

  expect(event).toMatchObject({ routeKey: "$default", rawPath: "/orders/7" });
});

test("a path that no route names is 404, and reaches no function", async () => {
  const before = lab.truth.deliveries.length;

  for (const [path, method] of [
    ["/nowhere", "GET"],
    ["/orders/new/", "GET"],
    ["/orders/7/items/8", "GET"],
    ["//orders/new", "GET"],
  ] as const) {
    const response = await fetch(`${lab.httpUrl}${path}`, { method });
    expect([response.status, await response.json()]).toEqual([404, { message: "Not Found" }]);
    expect(response.headers.get("apigw-requestid")).toMatch(/./);
  }
  expect(lab.truth.deliveries).toHaveLength(before);
});

test("a path that is not percent-encoded rightly is 400", async () => {
  expect((await api("/orders/%zz")).status).toBe(400);
});

test.each([
  { how: "with its length", body: () => "x".repeat(10 * 1024 * 1024 + 1) },
  { how: "in chunks", body: () => new Blob(["x".repeat(10 * 1024 * 1024 + 1)]).stream() },
])("a body over 10 MB, sent $how, is 413 and reaches no function", async ({ body }) => {
  const before = lab.truth.deliveries.length;

  const response = await fetch(lab.httpUrl, { method: "POST", body: body(), duplex: "half" });

  expect([response.status, await response.json()]).toEqual([413, { message: "Request Entity Too Large" }]);
  expect(lab.truth.deliveries).toHaveLength(before);
});

const TEXT = "text/plain; charset=utf-8";
const JSON_TYPE = "application/json";

test.each([
  { result: { statusCode: 201, body: "made" }, status: 201, type: TEXT, body: "made" },
  { result: { statusCode: 204 }, status: 204, type: TEXT, body: "" },
  {
    result: { statusCode: 200, body: "<p>", headers: { "Content-Type": "text/html" } },
    status: 200,
    type: "text/html",
    body: "<p>",
  },
  { result: { statusCode: 200, body: "aGk=", isBase64Encoded: true }, status: 200, type: TEXT, body: "hi" },
  { result: { statusCode: 200, body: "x", surplus: 1 }, status: 200, type: TEXT, body: "x" },
  { result: { ok: true }, status: 200, type: JSON_TYPE, body: '{"ok":true}' },
  { result: "a text", status: 200, type: JSON_TYPE, body: "a text" },
  { result: 42, status: 200, type: JSON_TYPE, body: "42" },
  { result: [1, 2], status: 200, type: JSON_TYPE, body: "[1,2]" },
  { result: null, status: 200, type: JSON_TYPE, body: "null" },
  {
    result: { statusCode: "200", body: "x" },
    status: 500,
    type: JSON_TYPE,
    body: '{"message":"Internal Server Error"}',
  },
  { result: { statusCode: 0 }, status: 500, type: JSON_TYPE, body: '{"message":"Internal Server Error"}' },
  { result: { statusCode: 101 }, status: 500, type: JSON_TYPE, body: '{"message":"Internal Server Error"}' },
  {
    result: { statusCode: 200, body: { a: 1 } },
    status: 500,
    type: JSON_TYPE,
    body: '{"message":"Internal Server Error"}',
  },
])("the result $result answers $status with $body", async ({ result, status, type, body }) => {
  const response = await answerTo(result);

  expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([status, type, body]);
});

test("headers and cookies of a result become headers of the response", async () => {
  const result = { statusCode: 302, headers: { Location: "/next", "X-Count": 3 }, cookies: ["a=1; Path=/", "b=2"] };

  const response = await answerTo(result, { redirect: "manual" });

  expect([response.status, response.headers.get("location"), response.headers.get("x-count")]).toEqual([
    302,
    "/next",
    "3",
  ]);
  expect(response.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2"]);
});

test("a function's error is 500, and says nothing of itself", async () => {
  const response = await api("/answer", { method: "POST", body: "throw" });

  expect([response.status, await response.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
});

test("a port that is taken is said when the lab starts", async () => {
  const port = Number(new URL(lab.httpUrl).port);

  await expect(startLab({ functions: {} }, { port })).rejects.toThrow("EADDRINUSE");
});
