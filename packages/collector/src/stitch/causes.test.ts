/** The critical path through what is really stored: told in span names and milliseconds. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyRequests } from "../../test/any-spans.ts";
import { START, span } from "../../test/builders.ts";
import { arrived, at, closeOpened, coldHop, hop, stored } from "../../test/stitched.ts";
import type { SpanRecord } from "../model/span.ts";
import { findTrace } from "../query/find.ts";
import { tasksOf } from "./causes.ts";
import { criticalPath } from "./critical-path.ts";

const MS = 1_000_000;

const pathOf = async (spans: readonly SpanRecord[], id: string): Promise<readonly string[]> => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, id);
  if (found === undefined) throw new Error(`nothing has the id ${id}`);
  const told = ({ wire }: SpanRecord): string => wire.name;
  return criticalPath(tasksOf(found.trace, START)).map(
    ({ is, of, start, end }) => `${is === "wait" ? "for " : ""}${told(of)} ${start / MS}-${end / MS}`,
  );
};

test("it leads through the queue into the consumer, and through its record span", async () => {
  expect(await pathOf(hop, "r-api")).toEqual([
    "POST /orders 0-5",
    "send 5-15",
    "for payment 15-20",
    "payment 20-21",
    "record 21-22",
    "charge 22-32",
  ]);
});

test("joined by the message's id alone it is the same, whatever arrived first", async () => {
  const [api, send] = hop;
  const payment = span("payment", {
    trace: "other",
    in: "payment",
    request: "r-pay",
    consumes: ["sqs-message m"],
    at: at(20, 40),
  });
  const expected = ["POST /orders 0-5", "send 5-15", "for payment 15-20", "payment 20-40"];
  expect(await pathOf([api!, send!, payment], "r-api")).toEqual(expected);
  expect(await pathOf([payment, send!, api!], "r-api")).toEqual(expected);
});

test("a consumer that waited for its environment had its init before it", async () => {
  expect(await pathOf(coldHop, "r-api")).toEqual([
    "POST /orders 0-5",
    "send 5-15",
    "for payment 15-100",
    "init 100-390",
    "payment 390-420",
  ]);
});

test("the states of one execution wait for each other, not for its start; what ran side by side does not", async () => {
  const state = (name: string, from: number, to: number) =>
    span(name, { trace: name, in: name, request: `r-${name}`, consumes: ["sfn-execution e"], at: at(from, to) });
  const path = await pathOf(
    [
      span("start", { in: "api", request: "r-api", produces: ["sfn-execution e"], at: at(0, 5) }),
      state("reserve", 20, 30),
      state("charge", 40, 60),
      state("notify", 41, 50),
      state("ship", 65, 80),
    ],
    "r-api",
  );
  expect(path).toEqual([
    "start 0-5",
    "for reserve 5-20",
    "reserve 20-30",
    "for charge 30-40",
    "charge 40-60",
    "for ship 60-65",
    "ship 65-80",
  ]);
});

test("the attempts at one message wait for each other; another function that received it as well does not", async () => {
  const attempt = (name: string, fn: string, from: number, to: number) =>
    span(name, {
      trace: name,
      in: fn,
      environment: name,
      request: `r-${fn}`,
      consumes: ["sns-message m"],
      at: at(from, to),
    });
  const path = await pathOf(
    [
      span("publish", { in: "api", request: "r-api", produces: ["sns-message m"], at: at(0, 5) }),
      attempt("first", "pay", 10, 20),
      attempt("second", "pay", 40, 50),
      attempt("audit", "audit", 25, 30),
    ],
    "r-api",
  );
  expect(path).toEqual(["publish 0-5", "for first 5-10", "first 10-20", "for second 20-40", "second 40-50"]);
});

test("of a fan-out of one message to one function none waited for another", async () => {
  const runs = Array.from({ length: 101 }, (_, n) =>
    span(`run ${n}`, {
      trace: `${n}`,
      in: "f",
      request: `r-${n}`,
      consumes: ["sns-message m"],
      at: at(10 + 2 * n, 11 + 2 * n),
    }),
  );
  const publish = span("publish", { in: "api", request: "r-api", produces: ["sns-message m"], at: at(0, 5) });
  expect(await pathOf([publish, ...runs], "r-api")).toEqual(["publish 0-5", "for run 100 5-210", "run 100 210-211"]);
});

test("whatever the spans say of each other, each stands once, and the path is whole", async () => {
  await fc.assert(
    fc
      .asyncProperty(anyRequests, async (requests) => {
        const { store } = await arrived(requests);
        for (const traceId of new Set(requests.flat().map((one) => one.traceId))) {
          const found = await findTrace(store, traceId);
          if (found === undefined) continue;
          const tasks = [...tasksOf(found.trace, START)];
          const spans = new Set(found.trace.parts.flatMap((part) => part.spans));
          const path = criticalPath(tasks);
          for (const [n, { start }] of path.entries()) if (n > 0) expect(start).toBe(path[n - 1]?.end);
          for (const task of tasks) expect(tasks.push(...task.children)).toBeLessThanOrEqual(spans.size);
        }
      })
      .afterEach(closeOpened),
    { numRuns: process.env["MAYFLY_LONG"] === "true" ? 1_000 : 15 },
  );
});

test("a circle of causes ends", async () => {
  const spans = [
    span("a", { trace: "x", in: "a", produces: ["sqs-message 1"], consumes: ["sqs-message 2"], at: at(0) }),
    span("b", { trace: "y", in: "b", produces: ["sqs-message 2"], consumes: ["sqs-message 1"], at: at(20) }),
  ];
  const path = await pathOf(spans, "1");
  expect(path.length).toBeGreaterThan(0);
});
