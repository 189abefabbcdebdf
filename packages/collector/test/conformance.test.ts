/** `mayfly conformance` against our own collector, and against servers that each do something wrong. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { casesOf } from "../src/cli/conformance/cases.ts";
import { createProbe } from "../src/cli/conformance/probe.ts";
import { type Signal, SIGNALS } from "../src/cli/conformance/records.ts";
import { type CaseResult, isBroken, resultLine, runCases } from "../src/cli/conformance/report.ts";
import { type Collector, startCollector } from "../src/index.ts";
import { buildProgram, type Ended, mayfly } from "./program.ts";

/** What the collector takes. */
const SERVED: readonly Signal[] = SIGNALS;

let folder: string;
let collector: Collector;
let servers: Server[] = [];
vi.setConfig({ testTimeout: 120_000 }); // a run is a hundred requests, two of them of 64 MiB
/** One for all: a case sends what is its own, and asks for nothing that another one sent. */
beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), "mayfly-conformance-"));
  collector = await startCollector({ port: 0, dataDir: folder });
});
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
  servers = [];
});
afterAll(async () => {
  await collector.close();
  await rm(folder, { recursive: true });
});

const listening = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const run = async (url: string, signals: readonly Signal[]): Promise<readonly CaseResult[]> => {
  const probe = createProbe({ url, headers: {}, timeoutMs: 20_000 });
  try {
    return await runCases(probe, signals, () => {});
  } finally {
    probe.close();
  }
};

const failed = (results: readonly CaseResult[]): string[] =>
  results.filter(({ result }) => result === "fail").map(({ signal, name }) => `${signal} ${name}`);

/** The collector's own answer, after something was done to it. */
const spoilt = (
  spoil: (answer: { headers: Record<string, string>; body: Buffer; status: number }) => void,
): Promise<string> =>
  listening((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const target = request(new URL(url ?? "/", collector.url), { method, headers }, (answer) => {
      void buffer(answer).then((body) => {
        const { "content-type": type } = answer.headers;
        const changed = { status: answer.statusCode ?? 0, headers: { ...(type && { "content-type": type }) }, body };
        spoil(changed);
        outgoing.writeHead(changed.status, changed.headers).end(changed.body);
      });
    });
    incoming.pipe(target);
  });

test("the collector passes every case", async () => {
  const results = await run(collector.url, SERVED);
  expect(failed(results)).toEqual([]);
  expect(results.filter(({ result }) => result === "unseen").map(({ name }) => name)).toEqual(
    SERVED.map(() => "retry-after-readable"),
  );
});

test("through a proxy that only passes on, it passes as well", async () => {
  expect(failed(await run(await spoilt(() => {}), SERVED))).toEqual([]);
});

const packs = (answer: { headers: Record<string, string>; body: Buffer }): void => {
  answer.headers["content-encoding"] = "gzip";
  answer.body = gzipSync(answer.body);
};

test("where nothing answers that is said once, and no case is counted", async () => {
  const url = await listening(() => {});
  await new Promise((closed) => servers.pop()?.close(closed));
  expect(await mayfly(["conformance", "--url", url])).toEqual({
    code: 1,
    stdout: "",
    stderr: `mayfly: no endpoint answers at ${url}: connect ECONNREFUSED ${new URL(url).host}\n`,
  });
});

test.runIf(process.platform === "linux")("nor is it waited long for one that takes no connection", async () => {
  const listener = `const server = require("node:net").createServer().listen(0, "127.0.0.1", 1, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  child.kill("SIGSTOP");
  const waiting = Array.from({ length: 2 }, () => connect(port, "127.0.0.1")); // as many as may wait
  for (const socket of waiting) await once(socket, "connect");
  const probe = createProbe({ url: `http://127.0.0.1:${port}`, headers: {}, timeoutMs: 60_000, connectMs: 100 });
  try {
    await expect(runCases(probe, ["traces"], () => {})).rejects.toThrow("no connection within 100 ms");
  } finally {
    probe.close();
    for (const socket of waiting) socket.destroy();
    child.kill("SIGKILL");
  }
});

test("a server that packs what nobody asked to be packed fails by that", async () => {
  expect(failed(await run(await spoilt(packs), ["traces"]))).toContain("traces answer-plain-unless-asked");
});

