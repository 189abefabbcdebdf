/** The sender against a real HTTP server; only the breaker's clock is the test's. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { expect, test, vi } from "vitest";
import { startCollector } from "../../test/collector.ts";
import type { Environment } from "../config-variables.ts";
import { readConfig } from "../config.ts";
import { MAX_BUFFER_BYTES, MAX_RETRIES, SEND_BESIDE_AT, SLOW_REFUSAL_SHARE } from "../limits.ts";
import { createRedact } from "../redact.ts";
import { createSpans } from "../trace/provider.ts";
import { createSampling } from "../trace/sampling.ts";
import { createSender } from "./direct.ts";
import { type Post, createPost } from "./post.ts";

const PROBE_INTERVAL_MS = 30_000;
/** More than a server on this machine ever needs; a test that waits for it to pass is broken. */
const AMPLE_MS = 20_000;
const SLOW_MS = AMPLE_MS * SLOW_REFUSAL_SHARE;
const LINE = JSON.stringify({ timestamp: "2027-01-15T08:00:00.000Z", level: "INFO", message: "hi" });

const said: string[] = [];
vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);

const spanNamed = (name: string): ReadableSpan => {
  const ended: ReadableSpan[] = [];
  const { tracer } = createSpans({
    config: readConfig({}),
    sampling: createSampling(readConfig({})),
    place: () => undefined,
    onEnd: (span) => void ended.push(span),
  });
  tracer.startSpan(name).end();
  return ended[0] as ReadableSpan;
};

const senderTo = (endpoint: string | undefined, env: Environment = {}) => {
  const config = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env });
  const clock = { now: 1_000_000 };
  const requests: Promise<unknown>[] = [];
  const realPost = createPost();
  const post: Post = (...args) => {
    const request = realPost(...args);
    requests.push(request);
    return request;
  };
  const sender = createSender({ config, post, redact: createRedact(config), nowMs: () => clock.now });
  return {
    clock,
    sender,
    /** Until what `probe` began is over. */
    settled: async () => {
      await Promise.allSettled(requests);
      await new Promise((resolve) => setImmediate(resolve));
    },
    sendOne: async (name = "span", budgetMs = AMPLE_MS) => {
      sender.addSpan(spanNamed(name));
      await sender.flush(budgetMs);
    },
  };
};

/** After a collection, so that it tells what is held. */
const heapUsed = (): number => {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
};

const namesOf = (spans: readonly { readonly name: string }[]): string[] => spans.map(({ name }) => name);

test("spans and lines arrive, one request for each signal, with the headers that were asked for", async () => {
  const collector = await startCollector();
  const { sender } = senderTo(collector.url, { OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=s%20cret" });
  for (const name of ["a", "b", "c"]) sender.addSpan(spanNamed(name));
  sender.addLogLine(LINE);
  sender.addLogLine(LINE);
  await sender.flush(AMPLE_MS);
  expect(collector.paths.toSorted()).toEqual(["/v1/logs", "/v1/traces"]);
  expect(namesOf(collector.spans)).toEqual(["a", "b", "c"]);
  expect(collector.logs).toHaveLength(2);
  for (const headers of collector.headers)
    expect(headers).toMatchObject({
      "x-api-key": "s cret",
      "content-type": "application/json",
      "user-agent": expect.stringMatching(/^mayfly-nodejs\/\d/) as string,
    });
});

test("what was accepted is not sent again, and nothing is sent when there is nothing", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne();
  await sender.flush(AMPLE_MS);
  expect(collector.paths).toEqual(["/v1/traces"]);
});

test("flushes share a connection", async () => {
  const collector = await startCollector();
  const { sendOne } = senderTo(collector.url);
  await sendOne("a");
  await sendOne("b");
  await sendOne("c");
  expect(collector.connections).toBe(1);
});

test("a connection that died while the environment slept is replaced, and nobody hears of it", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne("before");
  collector.dropConnections();
  await sendOne("after");
  expect(namesOf(collector.spans)).toEqual(["before", "after"]);
  expect(sender.counters()).toMatchObject({ flushFailures: 0, breakerOpened: 0 });
});

