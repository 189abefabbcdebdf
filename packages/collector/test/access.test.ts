/** Who may ask for what, over HTTP: every route, every scope, every way to present a key. */
import { encodeStatus } from "@mayfly/otlp";
import type { FastifyReply, FastifyRequest, InjectOptions } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SECURITY_HEADERS } from "../src/guard/headers.ts";
import { openGuard, type OpenGuardDeps } from "../src/guard/open.ts";
import { SCOPES, type Scope } from "../src/guard/scopes.ts";
import {
  injected,
  JSON_TYPE,
  jsonSpan,
  OPEN_ACCESS,
  openPipeline,
  PROTOBUF_TYPE,
  type TestPipeline,
  tracesJson,
} from "./http.ts";
import { type Keyed, openKeyed, walked } from "./keyed.ts";

type RpcStatus = Parameters<typeof encodeStatus>[1];

let keyed: Keyed;
let open: TestPipeline;
beforeEach(async () => {
  [keyed, open] = await Promise.all([openKeyed(), openPipeline()]);
});
afterEach(async () => {
  await Promise.all([keyed.close(), open.close()]);
});

const ask = (options: InjectOptions, on: TestPipeline = keyed) => injected(on.app, options);
const withKey = (scope: Scope, options: InjectOptions) =>
  ask({ ...options, headers: { ...options.headers, "x-mayfly-key": keyed.keys[scope].key } });
const read = (headers: Record<string, string>) => ask({ url: "/api/stats", headers });

const ROUTE_SCOPES: readonly unknown[] = ["open", ...SCOPES];

describe("every route", () => {
  test("says who may use it", () => {
    const undeclared = walked(keyed.routes).filter(({ scope }) => !ROUTE_SCOPES.includes(scope));
    expect(undeclared.map(({ method, url }) => `${method} ${url}`)).toEqual([]);
    expect(keyed.routes.length).toBeGreaterThan(8);
  });

  test("that answers with what is stored is not open", () => {
    const opened = walked(keyed.routes).filter(({ scope }) => scope === "open");
    expect([...new Set(opened.map(({ url }) => url))].toSorted()).toEqual([
      "/api/login",
      "/api/logout",
      "/api/openapi.json",
      "/api/session",
      "/healthz",
      "/no-such-page",
      "/readyz",
    ]);
  });

  test("answers 401 without a key, 403 to a key of the wrong scope, and to the right one as if there were no keys", async () => {
    for (const { method, url, scope } of walked(keyed.routes)) {
      const request = { method, url } as InjectOptions;
      const { statusCode: usual } = await ask(request, open);
      const bare = await ask(request);
      const byScope = await Promise.all(
        SCOPES.map(async (held) => [held, (await withKey(held, request)).statusCode] as const),
      );
      const allowed = (held: Scope) => scope === "open" || held === scope || held === "admin";
      expect([method, url, "no key", bare.statusCode]).toEqual([method, url, "no key", scope === "open" ? usual : 401]);
      if (bare.statusCode === 401) expect(bare.headers["www-authenticate"]).toMatch(/^Bearer/);
      expect([method, url, ...byScope]).toEqual([
        method,
        url,
        ...SCOPES.map((held) => [held, allowed(held) ? usual : 403]),
      ]);
    }
  });

  test("that forgets to is for admin keys alone", () => {
    const admit = (key: string): void => {
      const headers = { host: "localhost", "x-mayfly-key": key };
      const request = { is404: false, routeOptions: { config: {} }, headers, method: "GET", ip: "::1" };
      keyed.guard.admit(request as unknown as FastifyRequest, { headers: () => {} } as unknown as FastifyReply);
    };
    expect(() => admit(keyed.keys.read.key)).toThrow(expect.objectContaining({ code: "scope-missing" }));
    expect(() => admit(keyed.keys.admin.key)).not.toThrow();
  });
});

