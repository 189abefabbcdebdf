/**
 * Terms of a sealed partition: which records or blocks hold a term, in sorted pages of some 1 kB, of which a question
 * reads one.
 *
 * A term leads to numbers below `universe`: places to records (their ordinal in the partition), words to blocks. Of its
 * 32 bits only as many are kept as tell the terms of this partition apart, and a few more: what is asked for and not
 * there is then taken for another term in 1 of 2^SPARE_BITS partitions, at the cost of a look. A term that nearly every
 * block holds costs two bits a block.
 *
 *   kept u8 │ gap k u8 │ number width u8 │ universe u32 │ terms u32 │ first u32 │ bits … │ CRC-32
 *   bits, per term: rice(kept bits − those of the term before), then 0 and one number,
 *                   or 1, how many − 2 in 5 + n bits, and the gaps between them, rice
 *
 * Errors  StoreError `store-corrupt`.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { BitWriter } from "./bit-writer.ts";

/** A term's first 28 bits and a number of 25 in one double, so that a typed array sorts them. */
const NUMBER_RANGE = 2 ** 25;
const MAX_UNIVERSE = NUMBER_RANGE;
const MAX_KEPT = 28;
export const posting = (term: number, number: number): number => (term >>> (32 - MAX_KEPT)) * NUMBER_RANGE + number;

export interface TermPage {
  /** Terms from this one on, up to the next page's. */
  readonly firstTerm: number;
  readonly bytes: Buffer;
}

const PAGE_BYTES = 1_000;
const HEAD_BYTES = 15;
const CRC_BYTES = 4;
const SPARE_BITS = 6;

/** `postings` are sorted in place; equal ones count once. */
export const termPages = (postings: Float64Array, universe: number): readonly TermPage[] => {
  postings.sort();
  const shape = shapeOf(postings, universe);
  const keptOf = keptBits(shape.kept);
  const pages: TermPage[] = [];
  const bits = new BitWriter();
  let terms = 0;
  let first = 0;
  let before = 0;
  const endPage = (): void => {
    if (terms > 0)
      pages.push({ firstTerm: unkept(first, shape.kept), bytes: page(shape, terms, first, bits.written()) });
    bits.clear();
    terms = 0;
  };
  for (let at = 0; at < postings.length;) {
    const term = keptOf(postings[at]!);
    const from = at;
    do at += 1;
    while (at < postings.length && keptOf(postings[at]!) === term);
    if (bits.byteLength >= PAGE_BYTES) endPage();
    if (terms === 0) before = first = term;
    bits.rice(term - before, shape.gapK);
    writeNumbers(bits, numbersIn(postings, from, at), shape);
    before = term;
    terms += 1;
  }
  endPage();
  return pages;
};

/** Numbers that hold the term, ascending. `bytes` is the last page whose first term is not above it. */
export const numbersOf = (bytes: Uint8Array, term: number): readonly number[] => {
  const { kept, gapK, numberWidth, universe, terms, first, bits } = readHead(bytes);
  const wanted = term >>> (32 - kept);
  let current = first;
  for (let n = 0; n < terms && !bits.isPastEnd; n += 1) {
    current += bits.rice(gapK);
    if (current > wanted) return [];
    const numbers = readNumbers(bits, { numberWidth, universe }, current === wanted);
    if (current === wanted) return numbers;
  }
  if (bits.isPastEnd) corrupt("ends too early");
  return [];
};

interface Shape {
  readonly kept: number;
  readonly gapK: number;
  readonly numberWidth: number;
  readonly universe: number;
}

const bitsFor = (values: number): number => 32 - Math.clz32(Math.max(values, 1) - 1);

/** What codes gaps around this mean in the fewest bits. */
const riceFor = (mean: number): number => Math.max(0, Math.floor(Math.log2(Math.max(mean * Math.LN2, 1))));

const shapeOf = (postings: Float64Array, universe: number): Shape => {
  let terms = 0;
  let before = -1;
  for (const one of postings) {
    const term = Math.floor(one / NUMBER_RANGE);
    if (term !== before) terms += 1;
    before = term;
  }
  const kept = Math.min(MAX_KEPT, bitsFor(terms) + SPARE_BITS);
  return { kept, gapK: riceFor(2 ** kept / Math.max(terms, 1)), numberWidth: bitsFor(universe), universe };
};

