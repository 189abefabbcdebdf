/** What counting the spans by hand gives. */
import { expect, test } from "vitest";
import { START, batch, span } from "../../test/builders.ts";
import { LATER, at, opened } from "../../test/stitched.ts";
import { functionsSeen, functionStory } from "./functions.ts";

const MS = 1_000_000;
const S = 1_000_000_000n;
const WINDOW = { from: START, to: LATER };

/** Forty orders: api calls pay; every fifth payment fails, every tenth is cold, and takes n+1 ms. */
const shop = async () => {
  const deps = await opened();
  const orders = Array.from({ length: 40 }, (_, n) => [
    span(`order ${n}`, { trace: `t${n}`, in: "api", request: `a${n}`, kind: 2, at: at(n * 1000, n * 1000 + 200) }),
    span(`pay ${n}`, {
      trace: `t${n}`,
      parent: `order ${n}`,
      isRemote: true,
      in: "pay",
      request: `p${n}`,
      at: at(n * 1000 + 10, n * 1000 + 11 + n),
      cold: n % 10 === 0,
      error: n % 5 === 0,
      attributes: { "mayfly.trigger": "http", ...(n % 20 === 0 && { "error.type": "Declined" }) },
    }),
  ]);
  await deps.store.append(batch(orders.flat()));
  return deps;
};

test("functions have counts, percentiles and what they were started by, the last seen first", async () => {
  const { found, lookedBackTo } = await functionsSeen(WINDOW, await shop());
  expect(lookedBackTo).toBeUndefined();
  expect(found).toEqual([
    {
      name: "pay",
      services: ["pay"],
      triggers: ["http"],
      invocations: 40,
      errors: 8,
      coldStarts: 4,
      durations: { p50: 20 * MS, p95: 38 * MS, p99: 40 * MS },
      lastSeen: START + 39n * S + 10_000_000n,
    },
    expect.objectContaining({ name: "api", invocations: 40, errors: 0, lastSeen: START + 39n * S }),
  ]);
});

test("a run counts where it began in the window, whenever its trace did", async () => {
  const deps = await shop();
  const window = { from: START + 5n * S + 1_000_000n, to: START + 6n * S + 5_000_000n };
  const { found } = await functionsSeen(window, deps);
  expect(found.map(({ name, invocations }) => [name, invocations])).toEqual([
    ["api", 1],
    ["pay", 1],
  ]);
});

test("one function's story: steps without a hole, callers, failures by type, the slowest and the latest", async () => {
  const deps = await shop();
  const { found: pay } = await functionStory("pay", { from: START, to: START + 40n * S }, deps);
  const { found: api } = await functionStory("api", WINDOW, deps);

  expect(pay).toMatchObject({ invocations: 40, errors: 8, callers: [{ name: "api", count: 40 }], callees: [] });
  expect(api?.callees).toEqual([{ name: "pay", count: 40 }]);
  expect(pay?.steps).toHaveLength(41);
  expect(pay?.steps.reduce((sum, { invocations }) => sum + invocations, 0)).toBe(40);
  for (const [n, { from }] of pay!.steps.entries()) if (n > 0) expect(from).toBe(pay?.steps[n - 1]?.to);
  expect(pay?.steps[5]).toMatchObject({ invocations: 1, errors: 1, durations: { p50: 6 * MS, p95: 6 * MS } });
  expect(pay?.failures.map(({ type, count, latest }) => [type, count, latest.requestId])).toEqual([
    ["_OTHER", 6, "p35"],
    ["Declined", 2, "p20"],
  ]);
  expect(pay?.slowest.map((run) => run.requestId)).toEqual([...Array(10).keys()].map((n) => `p${39 - n}`));
  expect(pay?.latest[0]).toMatchObject({ requestId: "p39", durationNs: 40 * MS });
  expect((await functionStory("nobody", WINDOW, deps)).found).toBeUndefined();
});

test("a batch that many traces show ran once", async () => {
  const deps = await opened();
  const messages = Array.from({ length: 5 }, (_, n) => `sqs-message m${n}`);
  await deps.store.append(
    batch([
      ...messages.map((message, n) => span(`send ${n}`, { trace: `t${n}`, in: "api", kind: 4, produces: [message] })),
      span("batch", { trace: "b", in: "work", request: "r", batch: 5, consumes: [...messages, "lambda-request r"] }),
      ...messages.map((message, n) => span(`r${n}`, { trace: "b", parent: "batch", in: "work", consumes: [message] })),
    ]),
  );
  const { found } = await functionStory("work", WINDOW, deps);
  expect(found).toMatchObject({ invocations: 1, callers: [{ name: "api" }] });
});