describe("a key", () => {
  test.each([
    ["Authorization: Bearer", (key: string) => ({ authorization: `Bearer ${key}` })],
    ["x-mayfly-key", (key: string) => ({ "x-mayfly-key": key })],
    ["x-api-key", (key: string) => ({ "x-api-key": key })],
  ])("is taken from %s", async (_, headers) => {
    expect((await read(headers(keyed.keys.read.key))).statusCode).toBe(200);
    const wrong = await read(headers(`${keyed.keys.read.key.slice(0, -1)}!`));
    expect([wrong.statusCode, wrong.json()]).toMatchObject([401, { error: { code: "key-invalid" } }]);
  });

  test("is not taken from the address, where logs would keep it", async () => {
    const { key } = keyed.keys.read;
    const codes = await Promise.all(
      ["key", "x-mayfly-key", "access_token"].map((name) => ask({ url: `/api/stats?${name}=${key}` })),
    );
    expect(codes.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
  });

  test("that is revoked or expired is as good as none", async () => {
    const headers = { "x-mayfly-key": keyed.keys.read.key };
    expect((await read(headers)).statusCode).toBe(200);
    await keyed.revoke("read");
    expect((await read(headers)).json()).toMatchObject({ error: { code: "key-invalid" } });
  });

  test("is in no answer and no message", async () => {
    const { key } = keyed.keys.ingest;
    const answers = await Promise.all(
      ["/api/stats", "/api/session", "/nowhere", "/v1/traces"].map((url) => withKey("ingest", { url })),
    );
    for (const { body, headers } of answers) expect(body + JSON.stringify(headers)).not.toContain(key.slice(15));
  });
});

test("the OTLP routes refuse in the request's own encoding", async () => {
  const send = (headers: Record<string, string>) =>
    ask({ method: "POST", url: "/v1/traces", headers, payload: tracesJson() });
  for (const [key, status, code] of [
    [undefined, 401, 16],
    [keyed.keys.read.key, 403, 7],
  ] as const) {
    const given = key === undefined ? {} : { "x-mayfly-key": key };
    const json = await send({ ...JSON_TYPE, ...given });
    expect([json.statusCode, json.json()]).toMatchObject([status, { code, message: expect.any(String) }]);
    const protobuf = await send({ ...PROTOBUF_TYPE, ...given });
    expect([protobuf.statusCode, protobuf.headers["content-type"]]).toEqual([status, "application/x-protobuf"]);
    expect(protobuf.rawPayload).toEqual(Buffer.from(encodeStatus("protobuf", json.json<RpcStatus>())));
  }
  const { refusedRequests } = (await read({ "x-mayfly-key": keyed.keys.read.key })).json<{ refusedRequests: object }>();
  expect(refusedRequests).toMatchObject({ "key-missing": 2, "scope-missing": 2 });
});

test("what a refused sender sends is not stored", async () => {
  await ask({ method: "POST", url: "/v1/traces", headers: JSON_TYPE, payload: tracesJson(jsonSpan()) });
  await withKey("ingest", {
    method: "POST",
    url: "/v1/traces",
    headers: JSON_TYPE,
    payload: tracesJson(jsonSpan({ spanId: "00000000000000aa" })),
  });
  expect((await withKey("read", { url: "/api/stats" })).json()).toMatchObject({ spans: 1 });
});

describe("signing in", () => {
  const login = (key: string, more: InjectOptions = {}) =>
    ask({
      method: "POST",
      url: "/api/login",
      headers: { ...JSON_TYPE, ...more.headers },
      payload: JSON.stringify({ key }),
      ...(more.remoteAddress && { remoteAddress: more.remoteAddress }),
    });
  const cookieOf = ({ headers }: Awaited<ReturnType<typeof login>>): string =>
    String(headers["set-cookie"]).split(";", 1).join("");

  test("gives a cookie that no script reads and no other site sends, and it stands for the key", async () => {
    const answer = await login(keyed.keys.read.key);
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { needsKey: true, key: { name: "the read key", scope: "read" } },
    ]);
    expect(answer.headers["set-cookie"]).toMatch(
      /^mayfly=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(answer);
    expect((await read({ cookie })).statusCode).toBe(200);
    expect((await ask({ url: "/api/session", headers: { cookie } })).json()).toMatchObject({ key: { scope: "read" } });
    expect(
      (await ask({ method: "POST", url: "/v1/traces", headers: { cookie, ...JSON_TYPE }, payload: "{}" })).statusCode,
    ).toBe(403);
  });

  test("each time gives another session, and none of the browser's choosing", async () => {
    const planted = "A".repeat(43);
    const answers = [
      await login(keyed.keys.read.key, { headers: { cookie: `mayfly=${planted}` } }),
      await login(keyed.keys.read.key),
    ];
    expect(new Set([...answers.map(cookieOf), `mayfly=${planted}`]).size).toBe(3);
    expect((await read({ cookie: `mayfly=${planted}` })).statusCode).toBe(401);
  });

  test("out ends the session on our side, too", async () => {
    const cookie = cookieOf(await login(keyed.keys.admin.key));
    const out = await ask({ method: "POST", url: "/api/logout", headers: { cookie } });
    expect([out.statusCode, out.headers["set-cookie"]]).toEqual([
      204,
      "mayfly=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
    ]);
    expect((await read({ cookie })).statusCode).toBe(401);
  });

  test("ends with the key's revocation", async () => {
    const cookie = cookieOf(await login(keyed.keys.read.key));
    await keyed.revoke("read");
    expect((await read({ cookie })).json()).toMatchObject({ error: { code: "key-invalid" } });
    expect((await ask({ url: "/api/session", headers: { cookie } })).json()).toEqual({ needsKey: true });
  });

  test("with an ingest key is refused, because it shows nothing", async () => {
    expect((await login(keyed.keys.ingest.key)).json()).toMatchObject({ error: { code: "scope-missing" } });
  });

  test("from a page of another origin is refused, and so is signing out", async () => {
    const headers = { origin: "https://evil.example" };
    expect((await login(keyed.keys.read.key, { headers })).json()).toMatchObject({
      error: { code: "origin-not-allowed" },
    });
    const cookie = cookieOf(
      await login(keyed.keys.read.key, { headers: { host: "localhost", origin: "http://localhost" } }),
    );
    await ask({ method: "POST", url: "/api/logout", headers: { cookie, ...headers } });
    expect((await read({ cookie })).statusCode).toBe(200);
  });

  test.each([
    "",
    "{}",
    "[]",
    '{"key":{}}',
    '{"key":"k","x":1}',
    '{"key":"k","__proto__":{}}',
    "{",
    `{"key":"${"k".repeat(5000)}"}`,
  ])("with the body %s is the sender's fault", async (payload) => {
    const { statusCode } = await ask({ method: "POST", url: "/api/login", headers: JSON_TYPE, payload });
    expect([400, 413]).toContain(statusCode);
  });

  test("with wrong keys is soon answered with 429, for each address by itself; the right key passes", async () => {
    const from = (remoteAddress: string, key = "wrong") => login(key, { remoteAddress });
    const codes = [];
    for (let tries = 0; tries < 7; tries += 1) codes.push((await from("10.0.0.1")).statusCode);
    expect(codes).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const refused = await from("10.0.0.1");
    expect([refused.headers["retry-after"], refused.json()]).toMatchObject(["10", { error: { code: "rate-limited" } }]);
    expect((await from("10.0.0.2")).statusCode).toBe(401);
    expect((await from("10.0.0.1", keyed.keys.read.key)).statusCode).toBe(200);
    keyed.clock.nowMs += 10_000;
    expect((await from("10.0.0.1")).statusCode).toBe(401);
    expect(keyed.guard.counts()).toMatchObject({ "rate-limited": 3 });
  });

  test("behind a trusted proxy that speaks TLS gives a secure cookie; what an untrusted one says is not believed", async () => {
    const behind = await openKeyed({ trustedProxies: ["127.0.0.1"] });
    const secure = async (remoteAddress: string) => {
      const answer = await behind.app.inject({
        method: "POST",
        url: "/api/login",
        headers: { ...JSON_TYPE, "x-forwarded-proto": "https" },
        remoteAddress,
        payload: JSON.stringify({ key: behind.keys.read.key }),
      });
      return String(answer.headers["set-cookie"]);
    };
    expect(await secure("127.0.0.1")).toMatch(/^__Host-mayfly=.*; Secure$/);
    expect(await secure("10.0.0.1")).toMatch(/^mayfly=(?!.*Secure)/);
    await behind.close();
  });
});

