import { expect, test } from "vitest";
import { holds } from "./choice.ts";
import { filled, placed } from "./data.ts";
import { isNamedBy, StatesError } from "./states-error.ts";

test.each([
  ["States.Format('{} {}', $.a, $.list[0])", "x 1"],
  ["States.Format('it\\'s {}', 'so')", "it's so"],
  ["States.Array($.a, 1, true, null)", ["x", 1, true, null]],
  ["States.ArrayLength(States.Array(1, 2, 3))", 3],
  ["States.ArrayPartition(States.ArrayRange(1, 5, 2), 2)", [[1, 3], [5]]],
  ["States.StringSplit('a-b]c', '-]')", ["a", "b", "c"]],
  ["States.StringToJson('{\"n\":1}')", { n: 1 }],
  ["States.Hash('a', 'SHA-256')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],
])("the intrinsic %s", (text, expected) => {
  expect(filled({ "value.$": text }, { a: "x", list: [1, 2] }, {})).toEqual({ value: expected });
});

test.each([
  ["$.a", { b: 1 }],
  ["$['a']['b']", 1],
  ["$.list[-1]", 3],
  ["$.list[0:2]", [1, 2]],
  ["$.rows[*].id", ["p", "q"]],
  ["$$.Execution.Name", "run"],
])("the path %s", (path, expected) => {
  const input = { a: { b: 1 }, list: [1, 2, 3], rows: [{ id: "p" }, { id: "q" }] };
  expect(filled({ "value.$": path }, input, { Execution: { Name: "run" } })).toEqual({ value: expected });
});

test("a path that leads nowhere fails the state, a ResultPath makes what is missing on its way", () => {
  expect(() => filled({ "value.$": "$.none" }, {}, {})).toThrow("could not be found");
  expect(placed("$.a.b", { c: 1 }, 2)).toEqual({ a: { b: 2 }, c: 1 });
  expect(placed(null, { c: 1 }, 2)).toEqual({ c: 1 });
});

test.each([
  [{ Variable: "$.n", NumericLessThan: 6 }, true],
  [{ Variable: "$.n", StringEquals: "5" }, false],
  [{ Variable: "$.file", StringMatches: "log-*.txt" }, true],
  [{ Variable: "$.file", StringMatches: "log-?.txt" }, false],
  [{ Variable: "$.none", IsPresent: false }, true],
  [{ Variable: "$.at", TimestampLessThan: "2027-01-01T00:00:00Z" }, true],
  [{ Variable: "$.n", NumericEqualsPath: "$.same" }, true],
  [{ Not: { Variable: "$.n", IsNumeric: true } }, false],
  [
    {
      And: [
        { Variable: "$.n", IsNumeric: true },
        { Variable: "$.file", IsString: true },
      ],
    },
    true,
  ],
])("the rule %j", (rule, expected) => {
  const input = { n: 5, same: 5, file: "log-1.txt", at: "2026-01-01T00:00:00Z" };
  expect(holds(rule, input, {})).toBe(expected);
});

test("States.TaskFailed names all but a timeout, States.ALL all but a runtime error", () => {
  const [own, late, broken] = ["Own", "States.Timeout", "States.Runtime"].map((name) => new StatesError(name, ""));
  const named = (error: StatesError | undefined) =>
    ["States.TaskFailed", "States.ALL"].map((name) => error && isNamedBy(error, [name]));

  expect([own, late, broken].map(named)).toEqual([
    [true, true],
    [false, true],
    [false, false],
  ]);
});
