/**
 * How fast the collector takes spans in, and what it needs for them: a collector process, fresh for each row, and a sender
 * beside it on the same processors. Everything is on: validation, duplicates, stitch keys, the attribute index.
 *
 *   npm run bench ingest -- --help
 *
 * The first row is the sender against a server that reads bodies and answers, nothing else: the most that could be measured.
 * After each row the collector has --settle seconds to seal and sum up what it holds; the bytes on disk are told before and after.
 * Prints a table and the result as JSON; --save keeps it as bench/results/ingest.json.
 *
 * Errors  fails when the collector does not hold exactly what it acknowledged.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Shape, templatesOf } from "../corpus/requests.ts";
import type { Encoding } from "../corpus/template.ts";
import { parts, readFlags, toggle, whole } from "../flags.ts";
import { startBaseline } from "./baseline.ts";
import { type RunningCollector, startCollector } from "./collector.ts";
import { type LoadResult, load, quantile } from "./load.ts";

interface Case {
  readonly name: string;
  readonly encoding: Encoding;
  readonly shape: Shape;
  readonly durability: "fsync" | "process";
  readonly connections: number;
  /** Only receiving, nothing kept. */
  readonly isBaseline?: boolean;
}

interface Row {
  readonly name: string;
  readonly spansPerSecond: number;
  readonly requestsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly collectorCpu?: number;
  readonly peakMb?: number;
  readonly bytesPerSpan?: number;
  readonly bytesPerSpanSettled?: number;
  /** Not summed up by then: the list of traces does not show them, and their rows take no room yet. */
  readonly spansBehind?: number;
}

const BATCHED: Shape = { kind: "batched", spans: 500 };
const SMALL: Shape = { kind: "function" };

const casesOf = (connections: number): readonly Case[] => [
  {
    name: "only received, protobuf 500",
    encoding: "protobuf",
    shape: BATCHED,
    durability: "fsync",
    connections,
    isBaseline: true,
  },
  { name: "protobuf 500", encoding: "protobuf", shape: BATCHED, durability: "fsync", connections },
  { name: "protobuf 500, process", encoding: "protobuf", shape: BATCHED, durability: "process", connections },
  { name: "json 500", encoding: "json", shape: BATCHED, durability: "fsync", connections },
  {
    name: "only received, protobuf 5",
    encoding: "protobuf",
    shape: SMALL,
    durability: "fsync",
    connections: 4 * connections,
    isBaseline: true,
  },
  { name: "protobuf 5", encoding: "protobuf", shape: SMALL, durability: "fsync", connections: 4 * connections },
  {
    name: "protobuf 500, ten times the senders",
    encoding: "protobuf",
    shape: BATCHED,
    durability: "fsync",
    connections: 10 * connections,
  },
];

const FLAGS = {
  seconds: whole(60, 1, "how long each row is sent"),
  connections: whole(8, 1, "senders; four times as many where requests are small"),
  seed: whole(1, 0, "of the corpus"),
  settle: whole(180, 0, "seconds after each row to seal and sum up, before the bytes on disk are told"),
  only: parts("the rows whose names hold one of these"),
  save: toggle("keep the result as bench/results/ingest.json"),
};
const { values: options, command } = readFlags({
  name: "ingest",
  measures: "How fast the collector takes spans in, and what it needs for them.",
  flags: FLAGS,
});

