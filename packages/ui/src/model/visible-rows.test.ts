import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { BEGIN, gap, join, logLine, ref, rowsFrom, span } from "../../test/fixtures/story.ts";
import { reviveLogs, reviveTrace } from "../api/revive.ts";
import { lineTexts, rowOfLineAmong } from "./log-rows.ts";
import { type Row, rowsOf } from "./rows.ts";
import { matching, nextHit, partsBy, unfolded } from "./visible-rows.ts";

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

test("only rows that hold the text are hits, not the causes shown for them", () => {
  expect([...matching(rows, "declined").hits.keys()]).toEqual(["work"]);
  expect(matching(rows, "no such thing")).toEqual({ rows: [], hits: new Map() });
});

test("blank text leaves all rows and hits none", () => {
  expect(matching(rows, "  ")).toEqual({ rows, hits: new Map() });
});

test("a hit in what the row does not show says where it is", () => {
  const where = (text: string) => [...matching(rows, text).hits].map(([id, hit]) => [id, hit.where?.name]);

  expect(where("dynamo")).toEqual([["query", "db.system.name"]]);
  expect(where("request-other")).toEqual([["last", "request id"]]);
  expect(where("query")).toEqual([["query", undefined]]);
  expect(where("both saw")).toEqual([["join-work", "evidence"]]);
});

test("what a log line says is found at its span, or at the invocation that wrote it", () => {
  const logs = reviveLogs(
    [
      logLine("looked up", 1, { ...ref("query"), attributes: { orderId: "o-17" } }),
      logLine("took the card", 12, { spanId: "of another trace", requestId: "request-payment" }),
    ],
    BEGIN,
  );
  const lines = lineTexts(rowOfLineAmong(rows), logs);
  const where = (text: string) => [...matching(rows, text, lines).hits].map(([id, hit]) => [id, hit.where]);

  expect(where("orderid=o-17")).toEqual([["query", { name: "log", text: "looked up orderId=o-17" }]]);
  expect(where("the card")).toEqual([["work", { name: "log", text: "took the card" }]]);
});

test("an invocation shows its function's name, a span within it does not", () => {
  const inner = rowsFrom([span("api", { at: [0, 9] }), span("query", { under: "api", at: [1, 2] })]);
  const hits = matching(inner, "api").hits;

  expect([hits.get("api"), hits.get("query")]).toEqual([{}, { where: { name: "function", text: "api" } }]);
});

test("one goes from hit to hit, round and round, and past the rows that only lead there", () => {
  const found = matching(rows, "m-"); // api, send, join-work: only the join is a hit
  const many = matching(rows, "a"); // hits at some rows
  const order: string[] = [];
  for (let at = nextHit(many, -1, 1); order.length < many.hits.size; at = nextHit(many, at, 1)) {
    order.push(many.rows[at]?.id ?? "");
  }

  expect(found.rows[nextHit(found, 0, 1)]?.id).toBe("join-work");
  expect(found.rows[nextHit(found, 2, 1)]?.id).toBe("join-work");
  expect(order).toEqual([...many.hits.keys()]);
  expect(many.rows[nextHit(many, -1, -1)]?.id).toBe([...many.hits.keys()].at(-1));
  expect(nextHit(matching(rows, "no such thing"), -1, 1)).toBe(-1);
});

test.each([
  ["send orders", "SEND", ["", "send", " orders"]],
  ["abcabc", "bc", ["a", "bc", "a", "bc", ""]],
  ["abc", "x", ["abc"]],
  ["abc", " ", ["abc"]],
  ["İab", "ab", ["İab"]],
])("%j is parted by %j", (text, wanted, parts) => {
  expect(partsBy(text, wanted)).toEqual(parts);
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
  const { hits } = matching(rowsOf(reviveTrace(ORDER)), "059f36b4-87a3");

  expect(hits.size).toBe(3); // the sender, the join, the record
});
