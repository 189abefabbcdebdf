/**
 * Which places a partition's file surely does not hold: a question that goes through all partitions would otherwise read and
 * decode a page of each, and of 1 in 64 a block.
 *
 * A binary fuse filter: each term leads to three bytes, one in each of three neighbouring segments, which together (by
 * exclusive or) are the term's print. What is not there is taken for there once in 256 times.
 *
 *   seed u32 │ bits of a segment's length u8 │ a byte for each slot … │ CRC-32          some 9.3 bits a term
 *
 *   segments  ┌────┬──0─┬────┬────┐        a term's first slot may be in any but the last two segments
 *             │    │    │  1 │2   │
 *             └────┴────┴────┴────┘
 *
 * It is made by peeling: a slot to which only one term is left to lead is that term's to set, and it is taken off the other
 * two. Where some are left in the end, another seed is tried.
 *
 * Source  Graf and Lemire, Binary Fuse Filters (2022): lengths of segments and of the whole. The hashes are ours, for
 *         terms have but 32 bits.
 */
import { crc32 } from "node:zlib";
import { StoreError } from "../../errors.ts";
import type { Extent } from "./sealed-directory.ts";
import { type SoughtTerms, type TermHashes, termHashes } from "./sought-terms.ts";

const HEAD_BYTES = 5;
const CRC_BYTES = 4;
const MAX_SEGMENT_BITS = 14;
/** The first hardly ever fails. Where all do, there is no filter, and each question looks. */
const MAX_SEEDS = 32;

interface Shape {
  readonly seed: number;
  readonly segmentBits: number;
  /** Of all segments together. */
  readonly slots: number;
}

/** Terms may repeat. Empty where there are none. */
export const termFilter = (terms: Uint32Array): Buffer => {
  const distinct = terms.toSorted().filter((term, at, sorted) => at === 0 || term !== sorted[at - 1]);
  if (distinct.length === 0) return Buffer.alloc(0);
  for (let seed = 0; seed < MAX_SEEDS; seed += 1) {
    const shape = { ...shapeFor(distinct.length), seed };
    const hashes = termHashes(distinct, seed);
    const peeled = peel(hashes, shape);
    if (peeled) return written(shape, printed(peeled, hashes, shape));
  }
  return Buffer.alloc(0);
};

const shapeFor = (terms: number): Omit<Shape, "seed"> => {
  const log = Math.log(Math.max(terms, 2));
  const segmentBits = Math.min(MAX_SEGMENT_BITS, Math.floor(log / Math.log(3.33) + 2.25));
  const wanted = terms * Math.max(1.125, 0.875 + (0.25 * Math.log(1_000_000)) / log);
  const firstSegments = Math.max(1, Math.ceil(wanted / 2 ** segmentBits) - 2);
  return { segmentBits, slots: (firstSegments + 2) * 2 ** segmentBits };
};

/** Indexes of terms in the order in which they were taken off, each with the slot that was its own by then. */
interface Peeled {
  readonly indexes: Uint32Array;
  readonly slots: Uint32Array;
}

const peel = (hashes: TermHashes, shape: Shape): Peeled | undefined => {
  const terms = hashes.prints.length;
  const counts = new Uint32Array(shape.slots);
  /** Of the terms that lead there: of one that is left, its own index. */
  const mixes = new Uint32Array(shape.slots);
  for (let index = 0; index < terms; index += 1) {
    lead(index, hashes, shape);
    for (let n = 0; n < 3; n += 1) {
      const slot = slots[n]!;
      counts[slot]! += 1;
      mixes[slot]! ^= index;
    }
  }
  const alone = new Uint32Array(shape.slots);
  let left = 0;
  for (let slot = 0; slot < shape.slots; slot += 1) if (counts[slot] === 1) alone[left++] = slot;
  const peeled = { indexes: new Uint32Array(terms), slots: new Uint32Array(terms) };
  let taken = 0;
  while (left > 0) {
    const own = alone[--left]!;
    if (counts[own] !== 1) continue;
    const index = mixes[own]!;
    peeled.indexes[taken] = index;
    peeled.slots[taken] = own;
    taken += 1;
    lead(index, hashes, shape);
    for (let n = 0; n < 3; n += 1) {
      const slot = slots[n]!;
      counts[slot]! -= 1;
      mixes[slot]! ^= index;
      if (counts[slot] === 1) alone[left++] = slot;
    }
  }
  return taken === terms ? peeled : undefined;
};

