/** `mayfly import`, `mayfly export` and `mayfly open`: real files, real processes, a real collector. */
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Stats, TraceList } from "@mayfly/api";
import { decodeLogsJson, decodeTracesJson } from "@mayfly/otlp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { fullLogJson, fullSpanJson, jsonRecord, jsonRequest, type Signal } from "../src/cli/conformance/records.ts";
import { type Collector, startCollector } from "../src/index.ts";
import { buildProgram, mayfly, startMayfly } from "./program.ts";

let folder: string;
let collectors: Collector[] = [];
let servers: Server[] = [];
vi.setConfig({ testTimeout: 120_000 }); // many processes, each started anew
/** Of all tests that ask only what they have added themselves. */
let shared: Collector;
let sharedFolder: string;
beforeAll(async () => {
  await buildProgram();
  sharedFolder = await mkdtemp(join(tmpdir(), "mayfly-import-"));
  shared = await startCollector({ port: 0, dataDir: sharedFolder });
});
afterAll(async () => {
  await shared.close();
  await rm(sharedFolder, { recursive: true });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-import-"));
});
afterEach(async () => {
  for (const server of servers) server.close().closeAllConnections();
  for (const collector of collectors) await collector.close();
  [servers, collectors] = [[], []];
  await rm(folder, { recursive: true });
});

const collecting = async (): Promise<string> => {
  const collector = await startCollector({ port: 0, dataDir: join(folder, `data-${collectors.length}`) });
  collectors.push(collector);
  return collector.url;
};

const fileWith = async (name: string, content: string | Buffer): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
};

const stats = async (url: string): Promise<Stats> => (await (await fetch(`${url}/api/stats`)).json()) as Stats;

/** By an import of this file into the shared collector. */
const storedBy = async (file: string): Promise<number> => {
  const { spans } = await stats(shared.url);
  expect(await mayfly(["import", file, "--url", shared.url])).toMatchObject({ code: 0 });
  return (await stats(shared.url)).spans - spans;
};

const FULL: Record<"traces" | "logs", () => Readonly<Record<string, unknown>>> = {
  traces: fullSpanJson,
  logs: fullLogJson,
};

/** `count` requests, each of one record that has every field. */
const lines = (signal: "traces" | "logs", count: number): string[] =>
  Array.from({ length: count }, (_, n) =>
    jsonRequest(signal as Signal, [jsonRecord(signal, `record ${n}`, FULL[signal]())]),
  );

/** Decoded and in an order of its own, so that only what is in it counts. */
const contents = (jsonl: string): unknown => {
  const texts = jsonl.trimEnd().split("\n");
  const spans = texts
    .filter((text) => text.startsWith('{"resourceSpans"'))
    .flatMap((text) => decodeTracesJson(text).resourceSpans)
    .flatMap(({ scopeSpans, ...group }) =>
      scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...group, scope: scope.scope, span }))),
    );
  const logs = texts
    .filter((text) => text.startsWith('{"resourceLogs"'))
    .flatMap((text) => decodeLogsJson(text).resourceLogs)
    .flatMap(({ scopeLogs, ...group }) =>
      scopeLogs.flatMap((scope) => scope.logRecords.map((log) => ({ ...group, scope: scope.scope, log }))),
    );
  return {
    spans: spans.toSorted((a, b) => a.span.spanId.localeCompare(b.span.spanId)),
    logs: logs.toSorted((a, b) => a.log.spanId.localeCompare(b.log.spanId)),
  };
};

test("what was imported is exported with every field as it arrived, and goes round again", async () => {
  const [first, second] = [await collecting(), await collecting()];
  const original = [...lines("traces", 5), ...lines("logs", 1)];
  // The log record of the exported trace.
  const [span] = decodeTracesJson(original[0] ?? "").resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  original[5] = jsonRequest("logs", [jsonRecord("logs", "a line", { ...fullLogJson(), traceId: span?.traceId })]);
  const file = await fileWith("original.jsonl", original.join("\n"));

  const imported = await mayfly(["import", file, "--url", first]);
  expect(imported).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^imported 6 requests, .*; 0 bad lines, 0 rejected records\n$/),
  });
  const exported = await mayfly(["export", "--url", first]);
  expect(exported).toMatchObject({ code: 0, stderr: "exported 5 traces in 6 lines\n" });
  expect(contents(exported.stdout)).toEqual(contents(original.join("\n")));

  await mayfly(["import", "-", "--url", second], { input: exported.stdout });
  const again = await mayfly(["export", "--url", second]);
  expect(contents(again.stdout)).toEqual(contents(original.join("\n")));
});

