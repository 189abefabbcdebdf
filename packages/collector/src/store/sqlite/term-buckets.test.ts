import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { numbersInBucket, termBuckets } from "./term-buckets.ts";

const TERMS = 1_000;
/** Spread over 32 bits like the hashes that terms are. */
const spread = (n: number): number => Math.imul(n + 1, 0x9e37_79b1) >>> 0;

const pagesOf = (lists: readonly Uint32Array[]) => {
  const { bytes, pages } = termBuckets(lists);
  let offset = 0;
  return pages.map(({ firstTerm, length }) => ({ firstTerm, bytes: bytes.subarray(offset, (offset += length)) }));
};

const blocks = fc.array(fc.array(fc.nat(TERMS - 1), { maxLength: 800 }), { maxLength: 8 });

test("every term leads to its numbers in the order of the blocks, and to no others", () => {
  fc.assert(
    fc.property(blocks, (given) => {
      const expected = new Map<number, number[]>();
      const lists = given.map((terms, block) =>
        Uint32Array.from(
          terms.flatMap((term, row) => {
            const number = block * 10_000 + row;
            expected.set(term, [...(expected.get(term) ?? []), number]);
            return [spread(term), number];
          }),
        ),
      );
      const pages = pagesOf(lists);
      for (let term = 0; term < TERMS; term += 1) {
        const page = pages.findLast(({ firstTerm }) => firstTerm <= spread(term))!;
        expect(numbersInBucket(page.bytes, spread(term))).toEqual(expected.get(term) ?? []);
      }
    }),
    { numRuns: 20 },
  );
});

test("a page has some 1 kB, however many terms there are", () => {
  const list = Uint32Array.from({ length: 200_000 }, (_, n) => (n % 2 === 0 ? spread(n) : n));
  const lengths = pagesOf([list]).map(({ bytes }) => bytes.length);
  expect(Math.max(...lengths)).toBeLessThan(2_048);
  expect(lengths.length).toBeLessThan((list.byteLength / 1_024) * 2);
});

test("a damaged page is named, never believed", () => {
  const [page] = pagesOf([Uint32Array.of(1, 2, 3, 4)]);
  const bytes = Buffer.from(page!.bytes);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    expect(() => numbersInBucket(flipped, 1)).toThrow(StoreError);
    if (at > 0) expect(() => numbersInBucket(bytes.subarray(0, at), 1)).toThrow(StoreError);
  }
});
