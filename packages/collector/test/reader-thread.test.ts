/** Questions in a thread of their own, over real HTTP: what they delay, how they are refused, what becomes of a dead one. */
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { ErrorBody, TraceList } from "@mayfly/api";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ReaderBounds, type ReaderThread, startReader, startThread } from "../src/api/reader-thread.ts";
import { systemClock } from "../src/clock.ts";
import { startCollector } from "../src/index.ts";
import { DERIVED_FILE } from "../src/store/sqlite/derived-file.ts";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { batch, span, traceId } from "./builders.ts";
import { HELD, RELEASED } from "./held-cells.ts";
import { JSON_TYPE, jsonSpan, openPipeline, type TestPipeline, TRACE_ID, tracesJson } from "./http.ts";

let dataDir: string;
let closing: (() => Promise<unknown>)[];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly-reader-"));
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  await rm(dataDir, { recursive: true });
});

interface Held {
  readonly url: string;
  readonly app: TestPipeline["app"];
  readonly reader: ReaderThread;
  readonly bugs: unknown[];
  readonly cells: Int32Array<SharedArrayBuffer>;
  release(): void;
}

/** A collector whose thread does as it is asked. */
const openHeld = async (bounds?: ReaderBounds): Promise<Held> => {
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => void bugs.push(error);
  const file = new URL("held-reader-worker.ts", import.meta.url);
  const reader = startReader({ dataDir }, onBug, {
    thread: (data) => startThread({ ...data, cells } as typeof data, file),
    ...(bounds && { bounds }),
  });
  const release = (): void => {
    Atomics.store(cells, RELEASED, 1);
    Atomics.notify(cells, RELEASED);
  };
  const pipeline = await openPipeline({ reader, onBug });
  const { app } = pipeline;
  closing.push(
    () => pipeline.close(),
    async () => {
      release();
      await reader.close();
    },
  );
  return { url: await app.listen({ host: "127.0.0.1", port: 0 }), app, reader, bugs, cells, release };
};

const send = (url: string, ...spans: readonly object[]): Promise<Response> =>
  fetch(`${url}/v1/traces`, { method: "POST", headers: JSON_TYPE, body: tracesJson(...spans) });

const untilHeld = ({ cells }: Held): Promise<void> =>
  vi.waitFor(() => expect(Atomics.load(cells, HELD)).toBe(1), 20_000);

const numbered = (number: number, fields: object = {}): object =>
  jsonSpan({ spanId: (number + 1).toString(16).padStart(16, "0"), ...fields });

test("while the thread is held by a question, senders, probes and scrapes are answered", async () => {
  const held = await openHeld();
  const { url } = held;
  const order: string[] = [];
  const question = fetch(`${url}/api/invocations/hold`).then((response) => {
    order.push("question");
    return response.status;
  });
  await untilHeld(held);

  for (let number = 0; number < 20; number += 1) {
    const answers = [await send(url, numbered(number))];
    for (const path of ["/healthz", "/readyz", "/metrics", "/api/stats"]) answers.push(await fetch(`${url}${path}`));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    order.push("sender");
  }
  held.release();
  expect(await question).toBe(404);
  expect(order).toEqual([...Array.from({ length: 20 }, () => "sender"), "question"]);
});

test("where the thread that keeps the list's rows cannot write them, a list that is far behind says why, and no longer once it can", async () => {
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });
  closing.push(() => collector.close());
  const { url } = collector;
  const list = async () => (await (await fetch(`${url}/api/traces`)).json()) as TraceList;
  const derived = new Database(join(dataDir, DERIVED_FILE));
  closing.push(async () => void derived.close());
  derived.exec("CREATE TRIGGER refusing BEFORE INSERT ON rows BEGIN SELECT RAISE(ABORT, 'no rows are taken'); END");
  // More traces than a list waits for.
  const traceOf = (number: number): string => (number + 1).toString(16).padStart(32, "0");
  const spans = Array.from({ length: 1_000 }, (_, number) => numbered(number, { traceId: traceOf(number) }));
  expect((await send(url, ...spans)).status).toBe(200);

  const behind = { spansBehind: 1_000, problem: expect.stringContaining("no rows are taken") };
  await vi.waitFor(async () => expect(await list()).toMatchObject(behind), 20_000);
  derived.exec("DROP TRIGGER refusing");
  await vi.waitFor(async () => {
    const { traces, ...others } = await list();
    expect([traces.length > 0, "spansBehind" in others, "problem" in others]).toEqual([true, false, false]);
  }, 20_000);
});

