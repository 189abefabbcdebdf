/** Corrected times of what is really stored and walked. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type SpanSpec, rewired, span } from "../../test/builders.ts";
import { at, closeOpened, stored } from "../../test/stitched.ts";
import type { SpanRecord } from "../model/span.ts";
import { findTrace } from "../query/find.ts";
import { headFacts } from "../query/head.ts";

const MS = 1_000_000;

const walked = async (spans: readonly SpanRecord[], id: string) => {
  const { store } = await stored(...spans);
  const found = await findTrace(store, id);
  if (found === undefined) throw new Error(`nothing has the id ${id}`);
  return found.trace;
};

/** In milliseconds, by the span's name; those that are told as they were are left out. */
const offsets = async (spans: readonly SpanRecord[], id: string): Promise<Readonly<Record<string, number>>> => {
  const { parts, clocks } = await walked(spans, id);
  const all = parts.flatMap((part) => part.spans);
  return Object.fromEntries(
    all.flatMap((one) => (clocks.offsetOf(one) === 0 ? [] : [[one.wire.name, clocks.offsetOf(one) / MS]])),
  );
};

const order = (sendAt: number, ...more: readonly SpanRecord[]) => [
  span("api", { in: "api", request: "r", at: at(sendAt - 5, sendAt + 15) }),
  span("send", { in: "api", parent: "api", kind: 4, produces: ["sqs-message m"], at: at(sendAt, sendAt + 10) }),
  ...more,
];
const payment = (from: number, to: number) =>
  span("payment", { trace: "p", in: "payment", consumes: ["sqs-message m"], request: "r-p", at: at(from, to) });

test("clocks that can all be right are left alone, however long a message waited", async () => {
  expect(await offsets(order(5, payment(5, 20)), "r")).toEqual({});
  expect(await offsets(order(5, payment(9_000, 9_100)), "r")).toEqual({});
});

test("a consumer that began before its sender did is told as late as the sender asks, and no later", async () => {
  const spans = order(400, payment(100, 150));
  expect(await offsets(spans, "r")).toEqual({ payment: 300 });
  const { durationNs } = headFacts(await walked(spans, "r"));
  expect(durationNs / MS).toBe(450 - 395);
});

test("where most others agree, the one that is ahead is told earlier", async () => {
  const ahead = order(
    500,
    payment(100, 150),
    span("mail", { trace: "m", in: "mail", consumes: ["sqs-message m"], request: "r-m", at: at(110, 120) }),
  );
  const below = span("charge", { trace: "p", in: "charge", parent: "payment", isRemote: true, at: at(110, 130) });
  expect(await offsets([...ahead, below], "r")).toEqual({ api: -400, send: -400 });
});

test("whoever starts an execution again that runs already moves no clock, and the first start comes first", async () => {
  const api = span("api", { in: "api", request: "r", at: at(-10, 0) });
  const startsAt = (name: string, ms: number): SpanRecord =>
    span(name, {
      in: name,
      parent: "api",
      isRemote: true,
      request: `r-${name}`,
      kind: 3,
      produces: ["sfn-execution e"],
      at: at(ms, ms + 10),
    });
  const starts = [startsAt("start", 0), startsAt("again", 900)];
  const reserve = (from: number): SpanRecord =>
    span("reserve", { trace: "p", in: "reserve", request: "r-p", consumes: ["sfn-execution e"], at: at(from, 950) });
  for (const told of [starts, starts.toReversed()]) {
    const spans = [api, ...told, reserve(20)];
    expect(await offsets(spans, "r")).toEqual({});
    const { joins } = await walked(spans, "r");
    expect(joins.flatMap(({ from, to }) => (to.root.wire.name === "reserve" ? [from.wire.name] : []))).toEqual([
      "start",
      "again",
    ]);
  }
  expect(await offsets([api, ...starts, reserve(-30)], "r")).toEqual({ reserve: 30 });
});

test("what a synchronous HTTP call caused ends within the call", async () => {
  const call = span("GET /stock", { in: "api", request: "r", kind: 3, at: at(0, 50) });
  const stock = span("stock", {
    parent: "GET /stock",
    isRemote: true,
    in: "stock",
    kind: 2,
    request: "r-s",
    attributes: { "faas.trigger": "http" },
    at: at(300, 340),
  });
  expect(await offsets([call, stock], "r")).toEqual({ stock: -290 });
});

const invoke = (more: Partial<SpanSpec> = {}) =>
  span("tax Invoke", { in: "api", request: "r", kind: 3, produces: ["lambda-request r-t"], at: at(0, 50), ...more });
