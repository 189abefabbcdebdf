import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createBuckets } from "./buckets.ts";
import { credentialOf, sessionCookie } from "./credentials.ts";
import { type KeyRecord, makeKey } from "./keys.ts";
import { isLoopback, namesOf } from "./names.ts";
import { createSessions } from "./sessions.ts";

const HOUR_MS = 3_600_000;

test("a bucket gives what it holds at once, then as fast as it is filled, and says when", () => {
  let nowMs = 0;
  const buckets = createBuckets({ perSecond: 2, capacity: 3, nowMs: () => nowMs });
  expect([1, 2, 3, 4].map(() => buckets.take("a"))).toEqual([0, 0, 0, 1]);
  expect(buckets.take("b")).toBe(0);
  nowMs = 500;
  expect([buckets.take("a"), buckets.take("a")]).toEqual([0, 1]);
  nowMs = 60_000;
  expect([1, 2, 3, 4].map(() => buckets.take("a"))).toEqual([0, 0, 0, 1]);
});

test("a slow bucket says to the second how long to wait", () => {
  const buckets = createBuckets({ perSecond: 0.1, capacity: 1, nowMs: () => 0 });
  expect([buckets.take("a"), buckets.take("a")]).toEqual([0, 10]);
});

test("a clock set back gives nothing and takes nothing", () => {
  let nowMs = 10_000;
  const buckets = createBuckets({ perSecond: 1, capacity: 1, nowMs: () => nowMs });
  buckets.take("a");
  nowMs = 0;
  expect(buckets.take("a")).toBe(1);
  nowMs = 1000;
  expect(buckets.take("a")).toBe(0);
});

test("a limit of 0 is none", () => {
  const buckets = createBuckets({ perSecond: 0, nowMs: () => 0 });
  for (let n = 0; n < 100; n += 1) expect(buckets.take("a")).toBe(0);
});

test("a million addresses take the room of ten thousand", () => {
  const buckets = createBuckets({ perSecond: 1, nowMs: () => 0 });
  for (let n = 0; n < 20_000; n += 1) buckets.take(String(n));
  expect(buckets.size).toBe(10_000);
});

const keyOf = (id: string): KeyRecord => ({
  ...makeKey({ name: id, scope: "read", nowMs: 0, randomBytes }).record,
  id,
});

const sessionsWith = (ids: readonly string[]) => {
  const good = new Map(ids.map((id) => [id, keyOf(id)]));
  const clock = { nowMs: 0 };
  const sessions = createSessions({ ring: { byId: (id) => good.get(id) }, nowMs: () => clock.nowMs, randomBytes });
  const open = (id: string): string => sessions.open(good.get(id) ?? keyOf(id));
  return { sessions, open, good, clock };
};

test("a session stands for its key until it is closed", () => {
  const { sessions, open } = sessionsWith(["a"]);
  const id = open("a");
  expect(id).toMatch(/^[\w-]{43}$/);
  expect(sessions.find(id)?.id).toBe("a");
  expect(sessions.find(`${id}x`)).toBeUndefined();
  sessions.close(id);
  expect(sessions.find(id)).toBeUndefined();
});

test("a session ends with its key", () => {
  const { sessions, open, good } = sessionsWith(["a"]);
  const id = open("a");
  good.delete("a");
  expect(sessions.find(id)).toBeUndefined();
  good.set("a", keyOf("a"));
  expect(sessions.find(id)).toBeUndefined();
});

test("a session ends after a day without use, and after a week in any case", () => {
  const { sessions, open, clock } = sessionsWith(["a"]);
  const [idle, busy] = [open("a"), open("a")];
  for (let hours = 0; hours < 6.5 * 24; hours += 12) {
    expect(sessions.find(busy)).toBeDefined();
    clock.nowMs += 12 * HOUR_MS;
  }
  expect(sessions.find(idle)).toBeUndefined();
  clock.nowMs = 7 * 24 * HOUR_MS - 1;
  expect(sessions.find(busy)).toBeDefined();
  clock.nowMs += 1;
  expect(sessions.find(busy)).toBeUndefined();
});

test("a key has twenty sessions, and takes none of another's", () => {
  const { sessions, open } = sessionsWith(["a", "b"]);
  const other = open("b");
  const ids = Array.from({ length: 50 }, () => open("a"));
  expect(sessions.size).toBe(21);
  expect(ids.map((id) => sessions.find(id) !== undefined)).toEqual(ids.map((_, n) => n >= 30));
  expect(sessions.find(other)).toBeDefined();
});