test("the same file again stores nothing twice, also after a break", async () => {
  const url = await collecting();
  const all = lines("traces", 20);
  await mayfly(["import", await fileWith("half.jsonl", all.slice(0, 10).join("\n")), "--url", url]);
  const file = await fileWith("all.jsonl", all.join("\n"));
  await mayfly(["import", file, "--url", url]);
  await mayfly(["import", file, "--url", url]);
  expect(await stats(url)).toMatchObject({ spans: 20, duplicateSpans: 30, receivedSpans: 50 });
});

test.each([
  ["jsonl.gz", gzipSync],
  ["jsonl.zst", zstdCompressSync],
  ["jsonl", (text: string) => text],
] as const)("a file .%s is read", async (extension, pack) => {
  const file = await fileWith(`x.${extension}`, pack(`\n${lines("traces", 3).join("\n\n")}\n \n`));
  expect(await storedBy(file)).toBe(3);
});

test("a .json file is one request, however it is laid out", async () => {
  const [line] = lines("traces", 1);
  const file = await fileWith("pretty.json", JSON.stringify(JSON.parse(line ?? ""), undefined, 2));
  expect(await storedBy(file)).toBe(1);
});

test.each([
  ["there.jsonl", undefined, "ENOENT: no such file or directory"],
  ["x.jsonl.gz", "no gzip", "incorrect header check"],
] as const)("a file that cannot be read is named, with the reason: %s", async (name, content, reason) => {
  const file = content === undefined ? join(folder, name) : await fileWith(name, content);
  const { code, stderr } = await mayfly(["import", file, "--url", shared.url]);
  expect([code, stderr.split("\n").filter(Boolean)]).toEqual([
    1,
    [expect.stringContaining(`mayfly: cannot read ${file}: ${reason}`)],
  ]);
});

test("bad lines are named with their number and counted, the others are stored, and the exit code is 1", async () => {
  const url = await collecting();
  const [good = "", bad = ""] = lines("traces", 2);
  const broken = [
    "no json",
    "[]",
    '{"resourceSpans":[{]}',
    jsonRequest("traces", [jsonRecord("traces", "x", { traceId: "00" })]),
  ];
  const file = await fileWith("x.jsonl", [good, ...broken, bad].join("\n"));

  const { code, stdout, stderr } = await mayfly(["import", file, "--url", url]);

  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/^imported 3 requests, .*; 3 bad lines, 1 rejected records\n$/),
  ]);
  expect(stderr).toContain(`${file}:2: is no OTLP request in JSON`);
  expect(stderr).toContain(`${file}:3: is no OTLP request in JSON`);
  expect(stderr).toMatch(/x\.jsonl:4: 400 cannot decode/);
  expect(stderr).toMatch(/x\.jsonl:5: 1 of 1 spans rejected: invalid-trace-id/);
  expect(await stats(url)).toMatchObject({ spans: 2, rejectedSpans: { "invalid-trace-id": 1 } });
});

test("a record that is not taken makes the exit code 1, also where its line is fine", async () => {
  const url = await collecting();
  const records = ["0".repeat(32), "1".repeat(32)].map((traceId) => jsonRecord("traces", "x", { traceId }));
  const file = await fileWith("x.jsonl", jsonRequest("traces", records));
  expect(await mayfly(["import", file, "--url", url])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("0 bad lines, 1 rejected records"),
  });
});

test("an export that nobody reads any more ends without a word", async () => {
  const url = await collecting();
  await mayfly(["import", await fileWith("x.jsonl", lines("traces", 5).join("\n")), "--url", url]);
  const child = startMayfly("export", "--url", url);
  child.stdout.destroy();
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  expect([code, said]).toEqual([1, ""]);
});

