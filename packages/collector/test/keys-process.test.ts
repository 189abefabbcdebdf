/** `mayfly keys` beside a `mayfly serve` that runs, both as people start them, with OpenTelemetry's own exporters. */
import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "..");
const MAYFLY = join(PACKAGE, "bin", "mayfly.mjs");

let dataDir: string;
let children: ChildProcessByStdio<null, Readable, Readable>[] = [];
beforeAll(async () => {
  await run(join(PACKAGE, "../../node_modules/.bin/tsc"), ["-b", PACKAGE]);
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "mayfly keys-process-"));
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  children = [];
  await rm(dataDir, { recursive: true });
});

const serve = async (...flags: string[]) => {
  const child = spawn(process.execPath, [MAYFLY, "serve", "--port", "0", "--data", dataDir, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const stderr = text(child.stderr);
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const port = /http:\S+:(\d+)/.exec(said)?.[1];
    if (port !== undefined) return { child, port, url: `http://127.0.0.1:${port}`, stderr };
  }
  throw new Error(`no address in ${said} ${await stderr}`);
};

const keys = async (...args: string[]) => {
  const { stdout, stderr } = await run(process.execPath, [MAYFLY, "keys", ...args, "--data", dataDir]);
  return { stdout: stdout.trim(), stderr };
};

const statsWith = async (url: string, key: string): Promise<number> =>
  (await fetch(`${url}/api/stats`, { headers: { "x-mayfly-key": key } })).status;

test("keys are made, listed and revoked while it runs, and hold within a second or so", async () => {
  const { url } = await serve();
  expect(await fetch(`${url}/api/stats`)).toMatchObject({ status: 200 });

  const made = await keys("create", "--name", "the team", "--scope", "read", "--expires", "90d");
  expect(made.stdout).toMatch(/^mfy_[0-9a-z]{10}_[\w-]{43}$/);
  expect(made.stderr).toContain("the only time");
  await expect.poll(async () => (await fetch(`${url}/api/stats`)).status).toBe(401);
  expect(await statsWith(url, made.stdout)).toBe(200);

  const id = made.stdout.split("_")[1] ?? "";
  const listed = (await keys("list")).stdout;
  expect(listed).toMatch(new RegExp(`^${id} +read +active +\\S+ \\S+ +\\S+ \\S+ +never +the team$`, "m"));
  expect(listed).not.toContain(made.stdout.slice(15));

  expect((await keys("revoke", id)).stdout).toBe(`key ${id} is revoked`);
  await expect.poll(() => statsWith(url, made.stdout)).toBe(401);
  expect((await keys("list")).stdout).toMatch(new RegExp(`^${id} +read +revoked `, "m"));
  await expect(keys("revoke", "nobody")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no key nobody"),
  });
});

test("when a key was last used is known after a stop", async () => {
  const { stdout: key } = await keys("create", "--name", "ci", "--scope", "read");
  const { child, url } = await serve();
  expect(await statsWith(url, key)).toBe(200);
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
  expect((await keys("list")).stdout).toMatch(/ci$/m);
  expect((await keys("list")).stdout).not.toMatch(/never +ci$/m);
});

type Export = (report: (result: ExportResult) => void) => void;
interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** One record through an exporter that knows nothing but the environment. */
const EXPORTS: Readonly<Record<string, () => Promise<Export>>> = {
  "traces over protobuf": async () => exportOf(new ProtobufTraces(), await oneSpan()),
  "traces over JSON": async () => exportOf(new JsonTraces(), await oneSpan()),
  "logs over protobuf": async () => exportOf(new ProtobufLogs(), await oneLine()),
  "logs over JSON": async () => exportOf(new JsonLogs(), await oneLine()),
};

const exportOf =
  <T>(exporter: { export(items: T, report: (result: ExportResult) => void): void }, items: T): Export =>
  (report) =>
    exporter.export(items, report);

const oneSpan = async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  provider.getTracer("test").startSpan("one").end();
  await provider.forceFlush();
  return exporter.getFinishedSpans();
};

const oneLine = async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger("test").emit({ body: "one" });
  await provider.forceFlush();
  return exporter.getFinishedLogRecords();
};

const exported = async (what: string, endpoint: string, headers: string): Promise<ExportResult> => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", headers);
  const send = await EXPORTS[what]?.();
  vi.unstubAllEnvs();
  return new Promise((resolve) => send?.(resolve));
};

test.each(Object.keys(EXPORTS))(
  "OpenTelemetry's exporter of %s presents a key by OTEL_EXPORTER_OTLP_HEADERS",
  async (what) => {
    const { stdout: key } = await keys("create", "--name", "functions", "--scope", "ingest");
    const { url } = await serve();
    for (const header of [`x-mayfly-key=${key}`, `x-api-key=${key}`, `authorization=Bearer%20${key}`])
      expect(await exported(what, url, header)).toEqual({ code: 0 });
    expect(await exported(what, url, "")).toMatchObject({ code: 1, error: { message: "Unauthorized" } });
  },
);

/** With a Host of one's own, which fetch does not allow. */
const statusAs = (host: string, port: string, key?: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { host, ...(key !== undefined && { "x-mayfly-key": key }) };
    request({ host: "127.0.0.1", port, path: "/api/stats", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });

test("with a key it listens beyond the loopback, under the names it was given", async () => {
  const { stdout: key } = await keys("create", "--name", "team", "--scope", "admin");
  const { port } = await serve("--host", "0.0.0.0", "--allowed-host", "mayfly.example,other.example");
  expect(await statusAs("mayfly.example", port, key)).toBe(200);
  expect(await statusAs("other.example:443", port, key)).toBe(200);
  expect(await statusAs("10.1.2.3:4318", port, key)).toBe(200);
  expect(await statusAs("evil.example", port, key)).toBe(403);
  expect(await statusAs("mayfly.example", port)).toBe(401);
});

test("without keys it does so only when told to be insecure, and says it loudly", async () => {
  const { child, port, stderr } = await serve("--host", "0.0.0.0", "--insecure");
  expect(await statusAs("localhost", port)).toBe(200);
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
  expect(await stderr).toMatch(
    /INSECURE: there are no API keys.*mayfly keys create --name NAME --scope admin --data '\/.+'\)/,
  );
});
