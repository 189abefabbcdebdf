/**
 * Whatever is sent to a real collector, it stays, it answers, and what it answers is never a fault of its own.
 *
 *   npm run check:long     a million requests; the checks run some thousands of them
 *   MAYFLY_FUZZ=1000000 MAYFLY_SEED=7 vitest run --project collector packages/collector/test/hostile-requests.test.ts
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stats } from "@mayfly/api";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { createHostileRequests, type HostileRequest } from "./hostile-requests.ts";
import { JSON_TYPE, jsonSpan, tracesJson, TRACE_ID } from "./http.ts";
import { buildProgram, startMayfly } from "./program.ts";

const COUNT = Number(process.env["MAYFLY_FUZZ"] ?? (process.env["MAYFLY_LONG"] ? 1_000_000 : 4_000));
const SEED = Number(process.env["MAYFLY_SEED"] ?? 1);
const AT_ONCE = 24;
/** 503 too, with a time to come back. */
const FINE = new Set([200, 400, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431, 505]);
/** Three times what it takes; without bounds the bombs alone would need more. */
const MAX_RESIDENT_BYTES = 1024 ** 3;

vi.setConfig({ testTimeout: 120_000 + COUNT * 20 });
let child: ReturnType<typeof startMayfly> | undefined;
const dataDir = mkdtempSync(join(tmpdir(), "mayfly-hostile-"));
beforeAll(buildProgram);
afterEach(async () => {
  if (child?.kill("SIGKILL")) await once(child, "exit");
  rmSync(dataDir, { recursive: true });
});

interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

const sendWell = (
  url: URL,
  agent: Agent,
  { method, path, headers, body }: HostileRequest,
): Promise<readonly Answered[]> =>
  new Promise((resolve, reject) => {
    const length = body.length === 1 ? { "content-length": String(body[0]?.length) } : {};
    const { hostname: host, port } = url;
    const sent = httpRequest({ host, port, agent, method, path, headers: { ...headers, ...length } }, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      response.resume();
      response.once("end", () => resolve([{ status, retryAfter: answered["retry-after"] }]));
      response.once("error", reject);
    });
    sent.once("error", reject);
    for (const piece of body) sent.write(piece);
    sent.end();
  });

/** Any number of answers, also none. */
const sendRaw = async (url: URL, raw: Buffer): Promise<readonly Answered[]> => {
  const socket = connect({ port: Number(url.port), host: url.hostname });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => {});
  socket.end(raw);
  if (!socket.destroyed) await new Promise((resolve) => void socket.once("close", resolve));
  const heads = Buffer.concat(chunks)
    .toString("latin1")
    .matchAll(/^HTTP\/1\.1 (\d{3})[^]*?\r\n\r\n/gm);
  return [...heads]
    .map(([head, status]) => ({ status: Number(status), retryAfter: /^retry-after: (\d+)/im.exec(head)?.[1] }))
    .filter(({ status }) => status !== 100);
};

const isFine = ({ status, retryAfter }: Answered): boolean =>
  FINE.has(status) || (status === 503 && retryAfter !== undefined);

const peakResidentBytes = (pid: number | undefined): number => {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
};

test(`${COUNT} hostile requests: no crash, no fault of our own, memory bounded, and it serves as before`, async () => {
  const flags = ["--ingest-rate", "0", "--api-rate", "0", "--retention-bytes", "500000000", "--log-level", "error"];
  const collector = startMayfly("serve", "--port", "0", "--data", dataDir, ...flags);
  child = collector;
  let told = "";
  collector.stderr.setEncoding("utf8").on("data", (lines: string) => (told = (told + lines).slice(0, 20_000)));
  const [line] = (await once(collector.stdout, "data")) as [Buffer];
  const url = new URL(/http:\S+/.exec(line.toString())?.[0] ?? "");
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const requestOf = createHostileRequests();
  const wrong: object[] = [];
  const counts: Record<string, number> = {};
  let next = 0;

  const sendAll = async (): Promise<void> => {
    while (next < COUNT && wrong.length < 10 && collector.exitCode === null) {
      const number = SEED * 10_000_019 + (next += 1);
      const request = requestOf(number);
      try {
        const answers = request.raw ? await sendRaw(url, request.raw) : await sendWell(url, agent, request);
        for (const answer of answers) counts[answer.status] = (counts[answer.status] ?? 0) + 1;
        if (!answers.every(isFine)) wrong.push({ number, answers, path: request.path, headers: request.headers });
      } catch (error) {
        wrong.push({ number, error: String(error), path: request.path, headers: request.headers });
      }
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, sendAll));
  const seconds = (performance.now() - startedAt) / 1000;
  agent.destroy();

  const faults = told.split("\n").filter((one) => one !== "" && !one.includes('"status":503'));
  expect({ wrong, faults }).toEqual({ wrong: [], faults: [] });
  expect(next).toBe(COUNT);
  expect(collector.exitCode).toBeNull();
  for (const status of ["200", "400", "404", "413", "415"]) expect(counts[status]).toBeGreaterThan(0);
  const peak = peakResidentBytes(collector.pid);
  expect(peak).toBeLessThan(MAX_RESIDENT_BYTES);

  const body = tracesJson(jsonSpan());
  expect((await fetch(new URL("/v1/traces", url), { method: "POST", headers: JSON_TYPE, body })).status).toBe(200);
  expect((await fetch(new URL(`/api/traces/${TRACE_ID}`, url))).status).toBe(200);
  const stats = (await (await fetch(new URL("/api/stats", url))).json()) as Stats;
  for (const [received, stored, duplicate, rejected, dropped] of [
    [stats.receivedSpans, stats.spans, stats.duplicateSpans, stats.rejectedSpans, stats.droppedSpans],
    [stats.receivedLogs, stats.logs, stats.duplicateLogs, stats.rejectedLogs, stats.droppedLogs],
    [
      stats.receivedMetricPoints,
      stats.metricPoints,
      stats.duplicateMetricPoints,
      stats.rejectedMetricPoints,
      stats.droppedMetricPoints,
    ],
  ] as const)
    expect(stored + duplicate + sum(rejected) + sum(dropped)).toBe(received);
  expect(stats.damagedPartitions).toEqual([]);
  const rate = Math.round(COUNT / seconds);
  console.log(`${COUNT} requests, seed ${SEED}, ${rate}/s, peak ${Math.round(peak / 1e6)} MB, answers:`, counts, {
    spans: stats.spans,
    logs: stats.logs,
    metricPoints: stats.metricPoints,
  });
});

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0);
