import type { Gap } from "@mayfly/api";
import { expect, test } from "vitest";
import { listedGaps } from "./gaps.ts";

const gaps = (reason: Gap["reason"], count: number): readonly Gap[] =>
  Array.from({ length: count }, (_, n) => ({
    reason,
    at: { traceId: "t", spanId: `${n}` },
    message: `Number ${n}.`,
    advice: "",
  }));

test("of one reason a hundred gaps are listed, and the last says how many more there are", () => {
  const [receivers, parents] = [gaps("unknown-producer", 10_000), gaps("missing-parent", 100)];
  const listed = listedGaps([...receivers, ...parents]);
  expect(listed).toHaveLength(200);
  expect(listed.slice(0, 99)).toEqual(receivers.slice(0, 99));
  expect(listed[99]).toEqual({
    ...receivers[99],
    message: "Number 99. The same is so of 9900 more, which are not listed.",
  });
  expect(listed.slice(100)).toEqual(parents);
});
