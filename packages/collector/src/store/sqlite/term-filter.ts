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
    const peeled = peel(distinct, shape);
    if (peeled) return written(shape, printed(peeled, shape));
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

/** Terms in the order in which they were taken off, each with the slot that was its own by then. */
interface Peeled {
  readonly terms: Uint32Array;
  readonly slots: Uint32Array;
}

const peel = (terms: Uint32Array, shape: Shape): Peeled | undefined => {
  const counts = new Uint32Array(shape.slots);
  /** Of the terms that lead there: of one that is left, itself. */
  const mixes = new Uint32Array(shape.slots);
  for (const term of terms) {
    led(term, shape);
    for (let n = 0; n < 3; n += 1) {
      const slot = slots[n]!;
      counts[slot]! += 1;
      mixes[slot]! ^= term;
    }
  }
  const alone = new Uint32Array(shape.slots);
  let left = 0;
  for (let slot = 0; slot < shape.slots; slot += 1) if (counts[slot] === 1) alone[left++] = slot;
  const peeled = { terms: new Uint32Array(terms.length), slots: new Uint32Array(terms.length) };
  let taken = 0;
  while (left > 0) {
    const own = alone[--left]!;
    if (counts[own] !== 1) continue;
    const term = mixes[own]!;
    peeled.terms[taken] = term;
    peeled.slots[taken] = own;
    taken += 1;
    led(term, shape);
    for (let n = 0; n < 3; n += 1) {
      const slot = slots[n]!;
      counts[slot]! -= 1;
      mixes[slot]! ^= term;
      if (counts[slot] === 1) alone[left++] = slot;
    }
  }
  return taken === terms.length ? peeled : undefined;
};

/** The last that was taken off is set first: none after it leads to its slot. */
const printed = (peeled: Peeled, shape: Shape): Buffer => {
  const bytes = Buffer.alloc(shape.slots);
  for (let at = peeled.terms.length - 1; at >= 0; at -= 1) {
    const print = led(peeled.terms[at]!, shape);
    bytes[peeled.slots[at]!]! ^= print ^ togetherIn(bytes);
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
 * Reads the whole filter at the first question, and checks it; where there is no room to keep it, each term then costs
 * reads of its three bytes.
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

  return {
    mayHold(term) {
      if (part.length === 0) return true; // no filter: look
      const print = led(term, (shape ??= check()));
      return print === (kept ? togetherIn(kept) : byteAt(slots[0]!) ^ byteAt(slots[1]!) ^ byteAt(slots[2]!));
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

/** Of the term that `led` was asked for last: one for each question would be an object for each. */
const slots = new Uint32Array(3);

/** Sets `slots`, and gives the print. */
const led = (term: number, { seed, segmentBits, slots: all }: Shape): number => {
  const hash = mixed(term ^ mixed(seed));
  const within = mixed(hash + 0x9e37_79b9);
  const length = 1 << segmentBits;
  const first = Math.floor((hash / 2 ** 32) * (all - 2 * length));
  slots[0] = first;
  slots[1] = (first + length) ^ (within & (length - 1));
  slots[2] = (first + 2 * length) ^ ((within >>> MAX_SEGMENT_BITS) & (length - 1));
  return mixed(hash ^ 0x5bd1_e995) & 0xff;
};

/** Terms are hashes, but their lowest bits say their kind. */
const mixed = (term: number): number => {
  let hash = term;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
