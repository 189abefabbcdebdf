/** The system's clock goes back an hour, and forward a year, under a collector that runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Collector, startCollector } from "../src/index.ts";
import { changeKeyFile } from "../src/guard/key-file.ts";
import { makeKey } from "../src/guard/keys.ts";
import { randomBytes } from "node:crypto";
import { START } from "./builders.ts";
import { JSON_TYPE, jsonSpan, tracesJson } from "./http.ts";

const MINUTE = 60_000_000_000n;
const HOUR = 60n * MINUTE;
const YEAR = 365n * 24n * HOUR;

const JUMPS: readonly [what: string, offsets: readonly bigint[]][] = [
  ["an hour back", [0n, MINUTE, -HOUR, MINUTE - HOUR, 2n * MINUTE]],
  ["a year ahead, and right again", [0n, YEAR, YEAR + MINUTE, 2n * MINUTE, 3n * MINUTE]],
  ["a year ahead, to stay", [0n, MINUTE, YEAR, YEAR + MINUTE, YEAR + 2n * MINUTE]],
  ["to before 1970, and right again", [0n, -START - HOUR, MINUTE, 2n * MINUTE]],
];

test.each(JUMPS)("%s: what is sent is stored, once, and found; keys and limits hold", async (_, offsets) => {
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-clock-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const made = makeKey({ name: "ci", scope: "admin", nowMs: Number(START / 1_000_000n), randomBytes });
  await changeKeyFile(dataDir, () => [made.record]);
  const headers = { ...JSON_TYPE, "x-mayfly-key": made.key };
  const bugs: unknown[] = [];
  let now = START;
  const start = (): Promise<Collector> =>
    startCollector(
      // The keeper goes by the real clock, to which these spans are old.
      { host: "127.0.0.1", port: 0, dataDir, ingestRate: 100, apiRate: 100, retentionDays: 3_650 },
      { clock: () => now, onBug: (error) => bugs.push(error) },
    );
  let collector = await start();
  onTestFinished(() => collector.close());
  const send = async (number: number): Promise<number> => {
    const body = tracesJson(jsonSpan({ traceId: number.toString(16).padStart(32, "0") }));
    return (await fetch(`${collector.url}/v1/traces`, { method: "POST", headers, body })).status;
  };
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${collector.url}${path}`, { headers });
    expect(response.status).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  };

  for (const [index, offset] of offsets.entries()) {
    now = START + offset;
    expect((await fetch(`${collector.url}/api/stats`)).status).toBe(401);
    expect(await send(index + 1)).toBe(200);
    for (let earlier = 1; earlier <= index + 1; earlier += 1) expect(await send(earlier)).toBe(200); // senders' retries
    expect(await get("/api/stats")).toMatchObject({ spans: index + 1, traces: index + 1 });
    expect((await get("/api/traces"))["traces"]).toHaveLength(index + 1);
  }

  await collector.close();
  collector = await start();
  expect(await get("/api/stats")).toMatchObject({ spans: offsets.length, droppedSpans: {}, damagedPartitions: [] });
  for (const [index] of offsets.entries())
    expect(await get(`/api/traces/${(index + 1).toString(16).padStart(32, "0")}`)).toMatchObject({ spanCount: 1 });
  expect(bugs).toEqual([]);
});