/** The last that was taken off is set first: none after it leads to its slot. */
const printed = (peeled: Peeled, hashes: TermHashes, shape: Shape): Buffer => {
  const bytes = Buffer.alloc(shape.slots);
  for (let at = peeled.indexes.length - 1; at >= 0; at -= 1) {
    const index = peeled.indexes[at]!;
    lead(index, hashes, shape);
    bytes[peeled.slots[at]!]! ^= hashes.prints[index]! ^ togetherIn(bytes);
  }
  return bytes;
};

const togetherIn = (bytes: Uint8Array): number => bytes[slots[0]!]! ^ bytes[slots[1]!]! ^ bytes[slots[2]!]!;

const written = ({ seed, segmentBits }: Shape, prints: Buffer): Buffer => {
  const bytes = Buffer.alloc(HEAD_BYTES + prints.length + CRC_BYTES);
  bytes.writeUInt32LE(seed, 0);
  bytes.writeUInt8(segmentBits, 4);
  prints.copy(bytes, HEAD_BYTES);
  const end = bytes.length - CRC_BYTES;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
};

export interface TermFilter {
  /** Those that may be there; what is left out is not. */
  among(sought: SoughtTerms): readonly number[];
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

/** Of so many terms, to read their bytes takes longer than to read all of them. */
const MANY_TERMS = 100;

/**
 * Reads the whole filter at the first question, and checks it; where there is no room to keep it, few terms then cost
 * reads of their three bytes each, and many the reading of all of it again.
 */
export const openTermFilter = (part: Extent, read: (part: Extent) => Buffer, memory: FilterMemory): TermFilter => {
  let shape: Shape | undefined;
  let kept: Buffer | undefined;

  const check = (): Shape => {
    const bytes = read(part);
    const checked = shapeIn(bytes);
    if (memory.take(part.length)) kept = bytes.subarray(HEAD_BYTES, HEAD_BYTES + checked.slots);
    return checked;
  };

  const byteAt = (slot: number): number => read({ offset: part.offset + HEAD_BYTES + slot, length: 1 }).readUInt8();
  const allOf = ({ slots: length }: Shape): Buffer => read({ offset: part.offset + HEAD_BYTES, length });

  return {
    among(sought) {
      const { terms } = sought;
      if (part.length === 0) return [...terms]; // no filter: look
      const known = (shape ??= check());
      const bytes = kept ?? (terms.length > MANY_TERMS ? allOf(known) : undefined);
      const hashes = sought.hashes(known.seed);
      const found: number[] = [];
      for (let index = 0; index < terms.length; index += 1) {
        lead(index, hashes, known);
        const print = bytes ? togetherIn(bytes) : byteAt(slots[0]!) ^ byteAt(slots[1]!) ^ byteAt(slots[2]!);
        if (print === hashes.prints[index]) found.push(terms[index]!);
      }
      return found;
    },
    close() {
      if (kept) memory.giveBack(part.length);
      kept = undefined;
      shape = undefined;
    },
  };
};

const shapeIn = (bytes: Buffer): Shape => {
  const end = bytes.length - CRC_BYTES;
  if (end < HEAD_BYTES || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
    throw new StoreError("store-corrupt", "a filter of terms is damaged: its checksum is wrong");
  const shape = { seed: bytes.readUInt32LE(0), segmentBits: bytes.readUInt8(4), slots: end - HEAD_BYTES };
  if (shape.segmentBits > MAX_SEGMENT_BITS || shape.slots < 3 * 2 ** shape.segmentBits)
    throw new StoreError("store-corrupt", "a filter of terms has a bad head");
  return shape;
};

/** Of the term that was asked for last: one for each question would be an object for each. */
const slots = new Uint32Array(3);

/** Sets `slots`. */
const lead = (index: number, { hashes, withins }: TermHashes, { segmentBits, slots: all }: Shape): void => {
  const length = 1 << segmentBits;
  const within = withins[index]!;
  const first = Math.floor((hashes[index]! / 2 ** 32) * (all - 2 * length));
  slots[0] = first;
  slots[1] = (first + length) ^ (within & (length - 1));
  slots[2] = (first + 2 * length) ^ ((within >>> MAX_SEGMENT_BITS) & (length - 1));
};
