/**
 * How fast questions are answered over many spans: alone, and while spans come in at half of what was reached when loading;
 * and how long a start takes after kill -9.
 *
 *   npm run bench query -- --help
 *
 * Spans of the order system (bench/corpus) are spread over the last day. --data keeps the store there and uses what it
 * holds, so that a second run need not load again. Prints a table and the result as JSON; --save keeps it as
 * bench/results/query.json.
 *
 * Errors  fails when an answer is not 200, or a question about one transaction does not find it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Random, seeded } from "../corpus/random.ts";
import { templatesOf } from "../corpus/requests.ts";
import type { Sample } from "../corpus/template.ts";
import { folder, readFlags, toggle, whole } from "../flags.ts";
import { type RunningCollector, startCollector } from "../ingest/collector.ts";
import { loadBeside } from "../ingest/load-beside.ts";
import { load, quantile } from "../ingest/load.ts";

interface Question {
  readonly name: string;
  readonly path: (sample: Sample, random: Random) => string;
  /** Whether the answer is the right one. */
  readonly holds: (answer: Answer, sample: Sample) => boolean;
}

interface Answer {
  readonly traceIds?: readonly string[];
  readonly traces?: readonly { readonly traceIds: readonly string[] }[];
}

interface Row {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly busyP50Ms: number;
  readonly busyP95Ms: number;
}

const DAY_MS = 86_400_000;

const search = (q: string, more: Readonly<Record<string, string>> = {}): string =>
  `/api/traces?${new URLSearchParams({ q, limit: "50", ...more })}`;

/** An hour of the last day. */
const anHour = (random: Random): Readonly<Record<string, string>> => {
  const from = Date.now() - DAY_MS + random() * (DAY_MS - 3_600_000);
  return { from: new Date(from).toISOString(), to: new Date(from + 3_600_000).toISOString() };
};

const findsIt = (answer: Answer, { traceId }: Sample): boolean =>
  (answer.traces ?? [answer]).some((trace) => trace.traceIds?.includes(traceId) ?? false);
const isAList = (answer: Answer): boolean => Array.isArray(answer.traces);

const QUESTIONS: readonly Question[] = [
  { name: "trace by its id", path: ({ traceId }) => `/api/traces/${traceId}`, holds: findsIt },
  { name: "trace by a request id", path: ({ requestId }) => `/api/traces/${requestId}`, holds: findsIt },
  { name: "newest 50", path: () => "/api/traces?limit=50", holds: isAList },
  {
    name: "function and status in an hour",
    path: (_, random) => search("function:payments status:error", anHour(random)),
    holds: isAList,
  },
  {
    name: "slow in an hour",
    path: (_, random) => search("function:shipping duration:>490ms", anHour(random)),
    holds: isAList,
  },
  { name: "one attribute value", path: ({ order }) => search(`app.order.id:${order}`), holds: findsIt },
  {
    name: "a common attribute value, with errors",
    path: () => search("app.customer.tier:gold status:error"),
    holds: isAList,
  },
];

const { values: options, command } = readFlags({
  name: "query",
  measures:
    "How fast questions are answered over many spans: alone, and while spans come in; and a start after kill -9.",
  flags: {
    spans: whole(10_000_000, 1, "how many are loaded"),
    asked: whole(200, 1, "how often each question is asked"),
    seed: whole(1, 0, "of the corpus and of the values asked for"),
    data: folder("keeps the store: what it holds is not loaded again"),
    save: toggle("keep the result as bench/results/query.json"),
  },
});

interface Loaded {
  readonly samples: readonly Sample[];
  readonly spansPerSecond: number;
}

const loadSpans = async ({ port }: RunningCollector, spans: number, seed: number): Promise<Loaded> => {
  const templates = templatesOf("protobuf", { kind: "batched", spans: 500 }, seed);
  let sent = 0;
  const beginning = (): bigint => BigInt(Math.floor(Date.now() - DAY_MS * (1 - (sent += 500) / spans))) * 1_000_000n;
  const result = await load({
    port,
    encoding: "protobuf",
    templates,
    connections: 8,
    seconds: 3600,
    maxSpans: spans,
    beginning,
  });
  return { samples: result.samples, spansPerSecond: (result.spans / result.elapsedMs) * 1000 };
};

const ask = async (question: Question, url: string, samples: readonly Sample[], asked: number, random: Random) => {
  const times: number[] = [];
  for (let n = 0; n < asked; n++) {
    const sample = samples[Math.floor(random() * samples.length)] as Sample;
    const path = question.path(sample, random);
    const started = performance.now();
    const response = await fetch(url + path);
    const answer = (await response.json()) as Answer;
    times.push(performance.now() - started);
    if (!response.ok || !question.holds(answer, sample))
      throw new Error(`${question.name}: ${path} answered ${response.status} ${JSON.stringify(answer).slice(0, 300)}`);
  }
  return times.toSorted((a, b) => a - b);
};

