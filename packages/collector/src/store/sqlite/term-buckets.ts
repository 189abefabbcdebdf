/**
 * Terms in pages by their first bits, in no order within a page: a fifth of the work of sorted pages (term-pages.ts), and
 * two and a half times their size. For what stands there for minutes.
 *
 *   page   u32 term, u32 number, … │ CRC-32        numbers of one term ascend, if they did so when they were given
 *
 * Errors  StoreError `store-corrupt`.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.ts";

export interface TermBuckets {
  /** All pages, one after the other. */
  readonly bytes: Buffer;
  readonly pages: readonly { readonly firstTerm: number; readonly length: number }[];
}

/** 1 kB, as sorted pages have. */
const PAGE_ENTRIES = 128;
const MAX_BITS = 20;

/** Each list is term, number, … */
export const termBuckets = (lists: readonly Uint32Array[]): TermBuckets => {
  const entries = lists.reduce((sum, { length }) => sum + length / 2, 0);
  const bits = Math.min(Math.max(1, Math.ceil(Math.log2(entries / PAGE_ENTRIES))), MAX_BITS);
  const shift = 32 - bits;
  /** Of each bucket, where its next entry goes; in `out` a bucket has its entries and its checksum. */
  const next = startsOf(lists, shift, 2 ** bits);
  const starts = next.slice();
  const out = new Uint32Array(entries * 2 + starts.length);
  for (const list of lists) {
    for (let at = 0; at < list.length; at += 2) {
      const bucket = list[at]! >>> shift;
      const to = next[bucket]!;
      out[to] = list[at]!;
      out[to + 1] = list[at + 1]!;
      next[bucket] = to + 2;
    }
  }
  const bytes = Buffer.from(out.buffer); // little-endian, as all machines that Node runs on are
  const pages = Array.from(starts, (start, bucket) => {
    const end = next[bucket]!;
    out[end] = crc32(bytes.subarray(start * 4, end * 4));
    return { firstTerm: bucket * 2 ** shift, length: (end + 1 - start) * 4 };
  });
  return { bytes, pages };
};

const startsOf = (lists: readonly Uint32Array[], shift: number, buckets: number): Uint32Array => {
  const sizes = new Uint32Array(buckets).fill(1);
  for (const list of lists) for (let at = 0; at < list.length; at += 2) sizes[list[at]! >>> shift]! += 2;
  let start = 0;
  return sizes.map((size) => (start += size) - size);
};

export const numbersInBucket = (page: Buffer, term: number): readonly number[] => {
  const end = page.length - 4;
  if (end < 0 || end % 8 !== 0 || crc32(page.subarray(0, end)) !== page.readUInt32LE(end))
    throw new StoreError("store-corrupt", "a page of terms is damaged: its checksum is wrong");
  const numbers: number[] = [];
  for (let at = 0; at < end; at += 8) if (page.readUInt32LE(at) === term) numbers.push(page.readUInt32LE(at + 4));
  return numbers;
};
