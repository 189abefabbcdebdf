/** The walk is the truth: summaries are what walking every root yields, whatever came when. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { anyRequests } from "../../test/any-spans.ts";
import { START, batch, span, traceId } from "../../test/builders.ts";
import { LATER, type Stored, at, closeOpened, hop, id, opened } from "../../test/stitched.ts";
import { walked } from "../../test/walked.ts";
import { StoreError } from "../errors.ts";
import type { SpanRecord } from "../model/span.ts";
import { openKeeper } from "../store/sqlite/keeper.ts";
import { tracesPath } from "../store/sqlite/partitions.ts";
import { openStore } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import type { SummaryRow } from "../store/summaries.ts";
import { WALK_BOUNDS } from "./find.ts";
import { listTraces } from "./list.ts";
import { parseQuery } from "./parse.ts";
import { gapCountAt } from "./row.ts";
import { traceStatistics } from "./stats.ts";
import { createSummarizer, keepSummarizing } from "./summarize.ts";

const RUNS = process.env["MAYFLY_LONG"] === "true" ? { numRuns: 2_000 } : { numRuns: 20, seed: 1 };
/** 2,000 runs take longer than a usual test may. */
const MAX_MS_PER_RUN = 300;

/** By id. */
const kept = async ({ summaries }: Pick<Stored, "summaries">): Promise<readonly SummaryRow[]> => {
  const { rows } = await summaries.page({ all: [], limit: 10_000 });
  return rows.map(({ row }) => row).toSorted((a, b) => (a.id < b.id ? -1 : 1));
};

/** Says nothing of a circle of missing parents, of which there is no one truth. */
const expectTruth = async (deps: Stored): Promise<void> => {
  const truth = await walked(deps.store);
  fc.pre(truth !== undefined);
  expect(await kept(deps)).toEqual(truth.map(({ row }) => row));
};

test(
  "after any spans in any order, summaries are what walking every root yields",
  async () => {
    await fc.assert(
      fc
        .asyncProperty(anyRequests, async (requests) => {
          const deps = await opened();
          for (const request of requests) {
            await deps.store.append(batch(request));
            await deps.summarizer.catchUp();
          }
          await expectTruth(deps);
        })
        .afterEach(closeOpened),
      RUNS,
    );
  },
  30_000 + RUNS.numRuns * MAX_MS_PER_RUN,
);

test(
  "what arrived at once is worked out group by group, and what a story holds already not again, to the same rows",
  async () => {
    await fc.assert(
      fc
        .asyncProperty(anyRequests, anyRequests, async (before, after) => {
          const deps = await opened();
          const summarizer = createSummarizer({ ...deps, clock: () => LATER, tracesPerGraph: 1 });
          for (const requests of [before, after]) {
            for (const request of requests) await deps.store.append(batch(request));
            await summarizer.catchUp();
          }
          await expectTruth(deps);
        })
        .afterEach(closeOpened),
      RUNS,
    );
  },
  30_000 + RUNS.numRuns * MAX_MS_PER_RUN,
);

test("a message's thousand receivers are one story, worked out once for all of them", async () => {
  const deps = await opened();
  const receivers = Array.from({ length: 1_000 }, (_, n) =>
    span(`r${n}`, { trace: `r${n}`, consumes: ["sns-message m"], at: at(1 + n) }),
  );
  await deps.store.append(batch([span("send", { trace: "s", produces: ["sns-message m"], at: at(0) }), ...receivers]));
  let graphs = 0;
  const asOfNow = () => {
    graphs += 1;
    return deps.store.asOfNow();
  };
  // So many that the last of them are cut off.
  const bounds = { ...WALK_BOUNDS, maxUnits: 990 };
  await createSummarizer({ ...deps, clock: () => LATER, bounds, store: { ...deps.store, asOfNow } }).catchUp();
  expect(await kept(deps)).toMatchObject([{ name: "send", spanCount: 990, truncated: true }]);
  expect(graphs).toBe(1);
});

