/** Packed values come back as they were, whatever they hold, and small. */
import { expect, test } from "vitest";
import { type Packable, type WordList, packed, unpacked } from "./packed.ts";

const listOf = (max: number): WordList => {
  const words: string[] = [];
  return {
    numberOf(word) {
      const known = words.indexOf(word);
      if (known !== -1 || words.length >= max) return known === -1 ? undefined : known;
      return words.push(word) - 1;
    },
    wordAt: (number) => words[number] ?? "?",
  };
};

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const NUMBERS = [
  0,
  27,
  28,
  255,
  256,
  65_535,
  65_536,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  2 ** 60,
  -1,
  -0,
  0.1,
];
const BIG = [0n, 1n, 2n ** 64n - 1n, 2n ** 64n, -1n, 2n ** 90n];
const TEXTS = ["", "é", "a\nb", "\ud800", "\u0000", "x".repeat(5_000), `sqs-message||${TRACE}`];
const IDS = [
  TRACE,
  TRACE.toUpperCase(),
  TRACE.slice(16),
  `${TRACE}.00f067aa0ba902b7`,
  "123e4567-e89b-12d3-a456-426614174000",
];
const NESTED: Packable = [[TRACE, `${TRACE}.00f067aa0ba902b7`, TRACE], { "": 1, "a b": { a: [{ a: "é" }] } }, "é", "é"];
const HUNDREDS = Array.from({ length: 300 }, (_, n) => n);
const VALUES: readonly Packable[] = [null, true, false, ...NUMBERS, ...BIG, ...TEXTS, ...IDS, [], {}, HUNDREDS, NESTED];

test.each([1_000, 3, 0])("values come back from a list of %i words", (max) => {
  const words = listOf(max);
  for (const value of VALUES) expect(unpacked(packed(value, words), words)).toEqual(value);
  expect(unpacked(packed([...VALUES], words), words)).toEqual(VALUES);
});

test("what is absent is left out, and what cannot be packed is said", () => {
  const words = listOf(9);
  expect(unpacked(packed({ a: undefined, b: 1 }, words), words)).toStrictEqual({ b: 1 });
  expect(() => packed({ a: (() => 1) as unknown as string }, words)).toThrow(
    new RangeError("a function cannot be packed"),
  );
});

test("an id costs its bytes once, and a word one or two", () => {
  const words = listOf(9);
  const ids = [TRACE, `${TRACE}.00f067aa0ba902b7`, `${TRACE}.00f067aa0ba902b7`];
  expect(packed([...ids, "orders", "orders"], words).length).toBe(1 + (1 + 16) + (1 + 1 + 8) + 1 + 1 + 1);
});
