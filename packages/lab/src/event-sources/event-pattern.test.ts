import { describe, expect, test } from "vitest";
import { compilePattern } from "./event-pattern.ts";

const matches = (pattern: object, event: unknown): boolean => compilePattern(pattern)(event);

/** A pattern on the field `a`, against each value that `a` may have; `ABSENT` leaves the field out. */
const ABSENT = Symbol("absent");
const against = (list: readonly unknown[], values: readonly unknown[]): unknown[] =>
  values.filter((value) => matches({ a: list }, value === ABSENT ? {} : { a: value }));

describe("exact values", () => {
  test("match the same value of the same type alone", () => {
    expect(against(["300"], ["300", 300, "30", ABSENT, null])).toEqual(["300"]);
    expect(against([300], [300, 3e2, "300", true])).toEqual([300, 300]);
    expect(against([true], [true, "true", 1])).toEqual([true]);
    expect(against([""], ["", null, ABSENT])).toEqual([""]);
  });

  test("null needs the field to be there", () => {
    expect(against([null], [null, ABSENT, "null", []])).toEqual([null]);
  });

  test("the values of a list are alternatives", () => {
    expect(against(["x", 1], ["x", 1, "y", 2])).toEqual(["x", 1]);
  });

  test("case is not folded, in values nor in names", () => {
    expect(against(["x"], ["X"])).toEqual([]);
    expect(matches({ A: ["x"] }, { a: "x" })).toBe(false);
  });
});

describe("prefix", () => {
  test("matches strings that start so, and every string when it is empty", () => {
    expect(against([{ prefix: "or" }], ["order", "or", "for", "Order", 1, null, ABSENT])).toEqual(["order", "or"]);
    expect(against([{ prefix: "" }], ["x", "", 1])).toEqual(["x", ""]);
  });
});

describe("anything-but", () => {
  test("matches any other value of a field that is there", () => {
    expect(against([{ "anything-but": "x" }], ["x", "y", 1, null, true, ABSENT])).toEqual(["y", 1, null, true]);
    expect(against([{ "anything-but": [1, 2] }], [1, 2, 3, "1"])).toEqual([3, "1"]);
  });

  test("an array matches where one of its elements differs", () => {
    expect(against([{ "anything-but": "x" }], [["x", "y"], ["x"], []])).toEqual([["x", "y"]]);
  });
});

