import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TermIndex } from "./term-index.ts";

/** Of a block, as they are written: sorted by term, and few of them, so that blocks share some. */
const blocks = fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4_000 }), { maxLength: 12 });

test("a term leads to its numbers in every block, in order, however often blocks were added and merged", () => {
  fc.assert(
    fc.property(blocks, fc.array(fc.boolean()), (given, settles) => {
      const index = new TermIndex();
      const expected = new Map<number, number[]>();
      for (const [block, terms] of given.entries()) {
        const pairs = terms
          .map((term, n): [number, number] => [term, block * 10_000 + n])
          .toSorted(([a], [b]) => a - b);
        index.add(Uint32Array.from(pairs.flat()));
        for (const [term, number] of pairs) expected.set(term, [...(expected.get(term) ?? []), number]);
        if (settles[block] === true) index.settle();
      }
      index.settle();
      for (let term = 0; term <= 41; term += 1) expect(index.numbers(term)).toEqual(expected.get(term) ?? []);
      expect(index.bytes).toBe(given.flat().length * 8);
      index.clear();
      expect([index.numbers(1), index.bytes]).toEqual([[], 0]);
    }),
    { numRuns: 50 },
  );
});
