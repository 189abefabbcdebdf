import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { gap, join, rowsFrom, span } from "../../test/fixtures/story.ts";
import { reviveTrace } from "../api/revive.ts";
import { type Row, rowsOf } from "./rows.ts";
import { matching, unfolded } from "./visible-rows.ts";

const rows = rowsFrom(
  [
    span("api", { at: [0, 9] }),
    span("query", { under: "api", at: [1, 2], attributes: { "db.system.name": "dynamodb", tables: ["orders"] } }),
    span("send", { under: "api", at: [3, 4] }),
    span("work", { in: "payment", at: [10, 14], failed: "Card Declined" }),
    span("last", { in: "other", at: [20, 21] }),
  ],
  [join("send", "work", { reason: "both saw it" })],
  { gaps: [gap("work", "no-consumer")] },
);

const ids = (some: readonly Row[]): readonly string[] => some.map((row) => row.id);
const fold = (...folded: string[]): readonly string[] => ids(unfolded(rows, new Set(folded)));
const find = (text: string): readonly string[] => ids(matching(rows, text).rows);

test("nothing folded shows every row", () => {
  expect(fold()).toEqual(["api", "query", "send", "join-work", "work", "gap-work", "last"]);
});

test("a folded row hides all that is below it and nothing else", () => {
  expect(fold("api")).toEqual(["api", "last"]);
  expect(fold("send")).toEqual(["api", "query", "send", "last"]);
  expect(fold("work")).toEqual(["api", "query", "send", "join-work", "work", "last"]);
});

test("folds inside of a fold wait until it opens", () => {
  expect(fold("api", "work")).toEqual(fold("api"));
  expect(fold("work", "no such row", "query")).toEqual(fold("work"));
});

test.each([
  ["a name", "QUERY", ["api", "query"]],
  ["a function, with what it holds", "payment", ["api", "send", "join-work", "work"]],
  ["an attribute's value", "dynamo", ["api", "query"]],
  ["an error", "declined", ["api", "send", "join-work", "work"]],
  ["a request id", "request-other", ["last"]],
  ["a message id", "m-send", ["api", "send", "join-work"]],
  ["how it was joined", "SQS message", ["api", "send", "join-work"]],
  ["a gap's advice", "wrap it", ["api", "send", "join-work", "work", "gap-work"]],
])("finding %s shows it under its causes", (_, text, shown) => {
  expect(find(text)).toEqual(shown);
});

test("the count is of matches, without the causes shown for them", () => {
  expect(matching(rows, "declined").count).toBe(1);
  expect(matching(rows, "no such thing")).toEqual({ rows: [], count: 0 });
});

test("blank text finds everything", () => {
  expect(matching(rows, "  ")).toEqual({ rows, count: rows.length });
});

test("a placeholder is found by what it stands for", () => {
  const id = "sqs-message||m-1";
  const missing = rowsFrom([span("a")], [join({ placeholder: id }, "a")], {
    placeholders: [{ id, reason: "unknown-producer", key: { kind: "sqs-message", id: "m-1" } }],
    gaps: [gap("a", "unknown-producer")],
  });

  expect(ids(matching(missing, "unknown-producer at").rows)).toEqual([`missing-${id}`]);
});

test("the order's message id finds both of its ends", () => {
  const { count } = matching(rowsOf(reviveTrace(ORDER)), "059f36b4-87a3");

  expect(count).toBe(3); // the sender, the join, the record
});
