/**
 * Which places a sealed partition surely does not hold: a question that goes through all partitions would otherwise read
 * and decode a page of each, and of 1 in 64 a block.
 *
 * A split block Bloom filter: a term has one block of eight words, and one bit in each of them.
 *
 *   block  ┌ u32 ┬ u32 ┬ … 8 ┐        BITS_PER_TERM bits for each distinct term; what is not there is taken for there
 *          └──1──┴─1───┴─────┘        once in some 60 times
 *
 * Source  the filter of parquet-format, BloomFilter.md (block, salts); the hash is ours, for terms have but 32 bits.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.ts";
import type { Extent } from "./sealed-directory.ts";

const WORDS = 8;
const BLOCK_BITS = WORDS * 32;
const BITS_PER_TERM = 10;

const BLOCK_BYTES = BLOCK_BITS / 8;
const CRC_BYTES = 4;

const SALTS = Uint32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b,
  0xa2b7289d,
  0x705495c7,
  0x2df1424b,
  0x9efc4947,
  0x5c6bfb31,
);

/** Of terms that repeat each other only the first is counted. Empty where there are none. */
export const termFilter = (terms: Uint32Array): Buffer => {
  let distinct = 0;
  for (let at = 0; at < terms.length; at += 1) if (at === 0 || terms[at] !== terms[at - 1]) distinct += 1;
  const words = new Uint32Array(Math.ceil((distinct * BITS_PER_TERM) / BLOCK_BITS) * WORDS);
  if (words.length === 0) return Buffer.alloc(0);
  for (let at = 0; at < terms.length; at += 1) {
    const term = terms[at]!;
    if (at > 0 && term === terms[at - 1]) continue;
    const first = blockOf(term, words.length / WORDS) * WORDS;
    const key = keyOf(term);
    for (let n = 0; n < WORDS; n += 1) words[first + n]! |= bitOf(key, n);
  }
  const bits = Buffer.from(words.buffer); // little-endian, as all machines that Node runs on are
  const sum = Buffer.alloc(CRC_BYTES);
  sum.writeUInt32LE(crc32(bits));
  return Buffer.concat([bits, sum]);
};

export interface TermFilter {
  /** false: it is not there. */
  mayHold(term: number): boolean;
  close(): void;
}

/** How many bytes of filters may be in memory, over all files that one reader has open. */
export interface FilterMemory {
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export const createFilterMemory = (maxBytes: number): FilterMemory => {
  let left = maxBytes;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    giveBack(bytes) {
      left += bytes;
    },
  };
};

/**
 * Reads the whole filter at the first question, and checks it; where there is no room to keep it, each term then costs a
 * read of its block.
 */
export const openTermFilter = (part: Extent, read: (part: Extent) => Buffer, memory: FilterMemory): TermFilter => {
  const blocks = Math.floor(part.length / BLOCK_BYTES);
  let isChecked = false;
  let kept: Buffer | undefined;

  const check = (): void => {
    const bytes = read(part);
    const end = bytes.length - CRC_BYTES;
    if (end !== blocks * BLOCK_BYTES || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
      throw new StoreError("store-corrupt", "a filter of terms is damaged: its checksum is wrong");
    if (memory.take(part.length)) kept = bytes;
    isChecked = true;
  };

  return {
    mayHold(term) {
      if (part.length === 0) return true; // no filter: look
      if (!isChecked) check();
      const at = blockOf(term, blocks) * BLOCK_BYTES;
      return kept ? holds(kept, at, term) : holds(read({ offset: part.offset + at, length: BLOCK_BYTES }), 0, term);
    },
    close() {
      if (kept) memory.giveBack(part.length);
      kept = undefined;
      isChecked = false;
    },
  };
};

const holds = (bytes: Buffer, at: number, term: number): boolean => {
  const key = keyOf(term);
  for (let n = 0; n < WORDS; n += 1) if ((bytes.readInt32LE(at + n * 4) & bitOf(key, n)) === 0) return false;
  return true;
};

/** Terms are hashes, but their lowest bits say their kind, so they are mixed before they choose. */
const blockOf = (term: number, blocks: number): number => Math.floor((mixed(term) / 2 ** 32) * blocks);
const keyOf = (term: number): number => mixed(term ^ 0x9e37_79b9);
const bitOf = (key: number, n: number): number => 1 << (Math.imul(key, SALTS[n]!) >>> 27);

const mixed = (term: number): number => {
  let hash = term;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