describe("limits", () => {
  test("are a key's own, say when to come back, and are answered in each route's form", async () => {
    const limited = await openKeyed({ ingestRate: 2, apiRate: 1 });
    const send = (type: Record<string, string>, key = limited.keys.ingest.key) =>
      limited.app.inject({
        method: "POST",
        url: "/v1/traces",
        headers: { ...type, "x-mayfly-key": key },
        payload: type === JSON_TYPE ? "{}" : "",
      });
    const look = (key: string) => limited.app.inject({ url: "/api/stats", headers: { "x-mayfly-key": key } });
    for (let sent = 0; sent < 4; sent += 1) expect((await send(JSON_TYPE)).statusCode).toBe(200);
    const json = await send(JSON_TYPE);
    expect([json.statusCode, json.headers["retry-after"], json.json()]).toMatchObject([429, "1", { code: 8 }]);
    const protobuf = await send(PROTOBUF_TYPE);
    expect(protobuf.statusCode).toBe(429);
    expect(protobuf.rawPayload).toEqual(Buffer.from(encodeStatus("protobuf", json.json<RpcStatus>())));
    expect((await send(JSON_TYPE, limited.keys.admin.key)).statusCode).toBe(200);
    expect([(await look(limited.keys.read.key)).statusCode, (await look(limited.keys.read.key)).statusCode]).toEqual([
      200, 200,
    ]);
    const api = await look(limited.keys.read.key);
    expect([api.statusCode, api.headers["retry-after"], api.json()]).toMatchObject([
      429,
      "1",
      { error: { code: "rate-limited" } },
    ]);
    limited.clock.nowMs += 1_000;
    const again = await look(limited.keys.read.key);
    expect([again.statusCode, again.json()]).toMatchObject([200, { refusedRequests: { "rate-limited": 2 } }]);
    await limited.close();
  });

  test("are an address's where no key is needed; all of an IPv6 network are one", async () => {
    await open.close();
    open = await openPipeline({ guard: withoutKeys({ apiRate: 1 }) });
    const look = async (remoteAddress: string) =>
      (await open.app.inject({ url: "/api/stats", remoteAddress })).statusCode;
    expect([await look("10.0.0.1"), await look("10.0.0.1"), await look("10.0.0.1")]).toEqual([200, 200, 429]);
    expect(await look("10.0.0.2")).toBe(200);
    expect([
      await look("2001:db8::1"),
      await look("2001:db8:0:0:1::2"),
      await look("2001:db8::3"),
      await look("2001:db8:0:1::1"),
    ]).toEqual([200, 200, 429, 200]);
  });

  test("hold no health check and no page up", async () => {
    const limited = await openKeyed({ apiRate: 1 });
    for (let asked = 0; asked < 10; asked += 1)
      expect((await limited.app.inject({ url: "/healthz" })).statusCode).toBe(200);
    await limited.close();
  });

  test("stop a flood of wrong keys with 429, never a right one from the same address", async () => {
    const codes = [];
    for (let n = 0; n < 32; n += 1) codes.push((await read({ "x-mayfly-key": "wrong" })).statusCode);
    expect(codes).toEqual([...Array<number>(30).fill(401), 429, 429]);
    expect((await read({ "x-mayfly-key": keyed.keys.read.key })).statusCode).toBe(200);
  });
});

