/** What was acknowledged survives the process that acknowledged it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStore } from "../src/store/sqlite/sqlite-store.ts";
import { traceId } from "./builders.ts";

const SPANS_PER_BATCH = 20;

/** Runs the writer until it has acknowledged this many batches, kills it at once, and returns their numbers. */
const acknowledgedBeforeKill = async (dataDir: string, count: number): Promise<number[]> => {
  const script = fileURLToPath(new URL("./crash-writer.ts", import.meta.url));
  const writer = spawn(process.execPath, ["--conditions=mayfly-source", script, dataDir, String(SPANS_PER_BATCH)]);
  const exited = once(writer, "exit");
  const numbers: number[] = [];
  for await (const line of createInterface(writer.stdout)) {
    numbers.push(Number(line));
    if (numbers.length === count) writer.kill("SIGKILL");
  }
  await exited;
  return numbers;
};

/** At which batch to kill: a few here, a hundred in the long checks. */
const KILLS = process.env["MAYFLY_LONG"] ? Array.from({ length: 100 }, (_, n) => 1 + ((n * 37) % 101)) : [1, 7, 40];

test.each(KILLS)("after a kill at batch %i, every acknowledged batch is there once and whole", async (count) => {
  const folder = await mkdtemp(join(tmpdir(), "mayfly-crash-"));
  const numbers = await acknowledgedBeforeKill(folder, count);

  const store = openStore({ dataDir: folder });
  const stats = await store.stats();
  const sizes = await Promise.all(
    numbers.map(async (number) => (await store.spansOfTraces([traceId(`batch ${number}`)], 1000)).length),
  );

  expect(numbers.length).toBeGreaterThanOrEqual(count);
  expect(new Set(sizes)).toEqual(new Set([SPANS_PER_BATCH]));
  expect(stats.spans).toBe(stats.traces * SPANS_PER_BATCH);
  expect(stats).toMatchObject({ receivedSpans: stats.spans, invocations: stats.traces });
  await store.close();
  await rm(folder, { recursive: true });
});
