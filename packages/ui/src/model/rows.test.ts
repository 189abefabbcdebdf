import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { gap, join, rowsFrom, span, told } from "../../test/fixtures/story.ts";
import { wideTrace } from "../../test/fixtures/wide.ts";
import type { Span, TraceDetail } from "@mayfly/api";
import { reviveTrace } from "../api/revive.ts";
import { type Row, errorOf, rowsOf } from "./rows.ts";
import type { TraceView } from "./trace-view.ts";

const orderRows = rowsOf(reviveTrace(ORDER));

const places = (...given: Parameters<typeof rowsFrom>) =>
  rowsFrom(...given).map((row) => [row.id, row.level, row.indent]);

test("a hop goes one step in from the invocation that sent, however deep the sending span lies", () => {
  const placed = places(
    [
      span("api", { at: [0, 9] }),
      span("outer", { under: "api", at: [1, 8] }),
      span("send", { under: "outer", at: [2, 3] }),
      span("work", { in: "b", at: [10, 20] }),
      span("step", { in: "b", under: "work", at: [11, 12] }),
    ],
    [join("send", "work")],
  );

  expect(placed).toEqual([
    ["api", 1, 0],
    ["outer", 2, 1],
    ["send", 3, 2],
    ["join-work", 4, 1],
    ["work", 5, 1],
    ["step", 6, 2],
  ]);
});

test("an invocation that stands under its caller without a join is where its own hops begin", () => {
  const placed = places(
    [
      span("api", { at: [0, 9] }),
      span("callee", { in: "b", under: "api", at: [1, 8] }),
      span("work", { in: "c", at: [10, 20] }),
    ],
    [join("callee", "work")],
  );

  expect(placed.at(-1)).toEqual(["work", 4, 2]);
});

test("every row follows its parent, one level deeper", () => {
  for (const [index, row] of orderRows.entries()) {
    expect(row.parent).toBeLessThan(index);
    expect(row.level).toBe((orderRows[row.parent]?.level ?? 0) + 1);
  }
});

test("a row counts the rows between it and its next sibling", () => {
  const isUnder = (row: Row | undefined, above: number): boolean =>
    row !== undefined && (row.parent === above || isUnder(orderRows[row.parent], above));

  const counted = orderRows.map((_, above) => orderRows.filter((row) => isUnder(row, above)).length);

  expect(orderRows.map((row) => row.descendants)).toEqual(counted);
});

test("siblings stand in the order of their start", () => {
  const rows = rowsFrom([
    span("api", { at: [0, 9] }),
    span("third", { under: "api", at: [5, 6] }),
    span("first", { under: "api", at: [1, 8] }),
    span("second", { under: "api", at: [3, 4] }),
  ]);

  expect(rows.map((row) => row.id)).toEqual(["api", "first", "second", "third"]);
});

test("ids name what a row is, are unique, and are the same in the next answer", () => {
  const build = (): readonly Row[] =>
    rowsFrom(
      [span("send"), span("work", { in: "b", at: [2, 3] }), span("other", { in: "c", at: [1, 4] })],
      [join("send", "work"), join("other", "work")],
      { gaps: [gap("work", "no-consumer"), gap("work", "no-consumer")] },
    );

  const ids = build().map((row) => row.id);

  expect(ids).toEqual(["send", "join-work", "work", "gap-work", "gap-work~2", "other", "join-work~2"]);
  expect(build().map((row) => row.id)).toEqual(ids);
});

test("joins and gaps have the colour of the function they stand under", () => {
  const rows = rowsFrom([span("send", { in: "a" }), span("work", { in: "b", at: [2, 3] })], [join("send", "work")], {
    gaps: [gap("work", "no-consumer")],
  });

  expect(rows.map((row) => row.functionName)).toEqual(["a", "a", "b", "b"]);
});

test("a span without a function has its service's colour", () => {
  const { functionName: _none, ...bare } = span("web");

  expect(rowsFrom([{ ...bare, serviceName: "browser" }])[0]?.functionName).toBe("browser");
});

test.each([
  [2, 2],
  [1, undefined],
  ["2", undefined],
])("an invocation with a batch count of %j says %j", (count, batchSize) => {
  const attributes = { "messaging.batch.message_count": count };
  const [invocation, client] = rowsFrom([
    span("batch", { attributes, at: [0, 9] }),
    span("send batch", { under: "batch", attributes, at: [1, 2] }),
  ]);

  expect(invocation).toMatchObject(batchSize === undefined ? {} : { batchSize });
  expect(invocation && "batchSize" in invocation).toBe(batchSize !== undefined);
  expect(client && "batchSize" in client).toBe(false);
});