test("a late parent takes the row of what it called", async () => {
  const deps = await opened();
  const [root, ...below] = hop;
  await deps.store.append(batch(below));
  await deps.summarizer.catchUp();
  expect((await kept(deps)).map((row) => row.id)).toEqual([`${traceId("t")}.0000000000000000`]);

  await deps.store.append(batch([root!]));
  await deps.summarizer.catchUp();
  expect(await kept(deps)).toMatchObject([{ id: id("t", "POST /orders"), spanCount: 5, gapCount: 0 }]);
});

test("a message that nobody receives becomes a gap when its time has come, and nothing is worked out again for that", async () => {
  const now = START + 1_000_000_000n;
  const deps = await opened(WALK_BOUNDS, () => now);
  const sent = (name: string, ms: number) =>
    span(name, { parent: "top", produces: [`sqs-message ${name}`], kind: 4, at: at(ms) });
  await deps.store.append(batch([span("top"), sent("a", 0), sent("b", 0), sent("c", 500)]));
  await deps.summarizer.catchUp();

  const listed = async (ms: number, gaps: number) => {
    const asked = { limit: 10, query: parseQuery(`gaps:${gaps}`) };
    return (await listTraces(asked, deps, START + BigInt(ms) * 1_000_000n)).traces.map(({ gapCount }) => gapCount);
  };
  const { wire } = sent("a", 0);
  const waited = Number(wire.endTimeUnixNano - START) / 1e6 + 30_000;
  expect(await listed(waited - 1, 0)).toEqual([0]);
  expect(await listed(waited, 2)).toEqual([2]);
  expect(await listed(waited + 499, 2)).toEqual([2]);
  expect(await listed(waited + 500, 3)).toEqual([3]);

  await deps.store.append(batch([span("receive", { trace: "r", consumes: ["sqs-message a"], at: at(600) })]));
  await deps.summarizer.catchUp();
  expect(await kept(deps)).toMatchObject([{ gapsToCome: [{ count: 1 }, { count: 1 }] }]);
});

test("of very many gaps to come the last come together", async () => {
  const deps = await opened(WALK_BOUNDS, () => START);
  const sent = Array.from({ length: 40 }, (_, n) =>
    span(`send ${n}`, { parent: "top", produces: [`sqs-message ${n}`], kind: 4, at: at(n) }),
  );
  await deps.store.append(batch([span("top"), ...sent]));
  await deps.summarizer.catchUp();
  const [row] = await kept(deps);
  expect(row?.gapsToCome).toHaveLength(16);
  const due = sent.map(({ wire }) => wire.endTimeUnixNano + 30_000_000_000n);
  expect(gapCountAt(row!, due[14]!)).toBe(15);
  expect(gapCountAt(row!, due[38]!)).toBe(15);
  expect(gapCountAt(row!, due[39]!)).toBe(40);
});

test("who sent a message may be told by what was seen of it, and then its receiver's row changes", async () => {
  const deps = await opened();
  const sender = span("sender", { trace: "s" });
  const receiver = span("receiver", { trace: "r", consumes: ["sqs-message m"] });
  const sight = span("sender", {
    trace: "s",
    produces: ["sqs-message m"],
    attributes: { "mayfly.evidence": "platform" },
  });
  for (const one of [sender, receiver, sight]) {
    await deps.store.append(batch([one]));
    await deps.summarizer.catchUp();
  }
  expect(await kept(deps)).toEqual((await walked(deps.store))?.map(({ row }) => row));
});

test("what Lambda says of an invocation under its own span's id is followed down as it is followed up", async () => {
  const deps = await opened();
  const words = { attributes: { "mayfly.evidence": "platform" } };
  for (const one of [
    span("sender", { trace: "s" }),
    span("receiver", { trace: "r", consumes: ["eventbridge-event m"] }),
    span("sender", { trace: "s", produces: ["eventbridge-event m"], ...words }),
  ]) {
    await deps.store.append(batch([one]));
    await deps.summarizer.catchUp();
  }
  expect(await kept(deps)).toMatchObject([{ name: "sender", spanCount: 2 }]);
  expect(await kept(deps)).toEqual((await walked(deps.store))?.map(({ row }) => row));
});

