import { expect, test } from "vitest";
import { MAX_LOG_LINE_LENGTH, MAX_TEXT_LENGTH } from "../limits.ts";
import { createCut } from "./cut.ts";

const counted = () => {
  const count = { cuts: 0 };
  return { count, cut: createCut(() => (count.cuts += 1)) };
};

const lengthOf = (fields: object): number => JSON.stringify(fields).length;

test("a text up to the limit stays, a longer one keeps its beginning and says that it was cut, and is counted", () => {
  const { cut, count } = counted();
  const longest = "a".repeat(MAX_TEXT_LENGTH);
  expect(cut.text(longest)).toBe(longest);
  expect(count.cuts).toBe(0);
  expect(cut.text(`${longest}b`)).toBe(`${longest} [cut]`);
  expect(count.cuts).toBe(1);
});

test("no character is cut in two", () => {
  const { cut } = counted();
  expect(cut.text("a" + "🦋".repeat(MAX_TEXT_LENGTH)).isWellFormed()).toBe(true);
});

test("of a line's fields the short ones stay as they are, and the long ones share the rest of the room", () => {
  const { cut, count } = counted();
  const line = {
    level: "INFO",
    seq: 3,
    event: { body: "x".repeat(500_000) },
    other: "y".repeat(500_000),
    nothing: null,
    message: "got event",
  };
  const kept = cut.fields(line);
  expect(kept).toMatchObject({ level: "INFO", seq: 3, nothing: null, message: "got event" });
  expect(kept["event"]).toMatch(/^\{"body":"x{30000}/);
  expect(kept["other"]).toMatch(/^y{30000,} \[cut\]$/);
  expect(count.cuts).toBe(2);
});

test.each([
  ["many fields", Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field ${n}`, "x".repeat(20)]))],
  ["a name without end", { ["k".repeat(1_000_000)]: 1, seq: 3 }],
  ["one large field", { event: "x".repeat(5_000_000), seq: 3 }],
])("whatever makes a line long, it ends near the limit: %s", (_what, fields) => {
  const { cut, count } = counted();
  expect(lengthOf(cut.fields(fields))).toBeLessThan(MAX_LOG_LINE_LENGTH * 1.5);
  expect(count.cuts).toBeGreaterThan(0);
});

test("a name that objects have of their own is a name like any other", () => {
  const { cut } = counted();
  const fields = JSON.parse(`{"__proto__":"a","long":"${"x".repeat(MAX_LOG_LINE_LENGTH)}"}`) as Record<string, unknown>;
  expect(Object.keys(cut.fields(fields))).toEqual(["__proto__", "long"]);
});