const measure = async (one: Case, { seconds, seed, settle }: typeof options): Promise<Row> => {
  const templates = templatesOf(one.encoding, one.shape, seed);
  const send = (port: number, time: number) =>
    load({ port, encoding: one.encoding, templates, connections: one.connections, seconds: time });
  if (one.isBaseline) {
    const baseline = await startBaseline();
    const result = await send(baseline.port, Math.min(seconds, 10));
    await baseline.close();
    return rowOf(one, result);
  }
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-bench-"));
  try {
    const collector = await startCollector(dataDir, ["--durability", one.durability]);
    try {
      await send(collector.port, 3); // code that runs for the first time is not what is measured
      const before = { spans: (await collector.stats()).spans, cpuMs: collector.cpuMs() };
      const result = await send(collector.port, seconds);
      const cpuMs = collector.cpuMs() - before.cpuMs;
      const stats = await collector.stats();
      const kept = stats.spans + stats.duplicateSpans - before.spans;
      if (kept !== result.spans) throw new Error(`${one.name}: acknowledged ${result.spans} spans, holds ${kept}`);
      const peakMb = collector.memory().peak / 1e6;
      const settled = await settledStats(collector, settle);
      return {
        ...rowOf(one, result),
        collectorCpu: round(cpuMs / result.elapsedMs),
        peakMb: round(peakMb),
        bytesPerSpan: round(stats.bytesOnDisk / stats.spans),
        bytesPerSpanSettled: round(settled.bytesOnDisk / settled.spans),
        spansBehind: settled.spansBehind,
      };
    } finally {
      await collector.kill("SIGKILL");
    }
  } finally {
    rmSync(dataDir, { recursive: true });
  }
};

/** Until nothing on the disk changes any more; what is not sealed and summed up by then is told as it is. */
const settledStats = async (collector: RunningCollector, seconds: number) => {
  const deadline = performance.now() + seconds * 1000;
  for (let before = -1; ; await wait(SETTLE_STEP_MS)) {
    const stats = await collector.stats();
    if ((stats.bytesOnDisk === before && stats.spansBehind === 0) || performance.now() > deadline) return stats;
    before = stats.bytesOnDisk;
  }
};

const SETTLE_STEP_MS = 5_000;

const rowOf = ({ name }: Case, result: LoadResult): Row => ({
  name,
  spansPerSecond: Math.round((result.spans / result.elapsedMs) * 1000),
  requestsPerSecond: Math.round((result.requests / result.elapsedMs) * 1000),
  megabytesPerSecond: round(result.bytes / result.elapsedMs / 1000),
  p50Ms: round(quantile(result.latenciesMs, 0.5)),
  p95Ms: round(quantile(result.latenciesMs, 0.95)),
  p99Ms: round(quantile(result.latenciesMs, 0.99)),
  refused: result.refused,
});

const round = (value: number): number => Number(value.toFixed(value < 10 ? 2 : 1));

const table = (rows: readonly Row[]): string => {
  const head = [
    "",
    "spans/s",
    "requests/s",
    "MB/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "CPUs",
    "peak MB",
    "B/span",
    "B/span, settled",
    "spans behind then",
    "refused",
  ];
  const cells = rows.map((row) => [
    row.name,
    row.spansPerSecond,
    row.requestsPerSecond,
    row.megabytesPerSecond,
    row.p50Ms,
    row.p95Ms,
    row.p99Ms,
    row.collectorCpu ?? "",
    row.peakMb ?? "",
    row.bytesPerSpan ?? "",
    row.bytesPerSpanSettled ?? "",
    row.spansBehind ?? "",
    Object.entries(row.refused)
      .map(([status, count]) => `${status}: ${count}`)
      .join(" "),
  ]);
  return [head, head.map(() => "---"), ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
};

const { connections, only, save } = options;
const all = casesOf(connections);
const chosen = all.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
if (chosen.length === 0) throw new Error(`--only ${only}: there are ${all.map(({ name }) => name).join("; ")}`);
const rows: Row[] = [];
for (const one of chosen) {
  console.error(`bench: ${one.name} …`);
  const row = await measure(one, options);
  console.error(JSON.stringify(row));
  rows.push(row);
}
const result = {
  command,
  node: process.version,
  cpu: cpus()[0]?.model ?? "",
  cores: availableParallelism(),
  rows,
};
console.log(table(rows));
console.log(JSON.stringify(result));
if (save) {
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL("ingest.json", folder), `${JSON.stringify(result, null, 2)}\n`);
}