test("a failed row says why, or at least that it failed", () => {
  const texts = rowsFrom([
    span("a", { failed: "card declined" }),
    span("b", { failed: "", at: [1, 2] }),
    span("c", { at: [2, 3] }),
  ]).map((row) => row.kind === "span" && errorOf(row));

  expect(texts).toEqual(["card declined", "failed", undefined]);
});

/** How often a property of a span or of its view is read while rows are made. */
const readsFor = (detail: TraceDetail): number => {
  let reads = 0;
  const counted = <T extends object>(one: T): T =>
    new Proxy(one, {
      get(target, key, receiver) {
        reads += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  const trace = reviveTrace(detail);
  const spans = trace.spans.map((view) => counted({ ...view, span: counted(view.span) }));
  const watched: TraceView = { ...trace, spans, spanAt: new Map(spans.map((view) => [view.path, view])) };
  reads = 0;
  rowsOf(watched);
  return reads;
};

/** One invocation's spans after its own span was lost: each looks for what surrounds it. */
const orphans = (count: number): TraceDetail => ({
  ...ORDER,
  joins: [],
  gaps: [],
  spans: Array.from({ length: count }, (_, index): Span =>
    span(`o${index}`, { under: "gone", at: [index, index + 1.5] }),
  ),
});

/** A function that calls itself again and again. */
const chain = (count: number): TraceDetail => ({
  ...ORDER,
  gaps: [],
  spans: Array.from({ length: count }, (_, index) =>
    span(`c${index}`, { in: `again#${index}`, at: [index, index + 1] }),
  ),
  joins: Array.from({ length: count - 1 }, (_, index) => join(`c${index}`, `c${index + 1}`)),
});

/** One message that everybody receives. */
const fan = (count: number): TraceDetail => ({
  ...ORDER,
  gaps: [],
  spans: Array.from({ length: count }, (_, index) => span(`f${index}`, { in: `all#${index}`, at: [index, index + 1] })),
  joins: Array.from({ length: count - 1 }, (_, index) => join("f0", `f${index + 1}`)),
});

test.each([
  ["invocations of a hundred spans each", wideTrace],
  ["spans whose invocation was lost", orphans],
  ["a chain of invocations", chain],
  ["a fan of invocations under one message", fan],
])("ten times the spans cost about ten times the work: %s", (_, build) => {
  const [some, many] = [readsFor(build(1_000)), readsFor(build(10_000))];

  expect(some).toBeGreaterThan(1_000);
  expect(many / some).toBeLessThan(16); // a sort's share of n log n on top of 10; quadratic work would be 100
});

test.each([
  [100_000, "in invocations of a hundred each", wideTrace],
  [60_000, "whose invocation was lost", orphans],
  [60_000, "each the cause of the next", chain],
  [130_000, "under one message, more than a call may have arguments", fan],
])("%i spans become rows: %s", (count, _, build) => {
  const rows = rowsOf(reviveTrace(build(count)));

  expect(rows.reduce((found, row) => found + Number(row.kind === "span"), 0)).toBe(count);
});

test("an empty trace has no rows", () => {
  expect(rowsOf(told([]))).toEqual([]);
});

const deliveries = (...given: Parameters<typeof rowsFrom>): Record<string, number | undefined> =>
  Object.fromEntries(rowsFrom(...given).flatMap((row) => (row.kind === "span" ? [[row.id, row.delivery]] : [])));
const received = (count: number) => ({ attributes: { "mayfly.sqs.receive_count": count } });

test("a message's second delivery says so where its sender is unknown", () => {
  expect(deliveries([span("work", { in: "payment", ...received(2) })])).toEqual({ work: 2 });
  expect(deliveries([span("work", { in: "payment", ...received(1) })])).toEqual({ work: undefined });
});

test("what an attempt says already is not said again as a delivery", () => {
  const spans = [
    span("send", { at: [0, 1] }),
    span("work1", { name: "work", in: "payment#1", at: [2, 3], failed: "no", ...received(1) }),
    span("work2", { name: "work", in: "payment#2", at: [5, 6], ...received(2) }),
    span("work3", { name: "work", in: "payment#3", at: [8, 9], ...received(4) }),
  ];
  const joins = ["work1", "work2", "work3"].map((to) => join("send", to));

  expect(deliveries(spans, joins)).toEqual({ send: undefined, work1: undefined, work2: undefined, work3: 4 });
});