test("without an endpoint nothing is kept and nothing lost", async () => {
  const { sender } = senderTo(undefined);
  sender.addLogLine("not even JSON");
  for (let n = 0; n < MAX_BUFFER_BYTES / LINE.length; n += 1) sender.addLogLine(LINE);
  await sender.flush(AMPLE_MS);
  expect(sender.counters().droppedLogs).toBe(0);
});

test("a disabled SDK keeps and sends nothing", async () => {
  const collector = await startCollector();
  const { sendOne } = senderTo(collector.url, { OTEL_SDK_DISABLED: "true" });
  await sendOne();
  expect(collector.paths).toEqual([]);
});

test("no time left: nothing is sent, and the next flush takes it along", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne("first", 0);
  expect(collector.paths).toEqual([]);
  await sender.flush(AMPLE_MS);
  expect(namesOf(collector.spans)).toEqual(["first"]);
});

test.each([400, 401, 404, 413, 500])(
  "a %i that comes at once is final: counted as lost, not sent again, no breaker",
  async (status) => {
    const collector = await startCollector(status);
    const { sender, sendOne } = senderTo(collector.url);
    sender.addLogLine(LINE);
    await sendOne();
    expect(sender.counters()).toMatchObject({ droppedSpans: 1, droppedLogs: 1, breakerOpened: 0, flushFailures: 0 });
    collector.answer = 200;
    await sendOne("next");
    expect(namesOf(collector.spans)).toEqual(["next"]);
  },
);

test.each([400, 401, 404, 500])("a %i that is slow to come is final, too, and opens the breaker", async (status) => {
  const collector = await startCollector();
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  const refuseAfter = (ms: number) => async () => {
    clock.now += ms;
    return status;
  };
  collector.answer = refuseAfter(SLOW_MS - 1);
  await sendOne("refused in time");
  expect(sender.counters()).toMatchObject({ droppedSpans: 1, breakerOpened: 0 });

  collector.answer = refuseAfter(SLOW_MS + 1);
  await sendOne("refused late");
  for (const name of ["waits", "waits too"]) await sendOne(name);
  expect(collector.paths).toHaveLength(2);
  expect(sender.counters()).toMatchObject({ droppedSpans: 2, breakerOpened: 1, flushFailures: 1, flushTimeouts: 0 });

  collector.answer = 200;
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  await sendOne("after the probe");
  expect(namesOf(collector.spans)).toEqual(["waits", "waits too", "after the probe"]);
  expect(sender.counters()).toMatchObject({ droppedSpans: 2 });
});