test("with --data it needs no running collector", async () => {
  const dataDir = join(folder, "offline");
  const file = await fileWith("x.jsonl", lines("traces", 4).join("\n"));
  expect(await mayfly(["import", file, "--data", dataDir])).toMatchObject({ code: 0 });
  const collector = await startCollector({ port: 0, dataDir });
  collectors.push(collector);
  expect(await stats(collector.url)).toMatchObject({ spans: 4 });
});

const answering = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test("what is refused for now is sent again; a lasting refusal ends the import with the place", async () => {
  let asked = 0;
  const busy = await answering((incoming, outgoing) => {
    incoming.resume().on("end", () => {
      asked += 1;
      if (asked === 1) outgoing.writeHead(503, { "retry-after": "1" }).end("{}");
      else outgoing.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  const file = await fileWith("x.jsonl", lines("traces", 1).join("\n"));
  expect(await mayfly(["import", file, "--url", busy])).toMatchObject({ code: 0 });
  expect(asked).toBe(2);

  const broken = await answering(
    (incoming, outgoing) => void incoming.resume().on("end", () => outgoing.writeHead(500).end("oh")),
  );
  expect(await mayfly(["import", file, "--url", broken])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/mayfly: stopped at .*x\.jsonl:1: 500 oh; run it again to go on/),
  });
  const closed = await answering((_, outgoing) => void outgoing.writeHead(401).end('{"message":"no key"}'));
  expect(await mayfly(["import", file, "--url", closed])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the collector lets nobody in: 401 no key"),
  });
});

test("a key is sent along, from the flag or the environment", async () => {
  const keys: unknown[] = [];
  const url = await answering((incoming, outgoing) => {
    keys.push(incoming.headers["x-mayfly-key"]);
    incoming.resume().on("end", () => outgoing.writeHead(200).end("{}"));
  });
  const file = await fileWith("x.jsonl", lines("traces", 1).join("\n"));
  await mayfly(["import", file, "--url", url, "--key", "k-flag"]);
  await mayfly(["import", file, "--url", url], { env: { MAYFLY_KEY: "k-env" } });
  expect(keys).toEqual(["k-flag", "k-env"]);
});

test("export finds by function, time, query and id, and says who does not answer", async () => {
  const url = await collecting();
  const file = await fileWith("x.jsonl", lines("traces", 3).join("\n"));
  await mayfly(["import", file, "--url", url]);
  const { traces } = (await (await fetch(`${url}/api/traces`)).json()) as TraceList;
  const id = traces[0]?.traceIds[0] ?? "";

  const one = await mayfly(["export", "--url", url, "--trace", id]);
  expect(one.stdout.split("\n")).toEqual([expect.stringContaining(id), ""]);
  expect((await mayfly(["export", "--url", url, "--to", "2001-01-01T00:00:00Z"])).stdout).toBe("");
  expect((await mayfly(["export", "--url", url, "--query", "nobody says that"])).stdout).toBe("");
  expect(await mayfly(["export", "--url", url, "--from", "yesterday"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--from is "yesterday", expected RFC 3339'),
  });
  expect(await mayfly(["export", "--url", url, "--query", "duration:>x"])).toEqual({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^mayfly: --query is "duration:>x": expected a duration with its unit/),
  });
  expect(await mayfly(["export", "--url", "http://127.0.0.1:9"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^mayfly: no collector answers at http:\/\/127\.0\.0\.1:9: .*; start it with `mayfly serve`, or name its address with --url\n$/,
    ),
  });
  expect(await mayfly(["export", "--url", "localhost"])).toMatchObject({ code: 2 });
});

test("open shows files without a collector and leaves nothing behind", async () => {
  const file = await fileWith("x.jsonl", lines("traces", 2).join("\n"));
  const left = async (): Promise<string[]> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith("mayfly-open-"));
  const before = await left();
  const child = startMayfly("open", file);
  let said = "";
  while (!said.includes("look at")) said += String((await once(child.stdout, "data"))[0]);
  const url = /look at (http:\S+)/.exec(said)?.[1] ?? "";
  expect(said).toMatch(/^imported 2 requests/);
  const { traces } = (await (await fetch(`${url}/api/traces`)).json()) as TraceList;
  expect(traces).toHaveLength(2);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await left()).toEqual(before);
});
