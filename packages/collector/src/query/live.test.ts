import type { TraceSummary } from "@mayfly/api";
import { expect, test } from "vitest";
import { START } from "../../test/builders.ts";
import { createLive, type LiveDeps, MAX_ROWS, type Turn } from "./live.ts";

const SECOND = 1_000_000_000n;

const row = (n: number, more: Partial<TraceSummary> = {}): TraceSummary => ({
  id: `t${n}`,
  traceIds: [],
  requestIds: [],
  name: `trace ${n}`,
  startTimeUnixNano: String(START + BigInt(n) * SECOND),
  durationNs: 5,
  spanCount: 1,
  errorCount: 0,
  functions: [],
  costUsd: null,
  settled: true,
  coldStarts: 0,
  gapCount: 0,
  ...more,
});

/** A list that can be changed, and turns that come when the test says so. */
const watched = (more: Partial<LiveDeps> = {}) => {
  const state = { rows: [] as TraceSummary[], asked: 0, waiting: [] as (() => void)[] };
  const live = createLive({
    list: async (_question, _filters, limit) => {
      state.asked += 1;
      return state.rows.slice(0, limit);
    },
    clock: () => START + 100n * SECOND,
    onBug: (error) => {
      throw error;
    },
    wait: (_ms, then) => {
      state.waiting.push(then);
      return () => (state.waiting = state.waiting.filter((one) => one !== then));
    },
    ...more,
  });
  const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const turn = async (): Promise<void> => {
    for (const then of state.waiting.splice(0)) then();
    await settled();
  };
  const follow = (question = "all", since?: bigint) => {
    const told: (Turn | "end")[] = [];
    const leave = live.follow(
      { question, filters: {}, ...(since !== undefined && { since }) },
      { tell: (one) => void told.push(one), end: () => void told.push("end") },
    );
    const names = () => told.map((one) => (one === "end" ? "end" : one.rows.map(({ id }) => id).join(" ")));
    return { leave, told, names };
  };
  return { state, live, turn, settled, follow };
};

test("what is new or says something else is told, and nothing else, oldest first", async () => {
  const { state, turn, settled, follow } = watched();
  state.rows = [row(2), row(1)];
  const { names, told } = follow();
  await settled();
  expect(names()).toEqual([]);

  state.rows = [row(4), row(3), row(2, { spanCount: 9 }), row(1)];
  await turn();
  await turn();
  expect(names()).toEqual(["t2 t3 t4"]);
  expect(JSON.parse((told[0] as Turn).rows[0]!.json)).toEqual(row(2, { spanCount: 9 }));
});

test("who comes back is told what ended since, or a little before", async () => {
  const { state, settled, follow, turn } = watched();
  state.rows = [row(99), row(60), row(1)];
  const first = follow("all", START + 80n * SECOND);
  await settled();
  const second = follow("all", START + 120n * SECOND);
  await turn();
  expect([first.names(), second.names()]).toEqual([["t60 t99"], ["t99"]]);
});

test("all who ask the same are one question to the list; without followers nothing is asked", async () => {
  const { state, live, turn, settled, follow } = watched();
  const followers = [follow("a"), follow("a"), follow("b")];
  await settled();
  state.asked = 0;
  await turn();
  expect([state.asked, live.followers]).toEqual([2, 3]);

  for (const { leave } of followers) leave?.();
  for (const { leave } of followers) leave?.();
  await turn();
  expect([state.asked, state.waiting.length, live.followers]).toEqual([2, 0, 0]);

  const again = follow("a");
  await settled();
  state.rows = [row(1)];
  await turn();
  expect(again.names()).toEqual(["t1"]);
});

test("a turn in which nothing is as before says that some may have been missed", async () => {
  const { state, turn, settled, follow } = watched();
  state.rows = [row(0)];
  const { told } = follow();
  await settled();
  state.rows = Array.from({ length: MAX_ROWS + 10 }, (_, n) => row(1_000 - n));
  await turn();
  expect(told).toMatchObject([{ hasMissed: true }]);
});

test("followers have a bound, those past it are counted, and closing ends them", async () => {
  const { live, state, follow, settled, turn } = watched({ maxFollowers: 2 });
  const [first, second, third] = [follow(), follow(), follow()];
  expect([third.leave, live.followers, live.refused]).toEqual([undefined, 2, 1]);
  first.leave?.();
  expect(follow().leave).toBeDefined();

  await settled();
  live.close();
  await turn();
  expect(second.names()).toEqual(["end"]);
  expect(state.waiting).toEqual([]);
  expect(follow().leave).toBeUndefined();
});
