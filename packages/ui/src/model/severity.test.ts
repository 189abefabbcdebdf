import { expect, test } from "vitest";
import { SEVERITIES, leastOf, severityOf } from "./severity.ts";

test("four numbers make a level", () => {
  const levels = Array.from({ length: 24 }, (_, index) => severityOf(index + 1));

  expect(levels).toEqual(SEVERITIES.flatMap((severity) => [severity, severity, severity, severity]));
});

test("zero and numbers that the protocol does not know are unset", () => {
  expect([0, 25, -1].map(severityOf)).toEqual(["unset", "unset", "unset"]);
});

test("a level begins at its least number", () => {
  expect(SEVERITIES.map(leastOf)).toEqual([1, 5, 9, 13, 17, 21]);
  expect(SEVERITIES.map((severity) => severityOf(leastOf(severity)))).toEqual(SEVERITIES);
});