test("a list that is followed is read there, too: nothing is told of it while the thread is held, and then what is new", async () => {
  const store = openStore({ dataDir });
  closing.push(() => store.close());
  await store.append(batch([span("root", { trace: "followed" })]));
  const held = await openHeld();
  const question = fetch(`${held.url}/api/invocations/hold`);
  await untilHeld(held);
  let told = "";
  const reading = (async () => {
    const { body } = await fetch(`${held.url}/api/live?status=ok&since=0`);
    for await (const text of body!.pipeThrough(new TextDecoderStream()))
      if ((told += text).includes(traceId("followed"))) return;
  })();
  await vi.waitFor(() => expect(held.reader.waiting).toBe(2), 20_000);
  expect(told).not.toContain("event: trace");

  held.release();
  await reading;
  expect((await question).status).toBe(404);
  expect(held.bugs).toEqual([]);
});

test("while a trace of fifty thousand spans is asked for again and again, senders are answered meanwhile", async () => {
  const collector = await startCollector({ host: "127.0.0.1", port: 0, dataDir });
  closing.push(() => collector.close());
  const { url } = collector;
  const QUESTIONS = 2;
  const [parts, perPart] = [10, 5_000];
  for (let part = 0; part < parts; part += 1) {
    const spans = Array.from({ length: perPart }, (_, index) =>
      numbered(part * perPart + index, { parentSpanId: "f".repeat(16) }),
    );
    expect((await send(url, ...spans)).status).toBe(200);
  }
  let isAnswered = false;
  const questions = Array.from({ length: QUESTIONS }, async () => {
    const response = await fetch(`${url}/api/traces/${TRACE_ID}?format=otlp&stitch=false`);
    const text = await response.text();
    isAnswered = true;
    return [response.status, text.match(/"spanId"/g)?.length];
  });
  let sent = 0;
  for (; !isAnswered; sent += 1) {
    const spanOfAnother = numbered(sent, { traceId: "a".repeat(32) });
    expect((await send(url, spanOfAnother)).status).toBe(200);
  }
  expect(sent).toBeGreaterThanOrEqual(5);
  expect(await Promise.all(questions)).toEqual(Array.from({ length: QUESTIONS }, () => [200, parts * perPart]));
}, 120_000);

test("more questions than may wait are refused with a time to come again, and counted", async () => {
  const held = await openHeld({ maxAsked: 1, maxWaiting: 1 });
  const { url, reader } = held;
  const first = fetch(`${url}/api/invocations/hold`);
  await untilHeld(held);
  const second = fetch(`${url}/api/traces`);
  await vi.waitFor(() => expect(reader.waiting).toBe(2));

  const third = await fetch(`${url}/api/traces`);
  expect(third.status).toBe(503);
  expect(third.headers.get("retry-after")).toBe("5");
  expect(((await third.json()) as ErrorBody).error.code).toBe("overloaded");
  held.release();
  expect([(await first).status, (await second).status]).toEqual([404, 200]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain("\nmayfly_refused_questions_total 1\n");
  expect(metrics).toContain("\nmayfly_questions_waiting 0\n");
  expect(held.bugs).toEqual([]);
});

test("a question whose client has gone leaves its place to others", async () => {
  const held = await openHeld({ maxAsked: 1, maxWaiting: 1 });
  const { url, reader } = held;
  const first = fetch(`${url}/api/invocations/hold`);
  await untilHeld(held);
  const leaving = new AbortController();
  const gone = fetch(`${url}/api/traces`, { signal: leaving.signal }).catch((error: unknown) => error);
  await vi.waitFor(() => expect(reader.waiting).toBe(2));
  leaving.abort();
  await gone;
  await vi.waitFor(() => expect(reader.waiting).toBe(1));

  const next = fetch(`${url}/api/traces`);
  await vi.waitFor(() => expect(reader.waiting).toBe(2));
  held.release();
  expect([(await first).status, (await next).status]).toEqual([404, 200]);
});

test("a bug in a route is answered with 500 and told once, with the place where it was", async () => {
  const { url, bugs } = await openHeld();
  const response = await fetch(`${url}/api/invocations/bug`);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({ error: { code: "internal", message: "internal error" } });
  expect(bugs).toHaveLength(1);
  expect((bugs[0] as Error).stack).toMatch(/a bug of ours[\s\S]*held-reader-worker/);
});

test("what the disk refuses the thread is answered with 503, and is no bug", async () => {
  const { url, bugs } = await openHeld();
  const response = await fetch(`${url}/api/invocations/disk`);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await response.json()).toEqual({ error: { code: "store-failed", message: "the disk refused" } });
  expect(bugs).toEqual([]);
});

test("a thread that dies is told, what it was asked is refused with a time to come again, and another answers", async () => {
  const { url, bugs } = await openHeld();
  const response = await fetch(`${url}/api/invocations/die`);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(bugs.map(String)).toEqual(["StoreError: the thread that reads has stopped"]);
  expect((await fetch(`${url}/api/traces`)).status).toBe(200);
  expect(bugs).toHaveLength(1);
});

