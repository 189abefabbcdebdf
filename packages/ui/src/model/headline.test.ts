import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { MS, gap, join, span, told } from "../../test/fixtures/story.ts";
import { reviveTrace } from "../api/revive.ts";
import { type Headline, headlineOf } from "./headline.ts";
import { rowsOf } from "./rows.ts";

const headline = (...given: Parameters<typeof told>): Headline => {
  const trace = told(...given);
  return headlineOf(trace, rowsOf(trace));
};

test("the order's headline: invocations, failure and its mending, cold starts, waits, gaps, annotations", () => {
  const trace = reviveTrace(ORDER);

  const { failure, ...rest } = headlineOf(trace, rowsOf(trace));

  expect(rest).toEqual({
    invocations: 8,
    coldStarts: { count: 2, initNs: 212.6 * MS },
    waitedNs: (380 + 74 + 273 + 43.6) * MS,
    gapCount: 1,
    annotations: [
      ["orderId", "o-8841"],
      ["customer", "c-207"],
    ],
  });
  expect(failure).toMatchObject({
    row: { functionName: "charge", view: { span: { name: "POST /v1/charges" } } },
    text: "CardDeclined: insufficient funds",
    mendedBy: 2,
  });
});

test("nothing wrong leaves nothing to say", () => {
  expect(headline([span("api")])).toEqual({
    invocations: 1,
    coldStarts: { count: 0, initNs: 0 },
    waitedNs: 0,
    gapCount: 0,
    annotations: [],
  });
});

test("the failure shown is the one that the others repeat", () => {
  const { failure } = headline([
    span("api", { failed: "502", at: [0, 9] }),
    span("call", { under: "api", failed: "bad answer", at: [1, 8] }),
    span("socket", { under: "call", failed: "ECONNRESET", at: [2, 3] }),
  ]);

  expect(failure).toMatchObject({ text: "ECONNRESET", row: { id: "socket" } });
});

test("of failures that do not repeat each other the first in reading order is shown", () => {
  const { failure } = headline([
    span("api", { at: [0, 9] }),
    span("b", { under: "api", failed: "second", at: [3, 4] }),
    span("a", { under: "api", failed: "first", at: [1, 2] }),
  ]);

  expect(failure?.text).toBe("first");
});

test("a retry that fails too mends nothing", () => {
  const run = (id: string, number: number, failed?: string) =>
    span(id, { name: "charge", in: `charge#${number}`, at: [number * 10, number * 10 + 5], ...(failed && { failed }) });
  const joins = [join("send", "a"), join("send", "b")];

  expect(headline([span("send"), run("a", 1, "no"), run("b", 2, "no")], joins).failure).not.toHaveProperty("mendedBy");
  expect(headline([span("send"), run("a", 1, "no"), run("b", 2)], joins).failure).toHaveProperty("mendedBy", 2);
});

test("a cold start whose init phase nobody told counts without a length", () => {
  const cold = (ms?: number) => ({
    "faas.coldstart": true,
    ...(ms !== undefined && { "mayfly.init_duration_ms": ms }),
  });

  const { coldStarts } = headline([
    span("a", { in: "a", attributes: cold(90.5) }),
    span("b", { in: "b", attributes: cold() }),
  ]);

  expect(coldStarts).toEqual({ count: 2, initNs: 90.5 * MS });
});

test("messages that wait at the same time count once", () => {
  const spans = [
    span("api", { at: [0, 10] }),
    span("x", { under: "api", at: [0, 10] }),
    span("y", { under: "api", at: [0, 10] }),
    span("b", { in: "b", at: [40, 41] }),
    span("c", { in: "c", at: [50, 51] }),
  ];

  expect(headline(spans, [join("x", "b"), join("y", "c")]).waitedNs).toBe(40 * MS);
});

test("annotations are the first invocation's own plain values, three at most", () => {
  const { annotations } = headline([
    span("api", {
      attributes: { "http.route": "/orders", orderId: "o-1", items: 3, express: true, fourth: "x", tags: ["a"] },
    }),
    span("later", { in: "b", at: [5, 6], attributes: { tenant: "t" } }),
  ]);

  expect(annotations).toEqual([
    ["orderId", "o-1"],
    ["items", "3"],
    ["express", "true"],
  ]);
});

test("gaps are counted as the collector tells them", () => {
  const gaps = [gap("a", "no-consumer"), gap("gone", "no-consumer")];
  expect(headline([span("a")], [], { gaps }).gapCount).toBe(2);
  expect(headline([span("a")], [], { gaps, gapCount: 10_000 }).gapCount).toBe(10_000);
});