const asking = (headers: Record<string, string>, protocol: "http" | "https" = "http") => ({ headers, protocol });

test.each([
  [{ authorization: "Bearer k" }, { key: "k" }],
  [{ authorization: "bearer  k " }, { key: "k" }],
  [{ "x-api-key": "k" }, { key: "k" }],
  [{ "x-mayfly-key": "k" }, { key: "k" }],
  [{ authorization: "Bearer of-the-proxy", "x-mayfly-key": "k" }, { key: "k" }],
  [{ cookie: "mayfly=s" }, { session: "s" }],
  [{ cookie: "theme=dark; mayfly=s; x=y" }, { session: "s" }],
  [{ cookie: "mayfly=s", "x-mayfly-key": "k" }, { key: "k" }],
  [{ authorization: "Basic dTpw" }, undefined],
  [{ authorization: "Bearer" }, undefined],
  [{ "x-mayfly-key": "" }, undefined],
  [{ cookie: "xmayfly=s; __Host-mayfly=t" }, undefined],
  [{}, undefined],
] as const)("%j presents %j", (headers, credential) => {
  expect(credentialOf(asking(headers))).toEqual(credential);
});

test("over TLS the cookie is secure and bound to the host, and another is not read", () => {
  expect(sessionCookie(asking({}), "s", 60)).toBe("mayfly=s; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
  expect(sessionCookie(asking({}, "https"), "s", 60)).toBe(
    "__Host-mayfly=s; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure",
  );
  expect(credentialOf(asking({ cookie: "mayfly=s" }, "https"))).toBeUndefined();
  expect(credentialOf(asking({ cookie: "__Host-mayfly=s" }, "https"))).toEqual({ session: "s" });
});

test.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["127.255.249.199", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.5", false],
  ["127.0.0.1.example.com", false],
  ["127.0.0.01", false],
  ["example.com", false],
])("%s is the loopback: %j", (host, is) => {
  expect(isLoopback(host)).toBe(is);
});

const refusalOf = (
  deps: { host?: string; allowedHosts?: string[] },
  headers: Record<string, string>,
  method = "GET",
): unknown => {
  try {
    namesOf({ host: "127.0.0.1", allowedHosts: [], ...deps }).check({ headers, method });
    return undefined;
  } catch (error) {
    return error;
  }
};

test("public names are configured; addresses are fine where all of them are listened on, because nobody can rebind one", () => {
  const named = { host: "0.0.0.0", allowedHosts: ["Mayfly.example"] };
  for (const host of [
    "mayfly.example",
    "mayfly.example:443",
    "MAYFLY.EXAMPLE",
    "10.1.2.3:4318",
    "[fd00::1]:4318",
    "localhost",
  ])
    expect([host, refusalOf(named, { host })]).toEqual([host, undefined]);
  for (const host of ["evil.example", "mayfly.example.evil", "10.1.2.3.evil", ""])
    expect(refusalOf(named, { host })).toMatchObject({ code: "host-not-allowed" });
  expect(refusalOf({ host: "10.1.2.3" }, { host: "10.1.2.4" })).toMatchObject({ code: "host-not-allowed" });
});

test.each([
  ["http://localhost:4318", "localhost:4318", undefined],
  ["http://localhost", "localhost:80", undefined],
  ["https://mayfly.example", "mayfly.example:443", undefined],
  ["https://mayfly.example", "127.0.0.1:4318", undefined], // a proxy that does not pass Host on
  ["http://localhost:3000", "localhost:4318", "origin-not-allowed"],
  ["http://127.0.0.1:4318", "localhost:4318", "origin-not-allowed"],
  ["https://evil.example", "localhost:4318", "origin-not-allowed"],
  ["https://mayfly.example.evil", "mayfly.example", "origin-not-allowed"],
  ["null", "localhost:4318", "origin-not-allowed"],
  ["", "localhost:4318", "origin-not-allowed"],
])("a page of %j that changes something at %s is answered with %j", (origin, host, code) => {
  const deps = { allowedHosts: ["mayfly.example"] };
  const refusal = refusalOf(deps, { origin, host }, "POST");
  expect(refusal instanceof Error && "code" in refusal ? refusal.code : refusal).toBe(code);
  expect(refusalOf(deps, { origin, host })).toBeUndefined();
});
