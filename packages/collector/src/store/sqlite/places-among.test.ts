import * as fc from "fast-check";
import { expect, test } from "vitest";
import { placesAmong } from "./places-among.ts";

const blocks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });

test("records lead to their blocks and rows, each once and in order, however they were found", () => {
  fc.assert(
    fc.property(blocks, fc.array(fc.array(fc.nat({ max: 200 }))), (sizes, given) => {
      const all = sizes.flatMap((size, n) => Array.from({ length: size }, (_, row) => ({ block: n + 7, row })));
      const firstRecords = sizes.map((_, n) => sizes.slice(0, n).reduce((sum, size) => sum + size, 0));
      const found = given.map((some, term) => ({ term, numbers: inOrder(some.filter((one) => one < all.length)) }));
      const expected = inOrder(found.flatMap(({ numbers }) => numbers)).map((record) => all[record]);
      expect(placesAmong(found, firstRecords, (n) => n + 7)).toEqual(expected);
      expect(placesAmong(found, [...firstRecords, all.length], (n) => n + 7)).toEqual(expected);
    }),
  );
});

const inOrder = (numbers: readonly number[]): readonly number[] => [...new Set(numbers)].toSorted((a, b) => a - b);
