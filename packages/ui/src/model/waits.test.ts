import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ORDER } from "../../test/fixtures/order.ts";
import { join } from "../../test/fixtures/story.ts";
import { reviveTrace } from "../api/revive.ts";
import { formatDuration } from "./format.ts";
import { type JoinRow, rowsOf } from "./rows.ts";
import { joinedIntervals, unionNs, waitPlace, wordsPlace } from "./waits.ts";

const run = (startNs: number, endNs: number) => ({ startNs, endNs });
const wait = (fromNs: number, toNs: number) => ({ fromNs, toNs });

const joinRows = (): readonly JoinRow[] => rowsOf(reviveTrace(ORDER)).filter((row) => row.kind === "join");
const waitWords = ({ joins: [first], waits }: JoinRow): string =>
  `${formatDuration(unionNs(waits))} ${first && waitPlace(first)}`;

test("the order says where it waited and how long", () => {
  expect(joinRows().map(waitWords)).toEqual([
    "380\u00a0ms in queue",
    "74.0\u00a0ms on the bus",
    "273\u00a0ms between states", // until the first state, before and after the retry, before the last
    "43.6\u00a0ms in SNS",
  ]);
});

test("a wait lasts from the sender's end to the consumer's start", () => {
  expect(joinedIntervals(run(0, 10), [run(30, 40)])).toEqual([wait(10, 30)]);
});

test("a retry shows its back-off", () => {
  expect(joinedIntervals(run(0, 10), [run(70, 80), run(30, 40)])).toEqual([wait(10, 30), wait(40, 70)]);
});

test("consumers side by side wait once", () => {
  expect(joinedIntervals(run(0, 10), [run(30, 60), run(35, 40)])).toEqual([wait(10, 30)]);
});

test.each([
  ["received while still sending", [run(5, 20)]],
  ["received before it was sent (skewed clocks)", [run(-5, -1)]],
  ["received by nobody", []],
])("nothing waits where a message is %s", (_, consumers) => {
  expect(joinedIntervals(run(0, 10), consumers)).toEqual([]);
});

test("overlapping waits count once", () => {
  expect(unionNs([wait(0, 10), wait(5, 15), wait(6, 7), wait(20, 30)])).toBe(25);
  expect(unionNs([])).toBe(0);
});

test("the union of waits is what a clock that ticks through them counts", () => {
  const interval = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, length]) => wait(from, from + length));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 12 }), (waits) => {
      const ticks = Array.from({ length: 80 }, (_, ns) => waits.some(({ fromNs, toNs }) => fromNs <= ns && ns < toNs));
      expect(unionNs(waits)).toBe(ticks.filter(Boolean).length);
    }),
  );
});

test.each([
  ["sqs-message", "in queue"],
  ["eventbridge-event", "on the bus"],
  ["sns-message", "in SNS"],
  ["sfn-execution", "between states"],
  ["kinesis-record", "in the stream"],
  ["lambda-request", "on the way"],
] as const)("a %s waits %s", (kind, place) => {
  expect(waitPlace(join("a", "b", { key: { kind, id: "1" } }))).toBe(place);
});

test("a join by context alone does not know where it waited", () => {
  const { key: _key, ...bare } = join("a", "b", { kind: "parent" });

  expect(waitPlace(bare)).toBe("on the way");
});

test.each([
  ["right of the waits", [[0.1, 0.3]], { from: "left", at: 0.4 }],
  ["left of them, where the right has no room", [[0.6, 0.3]], { from: "right", at: 0.6 }],
  [
    "between two, where neither side has",
    [
      [0.8, 0.2],
      [0, 0.25],
      [0.25, 0.25],
    ],
    { from: "middle", at: 0.65 },
  ],
  [
    "over the longest, where nothing else is left",
    [
      [0, 0.25],
      [0.375, 0.5],
    ],
    { from: "middle", at: 0.625 },
  ],
] as const)("how long it was stands %s", (_, waits, place) => {
  const { from, at } = wordsPlace(waits.map(([left, width]) => ({ left, width })));

  expect(from).toBe(place.from);
  expect(at).toBeCloseTo(place.at);
});
