import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { numbersOf, posting, type TermPage, termPages } from "./term-pages.ts";

type Pair = readonly [term: number, number: number];

const pagesOf = (pairs: readonly Pair[], universe: number): readonly TermPage[] =>
  termPages(
    Float64Array.from(pairs, ([term, number]) => posting(term, number)),
    universe,
  );

const lookUp = (pages: readonly TermPage[], term: number): readonly number[] => {
  const page = pages.findLast(({ firstTerm }) => firstTerm <= term);
  return page ? numbersOf(page.bytes, term) : [];
};

const bruteForce = (pairs: readonly Pair[]): Map<number, number[]> => {
  const all = new Map<number, Set<number>>();
  for (const [term, number] of pairs) all.set(term, (all.get(term) ?? new Set()).add(number));
  return new Map([...all].map(([term, numbers]) => [term, [...numbers].toSorted((a, b) => a - b)]));
};

/** Spread over 32 bits like the hashes that terms are. */
const spread = (n: number): number => Math.imul(n + 1, 0x9e37_79b1) >>> 0;

const UNIVERSE = 500;
const pairs = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.nat(200).map(spread)),
    fc.nat(UNIVERSE - 1),
  ),
  { maxLength: 2_000 },
);

test("every term leads to each of its numbers, and never below them", () => {
  fc.assert(
    fc.property(pairs, (given) => {
      const pages = pagesOf(given, UNIVERSE);
      for (const [term, numbers] of bruteForce(given))
        expect(lookUp(pages, term)).toEqual(expect.arrayContaining(numbers));
    }),
    { numRuns: 300 },
  );
});

const many: Pair[] = Array.from({ length: 100_000 }, (_, n) => [spread(n % 60_000), (n * 7) % 150_000]);
const manyPages = pagesOf(many, 150_000);

test("among many terms nearly every answer is exact, and a term that is not there is rarely taken for another", () => {
  const expected = bruteForce(many);
  const some = [...expected].slice(0, 5_000);
  const exact = some.filter(([term, numbers]) => lookUp(manyPages, term).length === numbers.length);
  const strangers = Array.from({ length: 3_000 }, (_, n) => spread(n + 1_000_000));
  const taken = strangers.filter((term) => !expected.has(term) && lookUp(manyPages, term).length > 0);
  expect(exact.length / some.length).toBeGreaterThan(0.95);
  expect(taken.length / strangers.length).toBeLessThan(0.04);
});

test("a place costs less than four bytes, and pages are some 1 kB", () => {
  const bytes = manyPages.reduce((sum, page) => sum + page.bytes.length, 0);
  expect(bytes / many.length).toBeLessThan(4);
  expect(Math.max(...manyPages.map((page) => page.bytes.length))).toBeLessThan(1_100);
});

test("a term that every block holds costs two bits a block at most", () => {
  const dense: Pair[] = Array.from({ length: 1000 }, (_, n) => [spread(7), n]);
  const nearly = dense.filter(([, number]) => number % 100 !== 13).map(([, number]): Pair => [spread(9), number]);
  const [page] = pagesOf([...dense, ...nearly], 1000);
  expect(page?.bytes.length).toBeLessThan(2 * (1000 / 4) + 40);
  expect(lookUp([page!], spread(7))).toHaveLength(1000);
  expect(lookUp([page!], spread(9))).toHaveLength(990);
});

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return "fine";
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
};

test("a flipped or cut byte is found, and a damaged page with a right checksum is refused or read, never followed for ever", () => {
  const small = pagesOf([...many.slice(0, 300), ...Array.from({ length: 90 }, (_, n): Pair => [5, n])], 150_000)[0]!
    .bytes;
  for (let at = 0; at < small.length; at += 1) {
    const flipped = Buffer.from(small);
    flipped[at]! ^= 1 << (at % 8);
    expect(codeOf(() => numbersOf(flipped, 5))).toBe("store-corrupt");
    expect(codeOf(() => numbersOf(small.subarray(0, at), 5))).toBe("store-corrupt");
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (changes, which) => {
        const body = Buffer.from(small);
        for (const [at, value] of changes) body[at % (body.length - 4)] = value;
        body.writeUInt32LE(crc32(body.subarray(0, -4)), body.length - 4);
        expect(["fine", "store-corrupt"]).toContain(codeOf(() => numbersOf(body, spread(which % 300))));
      },
    ),
    { numRuns: 1_500 },
  );
});
