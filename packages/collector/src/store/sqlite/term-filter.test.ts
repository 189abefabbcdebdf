import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { hashEnd } from "../terms.ts";
import { SoughtTerms } from "./sought-terms.ts";
import { createFilterMemory, type FilterMemory, openTermFilter, termFilter } from "./term-filter.ts";

/** As terms are: a hash whose two lowest bits say a kind. */
const terms = (count: number, from = 0): Uint32Array =>
  Uint32Array.from({ length: count }, (_, n) => (hashEnd(from + n) & ~3) | (n & 3)).toSorted();

/** How many bytes were read from the file is of interest, too. */
const opened = (bytes: Buffer, memory: FilterMemory = createFilterMemory(1e9)) => {
  const reads: number[] = [];
  const read = ({ offset, length }: { offset: number; length: number }): Buffer => {
    reads.push(length);
    return bytes.subarray(offset, offset + length);
  };
  const filter = openTermFilter({ offset: 0, length: bytes.length }, read, memory);
  const among = (asked: Iterable<number>): readonly number[] => filter.among(new SoughtTerms(asked));
  return { among, close: () => filter.close(), reads };
};

test("what is there is never denied, what is not is taken for there once in 256 times", () => {
  const held = terms(20_000);
  const filter = opened(termFilter(held));
  expect(filter.among(held)).toEqual([...held]);
  const mistaken = filter.among(terms(20_000, 1e6)).length;
  expect(mistaken).toBeLessThan(20_000 / 150);
});

test("less than ten bits a term, however often it is given and in whatever order", () => {
  const held = terms(200_000);
  const twice = Uint32Array.from([...held, ...held.toReversed()]);
  expect(termFilter(twice)).toEqual(termFilter(held));
  expect(termFilter(held).length).toBeLessThan(200_000 * 1.25);
});

test("of few terms none is denied either", () => {
  for (let count = 1; count < 300; count += 1) {
    const held = terms(count, count * 1_000);
    const filter = opened(termFilter(held));
    expect(filter.among(held)).toEqual([...held]);
    expect(termFilter(held).length).toBeGreaterThan(0);
  }
});

test("it is read once, and where there is no room for it, three bytes for each of few terms, with the same answers", () => {
  const held = terms(5_000);
  const bytes = termFilter(held);
  const kept = opened(bytes);
  const read = opened(bytes, createFilterMemory(bytes.length - 1));
  const few = [...held.slice(0, 30), ...terms(30, 1e6)];
  expect(read.among(few)).toEqual(kept.among(few));
  expect(kept.reads).toEqual([bytes.length]);
  expect(read.reads).toEqual([bytes.length, ...few.flatMap(() => [1, 1, 1])]);
});

test("without room for it, many terms read it once more for all of them", () => {
  const held = terms(5_000);
  const bytes = termFilter(held);
  const read = opened(bytes, createFilterMemory(0));
  const many = [...held.slice(0, 500), ...terms(500, 1e6)];
  expect(read.among(many)).toEqual(opened(bytes).among(many));
  expect(read.reads.length).toBe(2);
});

test("what is closed makes room for another", () => {
  const bytes = termFilter(terms(5_000));
  const memory = createFilterMemory(bytes.length);
  const [first, second] = [opened(bytes, memory), opened(bytes, memory)];
  first.among([1]);
  first.close();
  second.among([1]);
  second.among([2]);
  expect(second.reads).toEqual([bytes.length]);
});

test("without terms it is empty, and without a filter everything may be there", () => {
  expect(termFilter(new Uint32Array(0)).length).toBe(0);
  expect(opened(Buffer.alloc(0)).among([7, 8])).toEqual([7, 8]);
});

test("a damaged one is named, never believed", () => {
  const bytes = termFilter(terms(100));
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    expect(() => opened(flipped).among([1])).toThrow(StoreError);
    if (at > 0) expect(() => opened(bytes.subarray(0, at)).among([1])).toThrow(StoreError);
  }
});
