import { expect, test } from "vitest";
import { START, batch, span } from "../../test/builders.ts";
import { LATER, at, opened } from "../../test/stitched.ts";
import { parseQuery } from "./parse.ts";
import { traceStatistics } from "./stats.ts";

const MS = 1_000_000;
const S = 1_000_000_000n;

const story = async () => {
  const deps = await opened();
  const spans = Array.from({ length: 100 }, (_, n) =>
    span(`s${n}`, {
      trace: `t${n}`,
      in: n % 4 === 0 ? "pay" : "api",
      at: at(n * 100, n * 100 + n + 1),
      cold: n % 10 === 0,
      error: n % 5 === 0,
      attributes: { "mayfly.trigger": n % 2 === 0 ? "sqs" : "http", ...(n % 25 === 0 && { "error.type": "Declined" }) },
    }),
  );
  await deps.store.append(batch(spans));
  return deps;
};

test("counts, percentiles and facets are of the traces that the filters list", async () => {
  const deps = await story();

  const all = await traceStatistics({}, deps, LATER);
  expect(all).toMatchObject({
    count: 100,
    errorCount: 20,
    isComplete: true,
    percentiles: { p50: 50 * MS, p90: 90 * MS, p95: 95 * MS, p99: 99 * MS },
    facets: {
      function: [
        { value: "api", count: 75 },
        { value: "pay", count: 25 },
      ],
      status: [
        { value: "ok", count: 80 },
        { value: "error", count: 20 },
      ],
      error: [
        { value: "_OTHER", count: 16 },
        { value: "Declined", count: 4 },
      ],
      cold: [
        { value: "false", count: 90 },
        { value: "true", count: 10 },
      ],
      trigger: [
        { value: "http", count: 50 },
        { value: "sqs", count: 50 },
      ],
    },
  });
  const few = await traceStatistics({ query: parseQuery("function:pay duration:>50ms"), status: "error" }, deps, LATER);
  expect(few).toMatchObject({ count: 2, errorCount: 2, percentiles: { p50: 61 * MS, p99: 81 * MS } });
});

test("every trace is in one step of duration and one of time, and between the first and the last is no hole", async () => {
  const deps = await story();
  const { durations, times } = await traceStatistics({}, deps, LATER);
  for (const buckets of [durations, times]) {
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(buckets.reduce((sum, { errorCount }) => sum + errorCount, 0)).toBe(20);
    for (const [n, { from }] of buckets.entries()) if (n > 0) expect(from).toEqual(buckets[n - 1]?.to);
    expect(buckets.length).toBeLessThan(60);
  }
  expect(durations[0]?.from).toBeLessThanOrEqual(MS);
  expect(durations.at(-1)?.to).toBeGreaterThan(100 * MS);
  expect(times.map(({ from }) => from)).toEqual(Array.from({ length: 10 }, (_, n) => START + BigInt(n) * S));
});

test("of traces that are far apart, and of none, the steps stay few", async () => {
  const deps = await opened();
  expect(await traceStatistics({}, deps, LATER)).toMatchObject({
    count: 0,
    percentiles: undefined,
    durations: [],
    times: [],
  });
  await deps.store.append(
    batch([
      span("old", { trace: "old", at: [0, 0] }),
      span("new", { trace: "new", at: [40_000_000_000, 40_000_000_000 + 3_600_000 * 24 * 90] }),
    ]),
  );
  const { durations, times } = await traceStatistics({}, deps, LATER);
  expect([times.length <= 60, durations.length <= 100]).toEqual([true, true]);
});

test("what needs more looking than one answer may take says how far back it has looked", async () => {
  const deps = await opened();
  const spans = Array.from({ length: 700 }, (_, n) => span(`s${n}`, { trace: `t${n}`, at: at(n) }));
  await deps.store.append(batch(spans));
  await deps.summarizer.catchUp();
  const { isComplete, lookedBackTo } = await traceStatistics({ query: parseQuery('"nowhere"') }, deps, LATER);
  expect(isComplete).toBe(false);
  expect(lookedBackTo).toBe(START + 200n * BigInt(MS));
});
