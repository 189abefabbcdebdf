import { type SpanContext, createTraceState } from "@opentelemetry/api";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSampling, thresholdOf } from "./sampling.ts";

/** R 0.80692, and R 0.28484. */
const HIGH = "4bf92f3577b34da6a3ce929d0e0e4736";
const LOW = "0af7651916cd43dd8448eb211c80319c";

const byRatio = (samplerRatio: number, sampler = "parentbased_traceidratio") =>
  createSampling({ sampler, samplerRatio });

const parent = (traceId: string, traceFlags: number, traceState?: string): SpanContext => ({
  traceId,
  spanId: "1".repeat(16),
  traceFlags,
  isRemote: true,
  ...(traceState && { traceState: createTraceState(traceState) }),
});

const decided = (sampling: ReturnType<typeof createSampling>, traceId: string, from?: SpanContext) => {
  const { isSampled, traceState } = sampling.decide(traceId, from);
  return [isSampled, traceState?.serialize() ?? ""];
};

describe("the threshold of a ratio", () => {
  test.each([
    [1, "0"],
    [0.75, "4"],
    [0.5, "8"],
    [0.25, "c"],
    [0.125, "e"],
    [0.1, "e666"],
    [0.01, "fd70a"],
    [0.001, "ffbe77"],
    [2 ** -56, "ffffffffffffff"],
  ])("%f is th:%s", (ratio, th) => {
    expect(thresholdOf(ratio)).toBe(th);
  });

  test("of nothing there is none", () => {
    expect(thresholdOf(0)).toBeUndefined();
  });

  test("keeps the share that was asked for, to one part in some thousands", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1, noNaN: true }), (ratio) => {
        const threshold = BigInt(`0x${(thresholdOf(ratio) ?? "").padEnd(14, "0")}`);
        expect(Number(2n ** 56n - threshold) / 2 ** 56 / ratio).toBeCloseTo(1, 3);
      }),
    );
  });
});

describe("a root", () => {
  test.each([
    [HIGH, 0.5, true, "ot=th:8"],
    [HIGH, 0.25, true, "ot=th:c"],
    [HIGH, 0.125, false, ""],
    [HIGH, 0.1, false, ""],
    [HIGH, 0.01, false, ""],
    [LOW, 0.75, true, "ot=th:4"],
    [LOW, 0.5, false, ""],
    [LOW, 1, true, "ot=th:0"],
    [HIGH, 0, false, ""],
  ])("with trace id %s is, of %f, sampled: %s, and says so: %s", (traceId, ratio, isSampled, state) => {
    for (const sampler of ["traceidratio", "parentbased_traceidratio"])
      expect(decided(byRatio(ratio, sampler), traceId)).toEqual([isSampled, state]);
  });

  test.each([
    ["always_on", true],
    ["always_off", false],
    ["parentbased_always_on", true],
    ["parentbased_always_off", false],
  ])("that no ratio decides has no threshold: %s", (sampler, isSampled) => {
    expect(decided(byRatio(0.5, sampler), HIGH)).toEqual([isSampled, ""]);
  });
});

describe("below a parent, a parent-based sampler", () => {
  test.each([
    [1, "ot=th:8", true, "ot=th:8"],
    [3, "a=1,ot=p:3;th:c;q:4,b=2", true, "a=1,ot=p:3;th:c;q:4,b=2"],
    [0, "ot=th:e", false, "ot=th:e"],
    [1, "", true, ""],
    [0, "a=1", false, "a=1"],
  ])("copies flag and threshold: %i %s", (flags, state, isSampled, kept) => {
    for (const sampler of ["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"])
      expect(decided(byRatio(0.01, sampler), HIGH, parent(HIGH, flags, state))).toEqual([isSampled, kept]);
  });

  test.each([
    [1, "ot=th:e", ""],
    [0, "ot=th:8", ""],
    [1, "ot=rv:00000000000000;th:8,a=1", "ot=rv:00000000000000,a=1"],
    [1, "a=1,ot=th:e666;x:y", "ot=x:y,a=1"],
  ])("leaves out a threshold that does not go with the flag, and nothing else: %i %s", (flags, state, kept) => {
    const [isSampled, handedOn] = decided(byRatio(1), HIGH, parent(HIGH, flags, state));
    expect([isSampled, handedOn]).toEqual([flags === 1, kept]);
  });

  test("takes nothing for a threshold that is none", () => {
    for (const state of ["ot=th:xyz", "ot=th:", "ot=th:000000000000000", "ot=threshold:8"])
      expect(byRatio(1).decide(HIGH, parent(HIGH, 1, state)).isSampled).toBe(true);
  });
});

describe("below a parent, a sampler of its own mind", () => {
  test("goes by explicit randomness before the trace id, and hands it on", () => {
    const given = parent(LOW, 1, "ot=th:0;rv:ffffffffffffff");
    expect(decided(byRatio(0.01, "traceidratio"), LOW, given)).toEqual([true, "ot=th:fd70a;rv:ffffffffffffff"]);
  });

  test.each([
    ["lower than its own: its own", "8", 0.25, "ot=th:c"],
    ["higher than its own: the parent's", "c", 0.5, "ot=th:c"],
    ["the same", "8", 0.5, "ot=th:8"],
  ])("writes what is true of both, where the parent's threshold is %s", (_what, th, ratio, state) => {
    expect(decided(byRatio(ratio, "traceidratio"), HIGH, parent(HIGH, 1, `ot=th:${th}`))).toEqual([true, state]);
  });

  test("knows no threshold where the parent's is unknown", () => {
    expect(decided(byRatio(0.5, "traceidratio"), HIGH, parent(HIGH, 1))).toEqual([true, ""]);
    expect(decided(byRatio(0.5, "always_on"), HIGH, parent(HIGH, 1, "ot=th:8"))).toEqual([true, ""]);
  });

  test("lowers a flag and never raises one, but may keep what it sees itself", () => {
    const [off, on] = [byRatio(0.1, "traceidratio"), byRatio(0.5, "traceidratio")];
    expect(decided(off, HIGH, parent(HIGH, 1, "ot=th:0"))).toEqual([false, ""]);
    expect(off.isDetailed(parent(HIGH, 0))).toBe(false);
    for (const sampling of [on, byRatio(1, "always_on")]) {
      expect(decided(sampling, HIGH, parent(HIGH, 0, "ot=th:e"))).toEqual([false, ""]);
      expect(sampling.isDetailed(parent(HIGH, 0))).toBe(true);
    }
  });
});

test("a parent-based sampler sees no more than its parent", () => {
  for (const sampler of ["parentbased_always_on", "parentbased_traceidratio"])
    expect([0, 1].map((flags) => byRatio(1, sampler).isDetailed(parent(HIGH, flags)))).toEqual([false, true]);
});

test("an entry of tracestate that would be too long has no threshold", () => {
  const long = `x:${"y".repeat(249)}`;
  expect(decided(byRatio(0.3, "traceidratio"), HIGH, parent(HIGH, 1, `ot=th:0;${long}`))).toEqual([true, `ot=${long}`]);
});