test("where very many spans have changed, a question is told so without reading them", async () => {
  const deps = await opened();
  const spans = Array.from({ length: 20_001 }, (_, n) => span(`s${n}`, { trace: `t${n % 10}`, at: at(n) }));
  await deps.store.append(batch(spans));
  const changedTraces = vi.fn<typeof deps.store.changedTraces>();
  const summarizer = createSummarizer({ ...deps, clock: () => START, store: { ...deps.store, changedTraces } });
  expect(await summarizer.settled()).toEqual({ traceIds: new Set(), isAll: false });
  expect(changedTraces).not.toHaveBeenCalled();
});

test("a disk that takes no rows keeps no question from those that are there, which says what it lacks", async () => {
  const deps = await opened();
  await deps.store.append(batch([span("a", { trace: "first", in: "f", at: at(0) })]));
  await deps.summarizer.catchUp();
  await deps.store.append(batch([span("b", { trace: "second", in: "f", at: at(1) })]));
  const summaries = { ...deps.summaries };
  const apply = vi.spyOn(summaries, "apply").mockRejectedValue(new StoreError("store-failed", "the disk is full"));
  const summarizer = createSummarizer({ ...deps, summaries, clock: () => LATER });

  expect(await summarizer.settled()).toEqual({ traceIds: new Set([traceId("second")]), isAll: true });
  for (const query of [undefined, parseQuery("function:f")]) {
    const list = { limit: 10, ...(query && { query }) };
    const { traces, behind } = await listTraces(list, { ...deps, summaries, summarizer }, LATER);
    expect(traces.map(({ name }) => name)).toEqual(["a"]);
    expect(behind).toEqual({ spansBehind: 1, problem: "the disk is full" });
  }
  const numbers = await traceStatistics({}, { ...deps, summaries, summarizer }, LATER);
  expect(numbers).toMatchObject({ count: 1, behind: { spansBehind: 1, problem: "the disk is full" } });
  await expect(summarizer.catchUp()).rejects.toThrow("the disk is full");

  apply.mockRestore();
  const mended = await listTraces({ limit: 10 }, { ...deps, summaries, summarizer }, LATER);
  expect([mended.traces.length, mended.behind]).toEqual([2, {}]);
});

test("what is not in the rows yet is pending, and a bounded turn brings some of it in", async () => {
  const deps = await opened();
  const spans = Array.from({ length: 3000 }, (_, n) => span(`s${n}`, { trace: `t${n}`, at: at(n) }));
  await deps.store.append(batch(spans));

  await createSummarizer({ ...deps, clock: () => LATER, tracesPerStep: 500 }).catchUp(1);
  const pending = await deps.summarizer.pending();
  expect(pending.traceIds.size).toBeGreaterThan(0);
  expect(pending.isAll).toBe(false);
  const inRows = await deps.summaries.count();
  expect(inRows).toBeLessThan(3000);
  expect(await deps.summarizer.spansBehind()).toBe(3000 - inRows);

  // A question does not wait for so many.
  expect(await deps.summarizer.settled()).toEqual(pending);
  expect(await deps.summarizer.behind(pending)).toEqual({ spansBehind: 3000 - inRows });

  // It says why they do not come all the same.
  const checkRoom = () => Promise.reject(new StoreError("store-failed", "the disk is full"));
  const full = createSummarizer({ ...deps, clock: () => LATER, summaries: { ...deps.summaries, checkRoom } });
  expect(await full.behind(await full.settled())).toEqual({ spansBehind: 3000 - inRows, problem: "the disk is full" });
  expect(await deps.summaries.count()).toBe(inRows);

  // Also what a try of its own has met, until somebody has written some.
  const apply = () => Promise.reject(new StoreError("store-failed", "no rows are taken"));
  const refused = createSummarizer({ ...deps, clock: () => LATER, summaries: { ...deps.summaries, apply } });
  await expect(refused.catchUp()).rejects.toThrow("no rows are taken");
  for (let times = 0; times < 2; times += 1)
    expect(await refused.behind(await refused.settled())).toMatchObject({ problem: "no rows are taken" });
  await createSummarizer({ ...deps, clock: () => LATER, tracesPerStep: 500 }).catchUp(1);
  const left = 3000 - (await deps.summaries.count());
  expect(await refused.behind(await refused.settled())).toEqual({ spansBehind: left });

  // And what it hears of somebody else's.
  deps.summarizer.hear("the disk is full");
  expect(await deps.summarizer.lacks()).toEqual({ spansBehind: left, problem: "the disk is full" });
  deps.summarizer.hear(undefined);
  expect(await deps.summarizer.lacks()).toEqual({ spansBehind: left });

  await deps.summarizer.catchUp();
  expect(await deps.summarizer.lacks()).toEqual({});
  expect(await deps.summarizer.pending()).toEqual({ traceIds: new Set(), isAll: true });
  expect(await deps.summaries.count()).toBe(3000);
  expect(await deps.summarizer.spansBehind()).toBe(0);
});