describe("exists", () => {
  test("true asks for a leaf: null is one; an object and an empty array are none", () => {
    expect(against([{ exists: true }], ["", null, 0, false, ["x"], [], {}, { b: 1 }, ABSENT])).toEqual([
      "",
      null,
      0,
      false,
      ["x"],
    ]);
  });

  test("false asks for no leaf there", () => {
    expect(against([{ exists: false }], [ABSENT, [], {}, { b: 1 }, null, "x"])).toEqual([ABSENT, [], {}, { b: 1 }]);
  });

  test("false combines with values", () => {
    expect(against([{ exists: false }, "x"], [ABSENT, "x", "y"])).toEqual([ABSENT, "x"]);
  });

  test("false holds where the whole branch above it is missing, however deep", () => {
    const pattern = { a: { b: { c: [{ exists: false }] } } };

    expect([{}, { a: {} }, { a: { b: {} } }, { a: { b: 1 } }].map((event) => matches(pattern, event))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(matches(pattern, { a: { b: { c: 1 } } })).toBe(false);
  });

  test("false means nowhere: one element of an array that has the field is enough against it", () => {
    expect(matches({ items: { gift: [{ exists: false }] } }, { items: [{ gift: true }, {}] })).toBe(false);
    expect(matches({ items: { gift: [{ exists: false }] } }, { items: [{}, {}] })).toBe(true);
  });
});

describe("numeric", () => {
  test.each([
    [["=", 5], [5]],
    [["<", 5], [4]],
    [
      ["<=", 5],
      [4, 5],
    ],
    [[">", 5], [6]],
    [
      [">=", 5],
      [5, 6],
    ],
    [
      [">", 4, "<=", 6],
      [5, 6],
    ],
  ])("%j matches %j of 4, 5, 6", (numeric, expected) => {
    expect(against([{ numeric }], [4, 5, 6])).toEqual(expected);
  });

  test("a string is no number", () => {
    expect(against([{ numeric: [">", 0] }], ["3", null, true])).toEqual([]);
  });
});

describe("objects and arrays", () => {
  test("all fields have to match, at any depth; fields that are not named are ignored", () => {
    const pattern = { source: ["shop"], detail: { order: { tier: ["gold"] } } };

    expect(matches(pattern, { source: "shop", detail: { order: { tier: "gold", id: 1 } }, other: 1 })).toBe(true);
    expect(matches(pattern, { source: "shop", detail: { order: { tier: "silver" } } })).toBe(false);
    expect(matches(pattern, { source: "other", detail: { order: { tier: "gold" } } })).toBe(false);
    expect(matches(pattern, { source: "shop", detail: null })).toBe(false);
  });

  test("an array matches where one element does, nested ones too", () => {
    expect(against(["x"], [["y", "x"], ["y"], [["x"]]])).toEqual([["y", "x"], [["x"]]]);
  });

  test("of an array of objects one element has to match whole", () => {
    const pattern = { items: { sku: ["lamp"], count: [{ numeric: [">", 1] }] } };
    const lamp = (count: number): object => ({ sku: "lamp", count });

    expect(matches(pattern, { items: [lamp(1), lamp(2)] })).toBe(true);
    expect(matches(pattern, { items: [lamp(1), { sku: "vase", count: 9 }] })).toBe(false);
  });

  test("names that every object inherits are not there", () => {
    expect(matches({ constructor: { name: [{ exists: true }] } }, {})).toBe(false);
    expect(matches({ toString: [{ exists: false }] }, {})).toBe(true);
  });
});

test.each([
  [{}, "$: expected an object with at least one field"],
  [{ a: {} }, "$.a: expected an object with at least one field"],
  [{ a: "x" }, "$.a: expected an object"],
  [{ a: [] }, "$.a: expected at least one value"],
  [{ a: [["x"]] }, "$.a[0]: expected a value or an operator, not a list"],
  [{ "a.b": ["x"] }, "$.a.b: write a path as nested objects"],
  [{ a: [{ suffix: "x" }] }, '$.a[0]: operator "suffix" is not known to the lab'],
  [{ a: ["x", { wildcard: "*" }] }, '$.a[1]: operator "wildcard" is not known to the lab'],
  [{ a: [{ "equals-ignore-case": "x" }] }, '"equals-ignore-case" is not known'],
  [{ a: [{ cidr: "10.0.0.0/8" }] }, '"cidr" is not known'],
  [{ $or: [{ a: [1] }, { b: [1] }] }, "$.$or: $or is not known to the lab"],
  [{ a: [{ prefix: "x", exists: true }] }, "$.a[0]: expected exactly one operator"],
  [{ a: [{}] }, "$.a[0]: expected exactly one operator"],
  [{ a: [{ prefix: 1 }] }, "prefix takes a string"],
  [{ a: [{ prefix: { "equals-ignore-case": "x" } }] }, "prefix takes a string"],
  [{ a: [{ exists: "yes" }] }, "exists takes true or false"],
  [{ a: [{ "anything-but": [] }] }, "anything-but takes"],
  [{ a: [{ "anything-but": [1, "x"] }] }, "anything-but takes"],
  [{ a: [{ "anything-but": { prefix: "x" } }] }, "anything-but takes"],
  [{ a: [{ numeric: [">"] }] }, "numeric takes"],
  [{ a: [{ numeric: ["!=", 1] }] }, "is no comparison"],
  [{ a: [{ numeric: [">", "1"] }] }, "is no comparison"],
  [{ a: [{ numeric: ["<=", 5, ">", 0] }] }, "the lower bound first"],
  [{ a: [{ numeric: [">", 5, "<", 5] }] }, "the lower bound first"],
])("the pattern %j is refused: %s", (pattern, problem) => {
  expect(() => compilePattern(pattern)).toThrow(problem);
});