test("after five that died questions are refused, and senders are not", async () => {
  const { url, bugs } = await openHeld();
  for (let death = 0; death < 5; death += 1) await fetch(`${url}/api/invocations/die`);
  const statuses = await Promise.all(
    ["/api/traces", "/api/stats", "/metrics", "/healthz"].map(async (path) => (await fetch(url + path)).status),
  );
  expect(statuses).toEqual([503, 503, 200, 200]);
  expect((await send(url, jsonSpan())).status).toBe(200);
  expect(bugs).toHaveLength(5);
});

test("a stop answers what was asked, then ends the thread; twice is safe", async () => {
  const held = await openHeld();
  const question = fetch(`${held.url}/api/invocations/hold`);
  await untilHeld(held);
  const closed = held.app.close();
  held.release();
  expect((await question).status).toBe(404);
  await closed;
  await Promise.all([held.reader.close(), held.reader.close()]);
  await expect(held.reader.ask("/api/traces").answer).rejects.toThrow("has stopped");
  expect(held.bugs).toEqual([]);
});

const STITCHED = `${TRACE_ID}.1a2b3c4d5e6f7081`;
const RANGE = "from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z";

const PATHS = [
  "/api/traces",
  `/api/traces?${RANGE}&limit=1&q=function:orders`,
  "/api/traces?limit=0",
  "/api/traces?limit=1&limit=2",
  "/api/traces?nonsense=1",
  "/api/traces?cursor=x",
  "/api/traces?q=duration%3A%3Eabc",
  `/api/traces/${TRACE_ID}`,
  `/api/traces/${TRACE_ID}?stitch=false`,
  `/api/traces/${TRACE_ID}?format=otlp`,
  `/api/traces/${TRACE_ID}?format=xml`,
  `/api/traces/${STITCHED}`,
  "/api/traces/..",
  "/api/traces/%2e%2E",
  "/api/traces/%2F..%2F%00?stitch=true",
  "/api/traces/a%zz",
  "/api/traces/gr%C3%BCn%20%F0%9F%A6%9F?stitch=1",
  `/api/traces/${"a".repeat(2_100)}`,
  "//api/traces",
  "/api/traces/",
  `/api/traces/stats?${RANGE}`,
  "/api/suggest?prefix=st",
  "/api/suggest?of=function",
  "/api/suggest?limit=1000",
  "/api/invocations/nobody",
  `/api/logs?traceId=${TRACE_ID}&traceId=${"b".repeat(32)}`,
  "/api/logs?traceId=nonsense",
  `/api/logs?traceId=${TRACE_ID}&format=otlp`,
  `/api/functions?${RANGE}`,
  `/api/functions/orders?${RANGE}`,
  `/api/functions/nobody?${RANGE}`,
  "/api/functions?nonsense=1",
  `/api/logs?${RANGE}`,
  "/api/metrics",
];

/** What says the same of both: not who answered, nor when. */
const OWN_HEADERS = new Set(["date", "x-request-id", "connection", "keep-alive"]);

const answerTo = (url: string, path: string, method: string): Promise<object> =>
  new Promise((resolve, reject) => {
    // Not fetch: it would write the address anew.
    const { hostname, port } = new URL(url);
    request({ hostname, port, path, method, agent: false }, (response) => {
      const headers = Object.entries(response.headers).filter(([name]) => !OWN_HEADERS.has(name));
      buffer(response).then((body) => {
        resolve({ path, status: response.statusCode, headers: Object.fromEntries(headers), body: body.toString() });
      }, reject);
    })
      .on("error", reject)
      .end();
  });

test("what is answered is the same with a thread and without one: status, headers and body", async () => {
  const refused: string[][] = [];
  const answers = await Promise.all(
    [{}, { clock: systemClock }].map(async (options, index) => {
      const collector = await startCollector(
        { host: "127.0.0.1", port: 0, dataDir: join(dataDir, String(index)) },
        options,
      );
      closing.push(() => collector.close());
      const { url } = collector;
      expect((await send(url, jsonSpan(), numbered(1, { parentSpanId: "1a2b3c4d5e6f7081" }))).status).toBe(200);
      const given: object[] = [];
      for (const path of PATHS)
        for (const method of ["GET", "HEAD", "POST"]) given.push(await answerTo(url, path, method));
      const metrics = await (await fetch(`${url}/metrics`)).text();
      refused[index] = metrics.split("\n").filter((line) => line.startsWith("mayfly_refused_api_requests_total"));
      return given;
    }),
  );
  expect(answers[0]).toEqual(answers[1]);
  // Refusals are counted wherever they were written.
  expect(refused[0]).toEqual(refused[1]);
  expect(refused[0]?.length).toBeGreaterThan(0);
  const statuses = new Set(answers[0]?.map((answer) => ("status" in answer ? answer.status : undefined)));
  expect([...statuses].toSorted((a, b) => Number(a) - Number(b))).toEqual([200, 400, 404, 405]);
});