test("two who keep the same summaries up to date do not undo each other's work", async () => {
  const deps = await opened();
  const other = await opened(WALK_BOUNDS, undefined, deps);
  for (const one of hop) {
    await deps.store.append(batch([one]));
    await Promise.all([deps.summarizer.catchUp(), other.summarizer.catchUp()]);
  }
  expect(await kept(deps)).toEqual((await walked(deps.store))?.map(({ row }) => row));
});

test("forgotten summaries are built again from the store", async () => {
  const deps = await opened();
  await deps.store.append(batch(hop));
  await deps.summarizer.catchUp();
  const before = await kept(deps);

  await deps.summaries.clear();
  expect([await kept(deps), await deps.summaries.checkpoint()]).toEqual([[], undefined]);
  await deps.summarizer.catchUp();
  expect(await kept(deps)).toEqual(before);
});

const DAY = 86_400_000_000_000n;

/** What arrived each day is a partition, of which those before the sixth day expire with `expire`. */
const expiring = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "mayfly-sweep-"));
  const clock = () => START + 20n * DAY;
  const store = openStore({ dataDir, partitionBytes: 1 });
  const summaries = createSqliteSummaries({ dataDir });
  const keeper = openKeeper({ dataDir, clock, retentionDays: 14, keyRetentionDays: 1 });
  onTestFinished(async () => {
    keeper.close();
    await summaries.close();
    await store.close();
    await rm(dataDir, { recursive: true });
  });
  return {
    dataDir,
    store,
    summaries,
    /** As after a restart. */
    summarizer: () => createSummarizer({ store, summaries, clock }),
    arriving: async (days: bigint, ...spans: readonly SpanRecord[]) =>
      store.append({ ...batch(spans), receivedAt: START + days * DAY }),
    expire: () => {
      while (keeper.step() !== undefined);
    },
  };
};

test("rows of what retention removed are swept out, and what is left of a story is told anew", async () => {
  const { store, summaries, arriving, expire, ...all } = await expiring();
  const summarizer = all.summarizer();
  await arriving(1n, span("old", { trace: "o" }), span("first half", { trace: "h" }));
  await arriving(2n, span("older sender", { trace: "p" }));
  await arriving(15n, span("second half", { trace: "h", parent: "first half" }), span("late", { trace: "l" }));
  await summarizer.catchUp();
  await summarizer.sweep();
  expect((await kept({ summaries })).map((row) => row.name).toSorted()).toEqual(
    ["first half", "late", "old", "older sender"].toSorted(),
  );

  expire();
  await summarizer.sweep();
  const rows = await kept({ summaries });
  expect(new Map(rows.map(({ name, spanCount }) => [name, spanCount]))).toEqual(
    new Map([
      ["late", 1],
      ["second half", 1],
    ]),
  );
  expect(rows).toEqual((await walked(store))?.map(({ row }) => row));
});

