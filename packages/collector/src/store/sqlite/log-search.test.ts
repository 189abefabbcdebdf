/** What reading every record would find, in the order of time, however small the pages and however it lies on disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { START, log, logBatch } from "../../../test/builders.ts";
import { type LogFilter, matchesLog } from "../../model/log-filter.ts";
import { LEVELS, type LogRecord } from "../../model/log-record.ts";
import type { LogHits } from "../store.ts";
import { openKeeper } from "./keeper.ts";
import { openStore } from "./sqlite-store.ts";

const RUNS = process.env["MAYFLY_LONG"] === "true" ? 500 : 40;
/** 500 runs take longer than a usual test may. */
const MAX_MS_PER_RUN = 300;

const anyLog = fc
  .record({
    body: fc.constantFrom("Card declined", "card ok", "x"),
    trace: fc.option(fc.constantFrom("t", "u")),
    in: fc.constantFrom("f", "g"),
    severity: fc.integer({ min: 0, max: 26 }),
    at: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ body, trace, ...spec }) => log(body, { ...spec, ...(trace !== null && { trace }) }));

const anyFilter: fc.Arbitrary<LogFilter> = fc
  .record({
    functionName: fc.option(fc.constantFrom("f", "g", "h")),
    levels: fc.option(fc.uniqueArray(fc.constantFrom(...LEVELS), { minLength: 1 })),
    text: fc.option(fc.constantFrom("CARD", "x")),
    from: fc.option(fc.integer({ min: 0, max: 5 })),
    to: fc.option(fc.integer({ min: 0, max: 5 })),
  })
  .map(({ functionName, levels, text, from, to }) => ({
    ...(functionName !== null && { functionName }),
    ...(levels !== null && { levels }),
    ...(text !== null && { text }),
    ...(from !== null && { from: START + BigInt(from) * 1_000_000n }),
    ...(to !== null && { to: START + BigInt(to) * 1_000_000n }),
  }));

/** With the function, which the record alone does not tell. */
const lines = (logs: readonly LogRecord[]): string[] =>
  logs.map(
    ({ origin, wire, time }) =>
      `${time} ${origin.functionName} ${JSON.stringify(wire.body)} ${wire.severityNumber} ${wire.traceId}`,
  );

test(
  "pages of any size hold what matches, each record as often as it came, newest first",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyLog, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        anyFilter,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (requests, filter, limit, isSealed) => {
          const dataDir = await mkdtemp(join(tmpdir(), "mayfly-logs-"));
          const store = openStore({ dataDir, ...(isSealed && { partitionBytes: 500 }) });
          const keeper = openKeeper({ dataDir, clock: () => START, retentionDays: 14, keyRetentionDays: 15 });
          try {
            const all = requests.flat().filter((one) => matchesLog(one, filter));
            for (const request of requests) await store.append(logBatch(request));
            const found: LogRecord[] = [];
            for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
              const page: LogHits = await store.logsWith({ ...filter, limit, ...(cursor !== undefined && { cursor }) });
              expect(page.logs.length).toBeLessThanOrEqual(limit);
              found.push(...page.logs);
              cursor = page.cursor;
            }
            expect(lines(found).toSorted()).toEqual(lines(all).toSorted());
            const times = found.map((one) => one.time);
            if (!isSealed) expect(times).toEqual(times.toSorted((a, b) => Number(b - a)));

            const whole = await store.logsWith({ ...filter, limit: 1_000 });
            const [half] = [await store.logsWith({ ...filter, limit: Math.ceil(whole.logs.length / 2) || 1 })];
            while (isSealed && keeper.step() !== undefined);
            const rest =
              half.cursor === undefined
                ? []
                : (await store.logsWith({ ...filter, limit: 1_000, cursor: half.cursor })).logs;
            const distinct = (logs: readonly LogRecord[]) => [...new Set(lines(logs))].toSorted();
            expect(distinct([...half.logs, ...rest])).toEqual(distinct(all));
          } finally {
            keeper.close();
            await store.close();
            await rm(dataDir, { recursive: true });
          }
        },
      ),
      { numRuns: RUNS },
    );
  },
  30_000 + RUNS * MAX_MS_PER_RUN,
);

const MANY = 6_000;
/** More than those take. */
const FULL = 4_000_000;

const allPages = async (
  store: ReturnType<typeof openStore>,
  search: { readonly limit: number; readonly text?: string },
  from?: string,
): Promise<readonly LogHits[]> => {
  const pages: LogHits[] = [];
  for (let cursor = from, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const page: LogHits = await store.logsWith({ ...search, ...(cursor !== undefined && { cursor }) });
    pages.push(page);
    cursor = page.cursor;
  }
  return pages;
};

const linesOf = (pages: readonly LogHits[]): string[] => pages.flatMap((page) => lines(page.logs));

describe("thousands of requests with one time", () => {
  let dataDir: string;
  let store: ReturnType<typeof openStore>;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "mayfly-logs-"));
    store = openStore({ dataDir, durability: "process", partitionBytes: FULL });
    // One after the other: what waits together is one block.
    for (let n = 0; n < MANY; n += 1) await store.append(logBatch([log(`line ${n}`, { in: "f" })]));
  });
  afterAll(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  test("a page ends before it has read them all, and the pages hold each once", async () => {
    const nowhere = await allPages(store, { limit: 10, text: "nowhere" });
    expect(linesOf(nowhere)).toEqual([]);
    expect(nowhere.length).toBeGreaterThan(2);

    const found = linesOf(await allPages(store, { limit: 700 }));
    expect(found.length).toBe(MANY);
    expect(new Set(found).size).toBe(MANY);
    expect(linesOf(await allPages(store, { limit: 10, text: "line 17" })).length).toBe(111); // 17, 170…179, 1700…1799
  });

  test("a question that has begun is answered though its partition is sealed meanwhile, and removed from its folder", async () => {
    const own = await mkdtemp(join(tmpdir(), "mayfly-logs-"));
    onTestFinished(() => rm(own, { recursive: true }));
    const sealed = openStore({ dataDir: own, durability: "process", partitionBytes: FULL });
    onTestFinished(() => sealed.close());
    for (let n = 0; n < 600; n += 1) await sealed.append(logBatch([log(`line ${n}`, { in: "f" })]));
    const asked = sealed.logsWith({ limit: 10, text: "nowhere" });
    await sealed.append(logBatch([log("x".repeat(FULL), { in: "f" })]));
    const keeper = openKeeper({ dataDir: own, clock: () => START, retentionDays: 14, keyRetentionDays: 15 });
    expect(keeper.step()).toMatchObject({ done: "sealed" });
    keeper.close();
    await sealed.damage(); // looks into the folder
    expect((await asked).logs).toEqual([]);
  });

  test("each is on one of the pages also where its block is sealed between them", async () => {
    const first = await store.logsWith({ limit: 700 });
    await store.append(logBatch([log("x".repeat(FULL), { in: "f" })]));
    const keeper = openKeeper({ dataDir, clock: () => START, retentionDays: 14, keyRetentionDays: 15 });
    expect(keeper.step()).toMatchObject({ done: "sealed" });
    keeper.close();
    const rest = linesOf(await allPages(store, { limit: 700 }, first.cursor));
    const seen = new Set([...lines(first.logs), ...rest].filter((line) => line.includes("line ")));
    expect(seen.size).toBe(MANY);
  });
});
