import { array, assert, constant, integer, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import { type Buffer, createBuffer } from "./buffer.ts";

interface Item {
  readonly n: number;
  readonly bytes: number;
}

/** Items 0, 1, 2 … of these sizes. */
const filled = (maxBytes: number, ...sizes: readonly number[]): Buffer<Item> => {
  const buffer = createBuffer<Item>(maxBytes);
  for (const [n, bytes] of sizes.entries()) buffer.push({ n, bytes });
  return buffer;
};

const taken = (buffer: Buffer<Item>): number[] => buffer.take().map(({ n }) => n);

test("what was put in comes out in order, once", () => {
  const buffer = filled(100, 10, 10, 10);
  expect(taken(buffer)).toEqual([0, 1, 2]);
  expect(taken(buffer)).toEqual([]);
  expect([buffer.dropped, buffer.bytes]).toEqual([0, 0]);
});

test("the oldest fall out over the bound, as many as it needs, and each is counted", () => {
  const buffer = filled(100, 10, 10, 60, 35);
  expect([buffer.bytes, buffer.dropped]).toEqual([95, 2]);
  expect(taken(buffer)).toEqual([2, 3]);
});

test("the newest stays, however large it is", () => {
  const buffer = filled(100, 10, 10, 500);
  expect(buffer.dropped).toBe(2);
  expect(taken(buffer)).toEqual([2]);
});

test("what could not be sent goes before what came since", () => {
  const buffer = filled(100, 10, 10);
  const unsent = buffer.take();
  buffer.push({ n: 2, bytes: 10 });
  buffer.putBack(unsent);
  expect(taken(buffer)).toEqual([0, 1, 2]);
});

test("what is given back has to share the bound with what came since", () => {
  const buffer = filled(30, 10, 10, 10);
  const unsent = buffer.take();
  buffer.push({ n: 3, bytes: 10 });
  buffer.push({ n: 4, bytes: 10 });
  buffer.putBack(unsent);
  expect(buffer.dropped).toBe(2);
  expect(taken(buffer)).toEqual([2, 3, 4]);
});

test("whatever happens, each item is taken once, or waits, or is counted as lost, and the bound holds", () => {
  const MAX_BYTES = 50;
  const step = oneof(
    record({ push: integer({ min: 1, max: 20 }) }),
    constant("take" as const),
    constant("take and give back" as const),
  );
  assert(
    property(array(step, { maxLength: 30 }), (steps) => {
      const buffer = createBuffer<Item>(MAX_BYTES);
      const all: number[] = [];
      let pushed = 0;
      for (const one of steps) {
        if (one === "take") all.push(...taken(buffer));
        else if (one === "take and give back") buffer.putBack(buffer.take());
        else buffer.push({ n: pushed++, bytes: one.push });
        expect(buffer.bytes).toBeLessThanOrEqual(MAX_BYTES);
      }
      all.push(...taken(buffer));
      expect(all.length + buffer.dropped).toBe(pushed);
      expect(all).toEqual(all.toSorted((a, b) => a - b));
    }),
  );
});