test("a refusal is not called slow because the other signal is", async () => {
  const [traces, logs] = [await startCollector(), await startCollector(401)];
  const { clock, sender, sendOne } = senderTo(traces.url, { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${logs.url}/v1/logs` });
  traces.answer = async () => {
    await vi.waitFor(() => expect(sender.counters().droppedLogs).toBe(1));
    clock.now += SLOW_MS + 1;
    return 200;
  };
  sender.addLogLine(LINE);
  await sendOne();
  expect(sender.counters()).toMatchObject({ droppedLogs: 1, droppedSpans: 0, breakerOpened: 0 });
});

test.each([429, 502, 503, 504])("a %i opens the breaker and loses nothing", async (status) => {
  const collector = await startCollector(status);
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne("first");
  await sendOne("second");
  expect(collector.paths).toHaveLength(1);
  expect(sender.counters()).toEqual({
    droppedSpans: 0,
    droppedLogs: 0,
    cutTexts: 0,
    flushTimeouts: 0,
    flushFailures: 1,
    breakerOpened: 1,
    sentBytes: collector.bytes[0],
    overheadMs: expect.any(Number),
  });
});

test.each(["never", "unending"] as const)("an answer that is %s ends with the budget, once", async (answer) => {
  const collector = await startCollector(answer);
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne("first", 50);
  await sendOne("second", AMPLE_MS);
  expect(collector.paths).toHaveLength(1);
  expect(sender.counters()).toMatchObject({ flushTimeouts: 1, flushFailures: 0, breakerOpened: 1, droppedSpans: 0 });
});

test("nobody listening opens the breaker", async () => {
  const { sender, sendOne } = senderTo("http://127.0.0.1:1");
  await sendOne();
  expect(sender.counters()).toMatchObject({ flushFailures: 1, breakerOpened: 1, droppedSpans: 0 });
});

test("one signal that gets through does not close the breaker over one that does not", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url, {
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://127.0.0.1:1/v1/logs",
  });
  sender.addLogLine(LINE);
  await sendOne("first");
  await sendOne("second");
  expect(namesOf(collector.spans)).toEqual(["first"]);
  expect(sender.counters().breakerOpened).toBe(1);
});

test("a probe sends what waited, oldest first, and closes the breaker", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  await sendOne("first");
  await sendOne("second");
  collector.answer = 200;
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  expect(namesOf(collector.spans)).toEqual(["first", "second"]);
  await sendOne("third");
  expect(namesOf(collector.spans)).toEqual(["first", "second", "third"]);
});

test("many invocations, one probe per interval; failing, it counts but does not open again", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  await sendOne();
  for (let interval = 0; interval < 2; interval += 1) {
    clock.now += PROBE_INTERVAL_MS;
    for (let invocation = 0; invocation < 10; invocation += 1) sender.probe();
    await settled();
  }
  expect(collector.paths).toHaveLength(3);
  expect(sender.counters()).toMatchObject({ flushFailures: 3, breakerOpened: 1 });
});

test("there is no probe while all is well", async () => {
  const collector = await startCollector();
  const { clock, sender, settled } = senderTo(collector.url);
  sender.addSpan(spanNamed("waits for the flush"));
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  expect(collector.paths).toEqual([]);
});

test("a flush beside a probe does not send, and the handler does not wait for the probe", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne } = senderTo(collector.url);
  await sendOne("first");
  collector.answer = "never";
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await sendOne("second");
  expect(sender.counters().flushTimeouts, "the probe is still under way").toBe(0);
  await vi.waitFor(() => expect(collector.paths).toHaveLength(2));
});

test("while the breaker is open the buffers keep their bounds in bytes, and count what falls over", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  await sendOne("oldest");
  const COUNT = 8_000;
  const span = spanNamed("later");
  for (let n = 0; n < COUNT; n += 1) sender.addSpan(span);
  for (let n = 0; n < COUNT; n += 1) sender.addLogLine(LINE.replace("hi", "x".repeat(1_000)));
  collector.answer = 200;
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  const { droppedSpans, droppedLogs } = sender.counters();
  expect([droppedSpans > 0, droppedLogs > 0]).toEqual([true, true]);
  expect(collector.spans.length + droppedSpans).toBe(COUNT + 1);
  expect(collector.logs.length + droppedLogs).toBe(COUNT);
  expect(namesOf(collector.spans)).not.toContain("oldest");
  for (const bytes of collector.bytes.slice(1)) {
    expect(bytes).toBeLessThan(MAX_BUFFER_BYTES * 1.01);
    expect(bytes).toBeGreaterThan(MAX_BUFFER_BYTES * 0.9);
  }
});

test("a small function keeps less", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne, settled } = senderTo(collector.url, { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128" });
  await sendOne();
  for (let n = 0; n < 2_000; n += 1) sender.addLogLine(LINE.replace("hi", "x".repeat(1_000)));
  collector.answer = 200;
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  expect(Math.max(...collector.bytes)).toBeLessThan(128 * 1_048_576 * 0.0101);
});

test("large lines and texts are cut and counted, and hold no more memory than what is left of them", async () => {
  const collector = await startCollector(503);
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  await sendOne();
  const before = heapUsed();
  for (let n = 0; n < 400; n += 1)
    sender.addLogLine(
      JSON.stringify({ level: "INFO", seq: n, event: `${n} ${"x".repeat(200_000)}`, message: "got it" }),
    );
  expect(heapUsed() - before).toBeLessThan(MAX_BUFFER_BYTES * 8);
  expect(sender.counters().cutTexts).toBe(400);
  collector.answer = 200;
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  expect(collector.logs.at(-1)?.attributes).toMatchObject({ seq: 399 });
  expect(collector.logs.length + sender.counters().droppedLogs).toBe(400);
});

test("a buffer that fills is sent before any flush, one request at a time, and nothing is lost", async () => {
  let answer = (_status: number): void => {};
  const collector = await startCollector(() => new Promise((resolve) => (answer = resolve)));
  const { sender } = senderTo(collector.url);
  const line = LINE.replace("hi", "x".repeat(10_000));
  const half = (MAX_BUFFER_BYTES * SEND_BESIDE_AT) / 10_000;
  for (let n = 0; n < half * 2; n += 1) sender.addLogLine(line);
  expect(sender.isSendingBeside).toBe(true);
  await vi.waitFor(() => expect(collector.paths).toEqual(["/v1/logs"]));
  collector.answer = 200;
  answer(200);
  await sender.flush(AMPLE_MS);
  expect(sender.isSendingBeside).toBe(false);
  expect(collector.logs).toHaveLength(half * 2);
  expect(sender.counters()).toMatchObject({ droppedLogs: 0, breakerOpened: 0 });
});

test("a failed send beside the handler opens the breaker, and the flush does not try again", async () => {
  const collector = await startCollector(503);
  const { sender } = senderTo(collector.url);
  const line = LINE.replace("hi", "x".repeat(10_000));
  for (let n = 0; n < (MAX_BUFFER_BYTES * SEND_BESIDE_AT) / 10_000; n += 1) sender.addLogLine(line);
  await sender.flush(AMPLE_MS);
  expect(collector.paths).toHaveLength(1);
  expect(sender.counters()).toMatchObject({ flushFailures: 1, breakerOpened: 1, droppedLogs: 0 });
});

test("a flush waits for a send beside the handler no longer than its budget", async () => {
  const collector = await startCollector("never");
  const { sender } = senderTo(collector.url);
  const line = LINE.replace("hi", "x".repeat(10_000));
  for (let n = 0; n < (MAX_BUFFER_BYTES * SEND_BESIDE_AT) / 10_000; n += 1) sender.addLogLine(line);
  await sender.flush(50);
  expect(sender.counters()).toMatchObject({ flushTimeouts: 1, breakerOpened: 1, droppedLogs: 0 });
});

test.each([
  ["spans", { rejectedSpans: "2", errorMessage: "no room for them" }, { droppedSpans: 2, droppedLogs: 0 }],
  ["log lines", { rejectedLogRecords: 1, errorMessage: "no room for one" }, { droppedSpans: 0, droppedLogs: 1 }],
  ["nothing, but warns", { errorMessage: "a word of warning" }, { droppedSpans: 0, droppedLogs: 0 }],
  ["more than was sent", { rejectedSpans: 99 }, { droppedSpans: 3, droppedLogs: 0 }],
])("a collector that takes only a part is believed: it rejects %s", async (what, partialSuccess, dropped) => {
  const collector = await startCollector();
  const { sender } = senderTo(collector.url);
  if (what === "log lines") sender.addLogLine(LINE);
  else for (let n = 0; n < 3; n += 1) sender.addSpan(spanNamed("s"));
  collector.answerBody = JSON.stringify({ partialSuccess });
  await sender.flush(AMPLE_MS);
  expect(sender.counters()).toMatchObject({ ...dropped, breakerOpened: 0 });
  expect(said.join("")).toContain(`${collector.url}/v1/${what === "log lines" ? "logs" : "traces"} did not take all`);
  if ("errorMessage" in partialSuccess) expect(said.join("")).toContain(partialSuccess.errorMessage);
});

test.each(["", "no JSON", "null", "[]", '{"partialSuccess":null}', `{"partialSuccess":{"rejectedSpans":"x"}}`])(
  "an answer that says nothing is all taken: %s",
  async (body) => {
    const collector = await startCollector();
    const { sender, sendOne } = senderTo(collector.url);
    collector.answerBody = body;
    await sendOne();
    expect(sender.counters().droppedSpans).toBe(0);
  },
);

test("a long answer is read to its end, so that the connection serves again, and only its beginning counts", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url);
  collector.answerBody = `{"filler":"${"x".repeat(1_000_000)}","partialSuccess":{"rejectedSpans":"1"}}`;
  await sendOne();
  await sendOne();
  expect(collector.connections).toBe(1);
  expect(sender.counters().droppedSpans).toBe(0);
});

test("a refusal is said without the endpoint's secrets", async () => {
  const collector = await startCollector(401);
  const secret = `${collector.url.replace("//", "//me:s3cret@")}?token=s3cret`;
  const { sendOne } = senderTo(secret);
  await sendOne();
  expect(collector.paths).toEqual(["/v1/traces?token=s3cret"]);
  expect(said.join("")).toContain(`${collector.url}/v1/traces refused what was sent (status 401)`);
  expect(said.join("")).not.toContain("s3cret");
});

test("each signal has its own headers beside the common ones", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url, {
    OTEL_EXPORTER_OTLP_HEADERS: "x-all=1",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-logs=2",
  });
  sender.addLogLine(LINE);
  await sendOne();
  const byPath = new Map(collector.paths.map((path, n) => [path, collector.headers[n]]));
  expect(byPath.get("/v1/logs")).toMatchObject({ "x-all": "1", "x-logs": "2" });
  expect(byPath.get("/v1/traces")).toHaveProperty("x-all", "1");
  expect(byPath.get("/v1/traces")).not.toHaveProperty("x-logs");
});

test("a request that cannot even be made is counted, and never rejects", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url, { OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=a%0Ab" });
  await expect(sendOne()).resolves.toBeUndefined();
  expect(sender.counters()).toMatchObject({ droppedSpans: 1, breakerOpened: 0 });
});

test("a line that cannot be encoded is counted, and leaves all others alone", async () => {
  const collector = await startCollector();
  const { sender, sendOne } = senderTo(collector.url);
  sender.addLogLine(LINE);
  sender.addLogLine("not JSON");
  await sendOne("span");
  expect(namesOf(collector.spans)).toEqual(["span"]);
  expect(collector.logs).toHaveLength(1);
  expect(sender.counters()).toMatchObject({ droppedLogs: 1, droppedSpans: 0 });
});

const GZIP = { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" };
const PROTOBUF = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" };

test.each([
  ["JSON, gzipped", GZIP, { "content-type": "application/json", "content-encoding": "gzip" }],
  ["protobuf", PROTOBUF, { "content-type": "application/x-protobuf" }],
  [
    "protobuf, gzipped",
    { ...GZIP, ...PROTOBUF },
    { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
  ],
])("spans and lines arrive as %s", async (_what, env, expected) => {
  const collector = await startCollector();
  const { sender } = senderTo(collector.url, env);
  for (const name of ["a", "b"]) sender.addSpan(spanNamed(name));
  sender.addLogLine(LINE);
  await sender.flush(AMPLE_MS);
  expect(namesOf(collector.spans)).toEqual(["a", "b"]);
  expect(collector.logs).toMatchObject([{ severityText: "INFO", body: { stringValue: "hi" } }]);
  for (const headers of collector.headers) expect(headers).toMatchObject(expected);
});

test("what is gzipped is smaller, and the bytes that are counted are those that went out", async () => {
  const collector = await startCollector();
  for (const env of [{}, GZIP]) {
    const { sender } = senderTo(collector.url, env);
    for (let n = 0; n < 100; n += 1) sender.addSpan(spanNamed("many of the same"));
    await sender.flush(AMPLE_MS);
    expect(sender.counters().sentBytes).toBe(collector.bytes.at(-1));
  }
  const [plain = 0, zipped = 0] = collector.bytes;
  expect(zipped).toBeLessThan(plain / 5);
});

test.each([
  ["rejects two", [10, 9, 8, 2, 18, 5, ...Buffer.from("quota")], 2],
  ["says nothing", [], 0],
  ["cannot be read", [10, 200, 1], 0],
])("a collector's answer in protobuf is read too: it %s", async (_what, bytes, dropped) => {
  const collector = await startCollector();
  const { sender } = senderTo(collector.url, PROTOBUF);
  for (let n = 0; n < 3; n += 1) sender.addSpan(spanNamed("s"));
  collector.answerBody = Buffer.from(bytes);
  await sender.flush(AMPLE_MS);
  await sender.flush(AMPLE_MS);
  expect(collector.paths, "never sent again").toHaveLength(1);
  expect(sender.counters()).toMatchObject({ droppedSpans: dropped, breakerOpened: 0 });
});

const inAMoment = (): string => new Date(Date.now() - 1_000).toUTCString();

test.each([429, 502, 503, 504])("a %i that says when is sent again within the budget", async (status) => {
  let asked = 0;
  const collector = await startCollector(() => Promise.resolve((asked += 1) === 1 ? status : 200));
  collector.answerHeaders = { "retry-after": "0" };
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne("patient");
  expect(namesOf(collector.spans)).toEqual(["patient"]);
  expect(collector.paths).toHaveLength(2);
  expect(sender.counters()).toMatchObject({ flushFailures: 0, breakerOpened: 0, droppedSpans: 0 });
});

test("a date says when, too", async () => {
  let asked = 0;
  const collector = await startCollector(() => Promise.resolve((asked += 1) === 1 ? 503 : 200));
  collector.answerHeaders = { "retry-after": inAMoment() };
  await senderTo(collector.url).sendOne("patient");
  expect(namesOf(collector.spans)).toEqual(["patient"]);
});

test("a collector that says so without end is asked four times, and the breaker opens", async () => {
  const collector = await startCollector(503);
  collector.answerHeaders = { "retry-after": "0" };
  const { sender, sendOne } = senderTo(collector.url);
  await sendOne();
  expect(collector.paths).toHaveLength(1 + MAX_RETRIES);
  expect(sender.counters()).toMatchObject({ flushFailures: 1, breakerOpened: 1, droppedSpans: 0 });
});

test.each([200, 400, 413, 500, 501])("a %i is never sent again, whatever it says", async (status) => {
  const collector = await startCollector(status);
  collector.answerHeaders = { "retry-after": "0" };
  await senderTo(collector.url).sendOne();
  expect(collector.paths).toHaveLength(1);
});

test("later than the budget is not waited for; the collector is left alone until then", async () => {
  const collector = await startCollector(503);
  collector.answerHeaders = { "retry-after": "120" };
  const { clock, sender, sendOne, settled } = senderTo(collector.url);
  await sendOne("first");
  expect(collector.paths).toHaveLength(1);
  clock.now += PROBE_INTERVAL_MS;
  sender.probe();
  await settled();
  expect(collector.paths, "too early").toHaveLength(1);
  clock.now += 120_000;
  collector.answer = 200;
  sender.probe();
  await settled();
  expect(namesOf(collector.spans)).toEqual(["first"]);
});

test("one request may take as long as its own variable says, below the budget, and is kept", async () => {
  const collector = await startCollector("never");
  const { sender, sendOne } = senderTo(collector.url, { OTEL_EXPORTER_OTLP_TIMEOUT: "50" });
  await sendOne("first", AMPLE_MS);
  expect(collector.paths).toHaveLength(1);
  expect(sender.counters()).toMatchObject({ flushFailures: 1, breakerOpened: 1, droppedSpans: 0 });
});
