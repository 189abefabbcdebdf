import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Extent, fractionOf, logFraction, momentAt, placeInterval, ticksOf } from "./time-scale.ts";

const SECOND: Extent = { fromNs: 0, toNs: 1e9 };
const extents = fc
  .tuple(fc.integer({ min: -1e9, max: 1e12 }), fc.integer({ min: 1, max: 1e14 }))
  .map(([fromNs, length]): Extent => ({ fromNs, toNs: fromNs + length }));

test("a moment goes to its fraction and back", () => {
  fc.assert(
    fc.property(extents, fc.double({ min: 0, max: 1, noNaN: true }), (extent, fraction) => {
      expect(fractionOf(extent, momentAt(extent, fraction))).toBeCloseTo(fraction, 4);
    }),
  );
});

test("moments outside of the axis keep their distance, so that a caller can clip", () => {
  expect([-5e8, 0, 25e7, 1e9, 2e9].map((ns) => fractionOf(SECOND, ns))).toEqual([-0.5, 0, 0.25, 1, 2]);
});

test("an axis without length has everything at its left edge", () => {
  expect(fractionOf({ fromNs: 5, toNs: 5 }, 5)).toBe(0);
  expect(placeInterval({ fromNs: 5, toNs: 5 }, 5, 5)).toEqual({ left: 0, width: 0 });
});

test.each([
  ["inside", 2e8, 4e8, { left: 0.2, width: 0.2 }],
  ["reaching in from the left", -1e9, 5e8, { left: 0, width: 0.5 }],
  ["reaching out to the right", 75e7, 9e9, { left: 0.75, width: 0.25 }],
  ["around all of it", -1, 2e9, { left: 0, width: 1 }],
  ["without length", 5e8, 5e8, { left: 0.5, width: 0 }],
  ["before", -2e8, -1e8, undefined],
  ["after", 11e8, 12e8, undefined],
])("of an interval %s the visible part is placed", (_, startNs, endNs, placed) => {
  const found = placeInterval(SECOND, startNs, endNs);

  if (placed === undefined) expect(found).toBeUndefined();
  else {
    expect(found?.left).toBeCloseTo(placed.left, 12);
    expect(found?.width).toBeCloseTo(placed.width, 12);
  }
});

test("ticks are round moments, from the first one on the axis", () => {
  expect(ticksOf({ fromNs: 0, toNs: 1.806e9 }, 8)).toEqual({ stepNs: 5e8, atNs: [0, 5e8, 1e9, 15e8] });
  expect(ticksOf({ fromNs: 130, toNs: 330 }, 6).atNs).toEqual([150, 200, 250, 300]);
});

test("an axis that begins in an init phase has its zero among the ticks", () => {
  expect(ticksOf({ fromNs: -94_200_000, toNs: 212_000_000 }, 8).atNs).toEqual([-5e7, 0, 5e7, 1e8, 15e7, 2e8]);
});

test("ticks are few, on the axis, ascending, one step apart, and the step is 1, 2 or 5 times a power of ten", () => {
  fc.assert(
    fc.property(extents, fc.integer({ min: 2, max: 12 }), (extent, most) => {
      const { stepNs, atNs } = ticksOf(extent, most);
      expect(atNs.length).toBeLessThanOrEqual(most);
      expect(String(stepNs)).toMatch(/^[125]0*$/);
      for (const [index, ns] of atNs.entries()) {
        expect(ns).toBeGreaterThanOrEqual(extent.fromNs);
        expect(ns).toBeLessThanOrEqual(extent.toNs);
        if (index > 0) expect(ns - (atNs[index - 1] ?? 0)).toBe(stepNs);
      }
    }),
  );
});

test("no tick is left out at the end of an axis", () => {
  fc.assert(
    fc.property(extents, fc.integer({ min: 2, max: 12 }), (extent, most) => {
      const { stepNs, atNs } = ticksOf(extent, most);
      expect((atNs.at(-1) ?? Math.ceil(extent.fromNs / stepNs) * stepNs - stepNs) + stepNs).toBeGreaterThan(
        extent.toNs,
      );
    }),
  );
});

test("the list's scale goes from a millisecond to a minute, each decade as wide as the next", () => {
  expect([0, 1e6, 60e9, 1e13].map((ns) => logFraction(ns))).toEqual([0, 0, 1, 1]);
  const decade = logFraction(1e7) - logFraction(1e6);
  expect(logFraction(1e9) - logFraction(1e8)).toBeCloseTo(decade, 12);
});