const askAll = async (url: string, samples: readonly Sample[], asked: number, seed: number) => {
  const random = seeded(seed);
  const times = new Map<string, readonly number[]>();
  for (const question of QUESTIONS) times.set(question.name, await ask(question, url, samples, asked, random));
  return times;
};

/** Until everything is summed up, and sealed: two seconds without a change. */
const settled = async (collector: RunningCollector): Promise<void> => {
  for (let before = ""; ; await wait(2000)) {
    const { bytesOnDisk, spans, spansBehind } = await collector.stats();
    const now = `${bytesOnDisk} ${spans}`;
    if (now === before && spansBehind === 0) return;
    before = now;
    if (process.stderr.isTTY) process.stderr.write(`\rbench: ${spansBehind} spans to be summed up  `);
  }
};

const timeToReady = async (dataDir: string): Promise<number> => {
  const started = performance.now();
  const collector = await startCollector(dataDir);
  while (!(await fetch(`${collector.url}/readyz`)).ok) await wait(10);
  const ready = performance.now() - started;
  await collector.kill("SIGTERM");
  return ready;
};

const run = async (dataDir: string, { spans, asked, seed }: typeof options) => {
  const kept = join(dataDir, "bench-samples.json");
  const collector = await startCollector(dataDir);
  let loaded: Loaded;
  if (existsSync(kept)) loaded = JSON.parse(readFileSync(kept, "utf8")) as Loaded;
  else {
    console.error(`bench: loading ${spans} spans …`);
    loaded = await loadSpans(collector, spans, seed);
    writeFileSync(kept, JSON.stringify(loaded));
  }
  await settled(collector);
  const { samples, spansPerSecond } = loaded;
  console.error("bench: asking …");
  await askAll(collector.url, samples, 10, seed);
  const idle = await askAll(collector.url, samples, asked, seed + 1);
  console.error("bench: asking while spans come in …");
  const [busy, background] = await askedUnderLoad(collector, loaded, asked, seed);
  const stats = await collector.stats();
  const { peak } = collector.memory();
  await collector.kill("SIGKILL");
  const readyMs = Math.round(await timeToReady(dataDir));
  return {
    spans: stats.spans,
    loadedPerSecond: Math.round(spansPerSecond),
    busyPerSecond: Math.round(background),
    bytesPerSpan: Number((stats.bytesOnDisk / stats.spans).toFixed(1)),
    peakMb: Math.round(peak / 1e6),
    readyAfterKillMs: readyMs,
    rows: QUESTIONS.map(({ name }): Row => {
      const [alone, beside] = [idle.get(name) ?? [], busy.get(name) ?? []];
      return {
        name,
        p50Ms: at(alone, 0.5),
        p95Ms: at(alone, 0.95),
        busyP50Ms: at(beside, 0.5),
        busyP95Ms: at(beside, 0.95),
      };
    }),
  };
};

const askedUnderLoad = async (
  collector: RunningCollector,
  { samples, spansPerSecond }: Loaded,
  asked: number,
  seed: number,
) => {
  const end = await loadBeside({
    port: collector.port,
    spansPerSecond: spansPerSecond / 2,
    connections: 4,
    seed: seed + 1,
  });
  const answered = await askAll(collector.url, samples, asked, seed + 2);
  return [answered, await end()] as const;
};

const at = (sorted: readonly number[], share: number): number => Number(quantile(sorted, share).toFixed(2));

const dataDir = options.data ?? mkdtempSync(join(tmpdir(), "mayfly-bench-"));
mkdirSync(dataDir, { recursive: true });
try {
  const measured = await run(dataDir, options);
  const result = {
    command,
    node: process.version,
    cpu: cpus()[0]?.model ?? "",
    cores: availableParallelism(),
    ...measured,
  };
  const lines = result.rows.map(
    (row) => `| ${row.name} | ${row.p50Ms} | ${row.p95Ms} | ${row.busyP50Ms} | ${row.busyP95Ms} |`,
  );
  console.log(
    ["| | p50 ms | p95 ms | busy p50 ms | busy p95 ms |", "| --- | --- | --- | --- | --- |", ...lines].join("\n"),
  );
  console.log(JSON.stringify(result));
  if (options.save)
    writeFileSync(new URL("../results/query.json", import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  if (options.data === undefined) rmSync(dataDir, { recursive: true });
}