test("a sweep looks at the traces of what was removed, once, however old the others are", async () => {
  const { store, arriving, expire, summarizer } = await expiring();
  await arriving(1n, span("old", { trace: "o" }), span("first half", { trace: "h" }));
  const imported = Array.from({ length: 50 }, (_, n) => span(`i${n}`, { trace: `i${n}`, at: at(-n * 1e9) }));
  await arriving(15n, span("second half", { trace: "h", parent: "first half" }), ...imported);
  await summarizer().catchUp();
  const looked = vi.spyOn(store, "absentTraces");
  expire();

  await summarizer().sweep();
  expect(looked.mock.calls.flat(2).toSorted()).toEqual(["o", "h"].map(traceId).toSorted());
  await summarizer().sweep();
  expect(looked).toHaveBeenCalledTimes(1);
});

test("a sweep that is cut off begins again after a restart", async () => {
  const { store, summaries, arriving, expire, summarizer } = await expiring();
  await arriving(1n, span("old", { trace: "o" }));
  await arriving(15n, span("late", { trace: "l" }));
  await summarizer().catchUp();
  expire();
  vi.spyOn(store, "absentTraces").mockRejectedValueOnce(new StoreError("store-failed", "the disk refuses"));
  await expect(summarizer().sweep()).rejects.toThrow("the disk refuses");
  expect(await kept({ summaries })).toHaveLength(2);

  await summarizer().sweep();
  expect((await kept({ summaries })).map(({ name }) => name)).toEqual(["late"]);
});

test("where nobody says what was in a partition that is gone, every row is looked at, once", async () => {
  const { dataDir, store, summaries, arriving, expire, summarizer } = await expiring();
  await arriving(1n, span("old", { trace: "o" }));
  await arriving(15n, span("late", { trace: "l" }));
  await summarizer().catchUp();
  expire();
  await rm(tracesPath(dataDir, 1));
  const looked = vi.spyOn(store, "absentTraces");

  for (let times = 0; times < 2; times += 1) await summarizer().sweep();

  expect((await kept({ summaries })).map(({ name }) => name)).toEqual(["late"]);
  expect(looked).toHaveBeenCalledTimes(1);
});

test("rows that are made after something went are not swept for it", async () => {
  const { dataDir, store, arriving, expire, summarizer } = await expiring();
  await arriving(1n, span("old", { trace: "o" }));
  await arriving(15n, span("late", { trace: "l" }));
  expire();
  await rm(tracesPath(dataDir, 1));
  const looked = vi.spyOn(store, "absentTraces");
  await summarizer().catchUp();
  await summarizer().sweep();
  expect(looked).not.toHaveBeenCalled();
});

test("under a load without an end what has been removed is swept out, and the next turn begins at once", async () => {
  const { store, summaries, arriving, expire, summarizer } = await expiring();
  await arriving(1n, span("old", { trace: "o" }));
  await arriving(15n, span("late", { trace: "l" }));
  const one = summarizer();
  await one.catchUp();
  expire();
  // Whoever asks for a bounded turn has it full; without a bound it would not end.
  const turns: (number | undefined)[] = [];
  const catchUp = async (maxTraces?: number): Promise<boolean> => {
    if (turns.push(maxTraces) > 3) return false;
    return Number.isFinite(maxTraces) || new Promise<never>(() => {});
  };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const swept = vi.fn<() => Promise<void>>(() => one.sweep());
  const bugs: unknown[] = [];

  const stop = keepSummarizing({ catchUp, sweep: swept }, (error) => bugs.push(error));
  vi.advanceTimersByTime(1_000);
  await vi.waitUntil(() => swept.mock.settledResults.filter(({ type }) => type === "fulfilled").length === 4);
  stop();

  expect((await kept({ summaries })).map(({ name }) => name)).toEqual(["late"]);
  expect(await store.removalAfter(await summaries.sweptTo())).toBeUndefined();
  expect(bugs).toEqual([]);
});