test("a server that closes each connection fails by that alone", async () => {
  const url = await spoilt(({ headers }) => (headers["connection"] = "close"));
  expect(failed(await run(url, ["traces"]))).toEqual(["traces connection-kept"]);
});

test("a server that answers everything in JSON fails where protobuf was sent", async () => {
  const url = await spoilt(({ headers }) => (headers["content-type"] = "application/json"));
  expect(failed(await run(url, ["logs"]))).toEqual([
    "logs protobuf-answered-in-kind",
    "logs protobuf-malformed-told-in-kind",
  ]);
});

test("a server that answers bad data with 500 fails by that, with what it should have been", async () => {
  const results = await run(await spoilt((answer) => (answer.status = answer.status === 400 ? 500 : answer.status)), [
    "logs",
  ]);
  expect(failed(results)).toContain("logs json-malformed");
  const line = results.filter(({ name }) => name === "json-malformed").map(resultLine);
  expect(line[0]).toMatch(
    /^fail {3}must {3}logs {4}json-malformed: status 500; expected 400\n.*Bad Data\n.*seen: 500 application\/json/,
  );
});

test("a server that says partial success when all was taken fails by that", async () => {
  const url = await spoilt((answer) => {
    if (answer.status === 200 && answer.body.toString() === "{}") answer.body = Buffer.from('{"partialSuccess":{}}');
  });
  expect(failed(await run(url, ["traces"]))).toEqual(["traces json-full-success-unset"]);
});

const answerWith =
  (status: number, headers: Record<string, string>, body: string) =>
  (_: unknown, outgoing: ServerResponse): void =>
    void outgoing.writeHead(status, headers).end(body);

test("each case fails at one of these servers", async () => {
  const broken = [
    await listening(answerWith(200, { "content-type": "text/plain", connection: "close" }, "ok")),
    await listening(answerWith(404, { "content-type": "application/json" }, '{"error":"no"}')),
    await listening(answerWith(503, { "retry-after": "soon" }, "")),
    await listening((incoming) => incoming.socket.destroy()),
  ];
  const runs = await Promise.all(broken.map((url) => run(url, SIGNALS)));
  const everyCase = SIGNALS.flatMap(casesOf).map(({ signal, name }) => `${signal} ${name}`);
  expect(new Set(runs.flatMap(failed))).toEqual(new Set(everyCase));
  expect(runs.every(isBroken)).toBe(true);
});

const conformance = (...args: string[]): Promise<Ended> => mayfly(["conformance", ...args]);

test("the command prints a line for each case, ends with 0 when none fails, and sends its headers", async () => {
  let header: unknown;
  const good = await spoilt(() => {});
  servers[0]?.on("request", ({ headers }) => (header = headers["x-mayfly-key"]));
  const { code, stdout } = await conformance("--url", good, "--signal", "logs", "--header", "X-Mayfly-Key=a=b");
  expect([code, header]).toEqual([0, "a=b"]);
  expect(stdout).toMatch(/^pass {3}must {3}logs {4}protobuf-accepted\n/);
  expect(stdout).toMatch(/\n\d+ of \d+ cases pass; failed: 0 must, 0 should, 0 may\n$/);
});

test("it ends with 1 when a must fails, and --json is one object", async () => {
  const url = await listening(answerWith(404, {}, ""));
  const { code, stdout } = await conformance("--url", url, "--signal", "traces", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    url,
    isBroken: true,
    results: expect.arrayContaining([
      expect.objectContaining({ name: "json-accepted", level: "must", result: "fail" }),
    ]),
  });
});

test.each([
  [["--url", "localhost:4318"], '--url is "localhost:4318"'],
  [["--url", "http://localhost", "--signal", "spans"], '--signal is "spans"'],
  [["--url", "http://localhost", "--header", "novalue"], '--header is "novalue"'],
  [["--url", "http://localhost", "--timeout-ms", "x"], '--timeout-ms is "x"'],
  [[], "--url"],
])("wrong usage %j ends with 2", async (args, message) => {
  expect(await conformance(...args)).toEqual({ code: 2, stdout: "", stderr: expect.stringContaining(message) });
});