const withoutKeys = (access: Partial<OpenGuardDeps>) => openGuard({ ...OPEN_ACCESS, dataDir: "/nowhere", ...access });

test("security headers are on every answer, and none lets another origin in", async () => {
  const asked: InjectOptions[] = [
    ...walked(keyed.routes).map(({ method, url }): InjectOptions => ({ method, url })),
    { url: "/nowhere" },
    { url: "/api/traces/%E0%A4%A" },
    { url: "/healthz", headers: { host: "evil.example" } },
    { url: "/v1/nowhere", method: "POST" },
    { url: "/api/stats", headers: { "x-mayfly-key": keyed.keys.read.key, origin: "https://evil.example" } },
    {
      url: "/api/stats",
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "GET" },
    },
    {
      url: "/v1/traces",
      method: "POST",
      headers: { ...JSON_TYPE, "x-mayfly-key": keyed.keys.ingest.key },
      payload: "{",
    },
    { url: "/", headers: { accept: "text/html" } },
  ];
  for (const request of asked) {
    const { headers } = await ask(request);
    expect([request, headers]).toMatchObject([request, SECURITY_HEADERS]);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  }
});

test("what the API answers is kept by no cache", async () => {
  for (const url of ["/api/stats", "/api/session", "/api/traces", "/api/traces/none"])
    expect((await withKey("read", { url })).headers["cache-control"]).toBe("no-store");
});
