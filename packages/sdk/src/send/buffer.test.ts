import { array, assert, constant, integer, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import { createBuffer } from "./buffer.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const filled = (maxItems: number, count: number) => {
  const buffer = createBuffer<number>(maxItems);
  for (const n of numbers(count)) buffer.push(n);
  return buffer;
};

test("what was put in comes out in order, once", () => {
  const buffer = filled(10, 3);
  expect(buffer.take()).toEqual([0, 1, 2]);
  expect(buffer.take()).toEqual([]);
  expect(buffer.dropped).toBe(0);
});

test("the oldest fall out over the bound, and each is counted before anybody takes", () => {
  const buffer = filled(4, 5);
  expect(buffer.size).toBe(4);
  expect(buffer.dropped).toBe(1);
  expect(buffer.take()).toEqual([1, 2, 3, 4]);
  expect(buffer.dropped).toBe(1);
});

test("what could not be sent goes before what came since", () => {
  const buffer = filled(10, 2);
  const taken = buffer.take();
  buffer.push(2);
  buffer.putBack(taken);
  expect(buffer.take()).toEqual([0, 1, 2]);
});

test("what is given back has to share the bound with what came since", () => {
  const buffer = filled(3, 3);
  const taken = buffer.take();
  buffer.push(3);
  buffer.push(4);
  buffer.putBack(taken);
  expect(buffer.dropped).toBe(2);
  expect(buffer.take()).toEqual([2, 3, 4]);
});

test("whatever happens, each item is taken once, or waits, or is counted as lost", () => {
  const step = oneof(
    record({ push: integer({ min: 1, max: 20 }) }),
    constant("take" as const),
    constant("take and give back" as const),
  );
  assert(
    property(integer({ min: 1, max: 12 }), array(step, { maxLength: 30 }), (maxItems, steps) => {
      const buffer = createBuffer<number>(maxItems);
      const taken: number[] = [];
      let pushed = 0;
      for (const one of steps) {
        if (one === "take") taken.push(...buffer.take());
        else if (one === "take and give back") buffer.putBack(buffer.take());
        else for (let n = 0; n < one.push; n += 1) buffer.push(pushed++);
        expect(buffer.size).toBeLessThanOrEqual(maxItems);
        expect(taken.length + buffer.size + buffer.dropped).toBe(pushed);
      }
      expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    }),
  );
});