const invoked = span("tax", {
  trace: "x",
  in: "tax",
  kind: 2,
  request: "r-t",
  consumes: ["lambda-request r-t"],
  at: at(300, 340),
});

test("what a synchronous Invoke caused ends within the call, and so does what a state of Step Functions ran", async () => {
  expect(await offsets([invoke(), invoked], "r")).toEqual({ tax: -290 });
  const attempt = invoke({ attributes: { "mayfly.sfn.resource": "lambda:invoke" } });
  expect(await offsets([attempt, invoked], "r")).toEqual({ tax: -290 });
});

test.each<readonly [string, SpanRecord]>([
  ["an Invoke that nobody waits for", invoke({ kind: 4 })],
  ["a call that failed, and may have been given up", invoke({ error: true })],
  [
    "an Invoke of an instrumentation that does not say how it invokes",
    rewired(invoke(), {
      attributes: ["faas.invoked_name", "faas.invocation_id"].map((key, n) => ({
        key,
        value: { stringValue: ["tax", "r-t"][n] ?? "" },
      })),
    }),
  ],
  [
    "a task whose callback may come first",
    invoke({ attributes: { "mayfly.sfn.resource": "lambda:invoke.waitForTaskToken" } }),
  ],
])("%s says nothing of when its callee ended", async (_, call) => {
  const { joins, clocks } = await walked([call, invoked], "r-t");
  expect(joins).toHaveLength(1);
  expect(clocks.offsetOf(invoked)).toBe(0);
});

test.each([15, 60])("of %d nested calls only the one whose clock is wrong moves", async (depth) => {
  const spans = Array.from({ length: depth }, (_, n) => {
    const wrong = n === depth - 1 ? 400 : 0;
    const name = `f${n}`;
    const served = span(name, {
      in: name,
      request: `r${n}`,
      kind: 2,
      ...(n > 0 && { parent: `call ${n - 1}`, isRemote: true }),
      attributes: { "faas.trigger": "http" },
      at: at(2 * n + wrong, 1_000 - 2 * n + wrong),
    });
    const call = span(`call ${n}`, {
      in: name,
      parent: name,
      kind: 3,
      request: `r${n}`,
      at: at(2 * n + 1 + wrong, 999 - 2 * n + wrong),
    });
    return [served, call];
  }).flat();
  const moved = await offsets(spans, "r0");
  expect(Object.keys(moved)).toEqual([`f${depth - 1}`, `call ${depth - 1}`]);
  expect(moved[`f${depth - 1}`]).toBe(-399);
});

test("clocks that contradict each other, or are days apart, stay as they are", async () => {
  expect(await offsets(order(200_000_000, payment(0, 10)), "r")).toEqual({});
  const back = span("back", {
    trace: "p",
    in: "payment",
    parent: "payment",
    kind: 4,
    produces: ["sqs-message n"],
    at: at(50),
  });
  const again = span("again", { in: "api", trace: "a", consumes: ["sqs-message n"], request: "r-a", at: at(20) });
  expect(await offsets(order(100, payment(0, 60), back, again), "r")).toEqual({});
});

test("whatever the clocks say, no one begins before who sent to him; and clocks that agree are not touched", async () => {
  const hops = fc.record({
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
    waits: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 7, maxLength: 7 }),
    clocks: fc.oneof(
      fc.constant<readonly number[]>([0, 0, 0, 0, 0, 0, 0, 0]),
      fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 8, maxLength: 8 }),
    ),
  });
  await fc.assert(
    fc
      .asyncProperty(hops, async ({ parents, waits, clocks }) => {
        const begun = [0];
        const senders = parents.map((parent, n) => parent % (n + 1));
        for (const [n, sender] of senders.entries()) begun.push((begun[sender] ?? 0) + 5 + (waits[n] ?? 0));
        const spans = begun.map((from, n) => {
          const told = from + (clocks[n] ?? 0);
          return span(`f${n}`, {
            trace: `t${n}`,
            in: `f${n}`,
            request: `r${n}`,
            at: at(1_000 + told, 1_003 + told),
            produces: senders.flatMap((sender, below) => (sender === n ? [`sqs-message m${below}`] : [])),
            ...(n > 0 && { consumes: [`sqs-message m${n - 1}`] }),
          });
        });
        const trace = await walked(spans, "r0");
        for (const { from, to } of trace.joins)
          expect(trace.clocks.startOf(from) <= trace.clocks.startOf(to.root)).toBe(true);
        if (clocks.every((clock) => clock === 0))
          for (const { unit } of trace.parts) expect(trace.clocks.offsetOf(unit.root)).toBe(0);
      })
      .afterEach(closeOpened),
    { numRuns: process.env["MAYFLY_LONG"] === "true" ? 500 : 25 },
  );
});