/** Of a posting. To divide by a power of two is to multiply by its inverse, to the last bit. */
const keptBits = (kept: number): ((one: number) => number) => {
  const inverse = 1 / (NUMBER_RANGE * 2 ** (MAX_KEPT - kept));
  return (one) => Math.floor(one * inverse);
};
const unkept = (term: number, kept: number): number => term * 2 ** (32 - kept);

/** Each once, ascending: out of order are those of terms that only the dropped bits told apart, which are one term from here on. */
const numbersIn = (postings: Float64Array, from: number, to: number): readonly number[] => {
  const numbers: number[] = [];
  let before = -1;
  let isInOrder = true;
  for (let at = from; at < to; at += 1) {
    const one = postings[at]!;
    const number = one - Math.floor(one / NUMBER_RANGE) * NUMBER_RANGE;
    if (number === before) continue;
    isInOrder &&= number > before;
    before = number;
    numbers.push(number);
  }
  return isInOrder ? numbers : [...new Set(numbers)].toSorted((a, b) => a - b);
};

const writeNumbers = (bits: BitWriter, numbers: readonly number[], { numberWidth, universe }: Shape): void => {
  if (numbers.length === 1) {
    bits.bits(0, 1);
    bits.bits(numbers[0]!, numberWidth);
    return;
  }
  const width = bitsFor(numbers.length - 1);
  bits.bits(1, 1);
  bits.bits(width, 5);
  bits.bits(numbers.length - 2, width);
  const k = riceFor(universe / numbers.length);
  let next = 0;
  for (const number of numbers) {
    bits.rice(number - next, k);
    next = number + 1;
  }
};

const readNumbers = (
  bits: BitReader,
  { numberWidth, universe }: { numberWidth: number; universe: number },
  isWanted: boolean,
): number[] => {
  if (bits.bits(1) === 0) {
    const only = bits.bits(numberWidth);
    return only < universe ? [only] : corrupt(`leads to ${only} of ${universe}`);
  }
  const count = bits.bits(bits.bits(5)) + 2;
  if (count > universe) corrupt(`has ${count} numbers of ${universe}`);
  const k = riceFor(universe / count);
  const numbers: number[] = [];
  let next = 0;
  for (let n = 0; n < count; n += 1) {
    const number = next + bits.rice(k);
    if (number >= universe) corrupt(`leads to ${number} of ${universe}`);
    if (isWanted) numbers.push(number);
    next = number + 1;
  }
  return numbers;
};

const page = ({ kept, gapK, numberWidth, universe }: Shape, terms: number, first: number, bits: Buffer): Buffer => {
  const bytes = Buffer.alloc(HEAD_BYTES + bits.length + CRC_BYTES);
  bytes.set([kept, gapK, numberWidth]);
  bytes.writeUInt32LE(universe, 3);
  bytes.writeUInt32LE(terms, 7);
  bytes.writeUInt32LE(first, 11);
  bits.copy(bytes, HEAD_BYTES);
  const end = bytes.length - CRC_BYTES;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
};

const readHead = (bytes: Uint8Array): Shape & { terms: number; first: number; bits: BitReader } => {
  const end = bytes.length - CRC_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (end < HEAD_BYTES) corrupt("is too short");
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) corrupt("is damaged: its checksum is wrong");
  const [kept = 0, gapK = 0, numberWidth = 0] = bytes;
  const universe = view.getUint32(3, true);
  if (kept < 1 || kept > MAX_KEPT || gapK > 32 || numberWidth > 32 || universe > MAX_UNIVERSE)
    corrupt("has a bad head");
  const terms = view.getUint32(7, true);
  return {
    kept,
    gapK,
    numberWidth,
    universe,
    terms,
    first: view.getUint32(11, true),
    bits: new BitReader(bytes, HEAD_BYTES, end),
  };
};

const corrupt = (problem: string): never => {
  throw new StoreError("store-corrupt", `a page of terms ${problem}`);
};
