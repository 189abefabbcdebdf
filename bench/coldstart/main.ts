/**
 * What an instrumentation adds to a function: cold start, later invocations, memory. Each variant and the bare handler run in
 * interleaved rounds of fresh processes, in an order drawn anew per round; what is told are medians.
 *
 *   npm run bench coldstart -- --help
 *
 * Prints a table and the result as JSON; --save keeps it as bench/results/coldstart.json.
 *
 * Errors  fails when aws-lambda-ric is missing (the built-in loop has to be asked for by name), and when a variant sent nothing.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { runtimeProgram } from "../../packages/lab/src/runtime.ts";
import { oneOf, parts, readFlags, some, toggle, whole } from "../flags.ts";
import { type Measurement, measure } from "./environment.ts";
import { startReceiver } from "./receiver.ts";
import { type Built, type Call, type Format, build, variants } from "./variants.ts";

interface Spread {
  readonly median: number;
  readonly p95: number;
}

interface Row {
  readonly name: string;
  readonly format: Format;
  readonly call: Call;
  readonly bundleBytes: number;
  readonly initMs: Spread;
  readonly firstMs: Spread;
  readonly coldMs: Spread;
  readonly coldCpuMs: Spread;
  readonly laterMs: Spread;
  readonly busyMs: Spread;
  readonly rssMb: Spread;
}

type Figure = Exclude<keyof Row, "name" | "format" | "call" | "bundleBytes">;

const { values: flags } = readFlags({
  name: "coldstart",
  measures: "What an instrumentation adds to a function: cold start, later invocations, memory.",
  flags: {
    runs: whole(15, 1, "rounds, each with a fresh process of every function"),
    invocations: whole(50, 2, "in each process"),
    seed: whole(1, 0, "of the order within a round"),
    runtime: oneOf(["aws-lambda-ric", "built-in"], "AWS's own runtime client, or the lab's loop"),
    calls: some(["none", "sqs"], "what the functions call"),
    only: parts("beside the bare function, those whose names hold one of these"),
    save: toggle("keep the result as bench/results/coldstart.json"),
  },
});
type Options = Omit<typeof flags, "save">;

/** mulberry32: small, and the same on every machine. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const shuffled = <T>(list: readonly T[], random: () => number): T[] =>
  list
    .map((one) => ({ one, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ one }) => one);

const hex = (random: () => number, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");

const spread = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const quantile = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
    return Number((low + (high - low) * (place % 1)).toFixed(3));
  };
  return { median: quantile(0.5), p95: quantile(0.95) };
};

const rowOf = ({ name, format, call, bytes }: Built, all: readonly Measurement[]): Row => ({
  name,
  format,
  call,
  bundleBytes: bytes,
  initMs: spread(all.map((one) => one.initMs)),
  firstMs: spread(all.map((one) => one.firstMs)),
  coldMs: spread(all.map((one) => one.coldMs)),
  coldCpuMs: spread(all.map((one) => one.coldCpuMs)),
  laterMs: spread(all.flatMap((one) => one.laterMs)),
  busyMs: spread(all.flatMap((one) => one.busyMs)),
  rssMb: spread(all.map((one) => one.rssMb)),
});

const mustHaveSent = ({ name, format, sends }: Built, before: number, after: number): void => {
  if (sends !== "nothing" && after <= before)
    throw new Error(`${name} (${format}) sent nothing: its figures would mean nothing`);
};

const runAll = async (bundles: readonly Built[], program: string, options: Options): Promise<Row[]> => {
  const random = seeded(options.seed);
  const traceId = (): string =>
    `Root=1-${hex(random, 8)}-${hex(random, 24)};Parent=${hex(random, 16)};Sampled=1;Lineage=${hex(random, 8)}:0`;
  const measured = new Map(bundles.map((one) => [one, [] as Measurement[]]));
  const receiver = await startReceiver();
  try {
    // The first round fills the disk cache and is thrown away.
    for (let round = 0; round <= options.runs; round += 1) {
      for (const one of shuffled(bundles, random)) {
        const arrived = (): number =>
          one.sends === "otlp" || one.sends === "x-ray" ? receiver.received[one.sends] : 0;
        const before = arrived();
        const variables = { ...receiver.variables, ...one.variables };
        const { invocations } = options;
        const { wrapper } = one;
        const run = { program, handlerFile: one.file, invocations, variables, traceId, ...(wrapper && { wrapper }) };
        const result = await measure(run);
        mustHaveSent(one, before, one.sends === "log" ? result.printedTraces : arrived());
        if (round > 0) measured.get(one)?.push(result);
      }
      process.stderr.write(round === 0 ? "warm-up" : ` ${round}`);
    }
  } finally {
    process.stderr.write("\n");
    receiver.close();
  }
  return bundles.map((one) => rowOf(one, measured.get(one) ?? []));
};

const addedTo = (rows: readonly Row[], row: Row, figure: Figure): number => {
  const bare = rows.find((one) => one.name === "bare" && one.format === row.format && one.call === row.call);
  return Number((row[figure].median - (bare?.[figure].median ?? Number.NaN)).toFixed(3));
};

const FIGURES = ["coldMs", "initMs", "firstMs", "coldCpuMs", "laterMs", "busyMs", "rssMb"] as const;

const table = (rows: readonly Row[]): string => {
  const head = ["", "bundle kB", "cold ms", "init ms", "first ms", "cold CPU ms", "later µs", "busy µs", "RSS MB"];
  const cell = (row: Row, figure: Figure): string => {
    const perUnit = figure === "laterMs" || figure === "busyMs" ? 1_000 : 1;
    const digits = perUnit === 1 ? 1 : 0;
    const added = addedTo(rows, row, figure) * perUnit;
    const text = (row[figure].median * perUnit).toFixed(digits);
    return row.name === "bare" ? text : `${text} (${added < 0 ? "" : "+"}${added.toFixed(digits)})`;
  };
  const lines = rows.map((row) => [
    `${row.name}, ${row.format}${row.call === "sqs" ? ", SQS" : ""}`,
    (row.bundleBytes / 1_000).toFixed(0),
    ...FIGURES.map((figure) => cell(row, figure)),
  ]);
  const all = [head, head.map(() => "---"), ...lines];
  return all.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
};

const main = async (): Promise<void> => {
  const { save, ...options } = flags;
  const program = runtimeProgram(options.runtime);
  if (program === undefined) throw new Error("aws-lambda-ric is not compiled: see what `npm test` says about it");
  const folder = mkdtempSync(join(import.meta.dirname, "..", ".coldstart-"));
  try {
    const wanted = variants(options.calls).filter(
      ({ name }) =>
        name === "bare" ||
        options.only.length === 0 ||
        options.only.some((part) => name.toLowerCase().includes(part.toLowerCase())),
    );
    const rows = await runAll(
      wanted.map((one) => build(one, folder)),
      program,
      options,
    );
    const machine = { node: process.version, cpu: cpus()[0]?.model ?? "", cores: availableParallelism() };
    const added = rows
      .filter(({ name }) => name !== "bare")
      .map((row) => ({
        name: row.name,
        format: row.format,
        call: row.call,
        ...Object.fromEntries(FIGURES.map((figure) => [figure, addedTo(rows, row, figure)])),
      }));
    const result = JSON.stringify({ bench: "coldstart", ...options, ...machine, rows, added }, null, 2);
    console.log(`${table(rows)}\n\n${result}`);
    if (!save) return;
    const results = join(import.meta.dirname, "..", "results");
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, "coldstart.json"), `${result}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

await main();
