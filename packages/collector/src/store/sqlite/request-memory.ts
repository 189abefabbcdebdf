/**
 * The requests of the last hour, so that an exporter's retry of one that was stored is not stored again.
 *
 * The truth is committed with the data: 24 bytes a request (16 of its digest, 8 of when it came) in the active file, and
 * beside it, when it is full, in a file of its own that goes when the hour has passed. Memory has only a filter, in
 * segments that are forgotten whole: where it says "perhaps" (4 in 100,000 new requests and segments), the segment's
 * entries are read.
 *
 *   segment   entries [from, to) of partition 41, [0, to) of 42 …  │ Bloom filter, 24 bits an entry, 8 looks
 *
 * Bounds  MAX_SEGMENTS × SEGMENT_ENTRIES requests are known (5,000 a second for an hour) in 60 MB; of more than those,
 *         the oldest are forgotten first.
 * Time    the receiver's clock. One that jumps back leaves entries of the future: those count as just now.
 */
import type { UnixNano } from "../../model/time.ts";

export const ENTRY_BYTES = 24;
const DIGEST_BYTES = 16;
const WINDOW_NS = 3_600_000_000_000n;
/** Memory is kept a second hour, so that a clock that jumps forth and back does not empty it. */
const MEMORY_NS = 2n * WINDOW_NS;
const SEGMENT_ENTRIES = 1 << 17;
const SEGMENT_NS = 600_000_000_000n;
const MAX_SEGMENTS = 160;
const LOOKS = 8;

/** The entries [from, to) of a partition. */
export type ReadEntries = (partition: number, from: number, to: number) => Uint8Array;

export interface RequestMemory {
  /** Whether this request was stored within the hour. */
  readonly has: (digest: Uint8Array, receivedAt: UnixNano) => boolean;
  /** Entries that were committed, the next of their partition. */
  readonly add: (partition: number, entries: Uint8Array) => void;
  /** Forgets; returns partitions of which nothing is known any more. The one that grows is never among them. */
  expire(now: UnixNano, growing: number): readonly number[];
}

export const entryOf = (digest: Uint8Array, receivedAt: UnixNano): Buffer => {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.set(digest.subarray(0, DIGEST_BYTES));
  entry.writeBigUInt64LE(BigInt.asUintN(64, receivedAt), DIGEST_BYTES);
  return entry;
};

interface Segment {
  readonly filter: Uint32Array;
  readonly parts: { readonly partition: number; readonly from: number; to: number }[];
  entries: number;
  readonly oldest: UnixNano;
  newest: UnixNano;
}

export const createRequestMemory = (read: ReadEntries): RequestMemory => {
  const segments: Segment[] = [];
  const known = new Map<number, number>();

  const openSegment = (receivedAt: UnixNano): Segment => {
    const last = segments.at(-1);
    if (last && last.entries < SEGMENT_ENTRIES && receivedAt - last.oldest < SEGMENT_NS) return last;
    const filter = new Uint32Array((SEGMENT_ENTRIES * 24) / 32);
    const segment: Segment = { filter, parts: [], entries: 0, oldest: receivedAt, newest: receivedAt };
    segments.push(segment);
    if (segments.length > MAX_SEGMENTS) segments.shift();
    return segment;
  };

  const isIn = (segment: Segment, digest: Buffer, receivedAt: UnixNano): boolean =>
    segment.parts.some(({ partition, from, to }) => {
      const entries = viewOf(read(partition, from, to));
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
        if (digest.compare(entries, at, at + DIGEST_BYTES, 0, DIGEST_BYTES) !== 0) continue;
        if (receivedAt - entries.readBigUInt64LE(at + DIGEST_BYTES) <= WINDOW_NS) return true;
      }
      return false;
    });

  return {
    has(bytes, receivedAt) {
      const digest = viewOf(bytes);
      return segments.some((segment) => mayHold(segment.filter, digest) && isIn(segment, digest, receivedAt));
    },
    add(partition, bytes) {
      const entries = viewOf(bytes);
      for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
        const receivedAt = entries.readBigUInt64LE(at + DIGEST_BYTES);
        const segment = openSegment(receivedAt);
        const index = known.get(partition) ?? 0;
        known.set(partition, index + 1);
        put(segment.filter, entries, at);
        segment.entries += 1;
        if (receivedAt > segment.newest) segment.newest = receivedAt;
        const part = segment.parts.at(-1);
        if (part?.partition === partition) part.to = index + 1;
        else segment.parts.push({ partition, from: index, to: index + 1 });
      }
    },
    expire(now, growing) {
      while (segments[0] !== undefined && segments[0].newest + MEMORY_NS < now) segments.shift();
      const left = new Set(segments.flatMap(({ parts }) => parts.map((part) => part.partition)));
      const gone = [...known.keys()].filter((partition) => partition !== growing && !left.has(partition));
      for (const partition of gone) known.delete(partition);
      return gone;
    },
  };
};

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** A digest is as good as random: its own bytes are the hashes. */
const put = (filter: Uint32Array, digest: Buffer, at: number): void => {
  let look = digest.readUInt32LE(at);
  const step = digest.readUInt32LE(at + 4) | 1;
  for (let n = 0; n < LOOKS; n += 1) {
    const bit = look % (filter.length * 32);
    filter[bit >>> 5]! |= 1 << (bit & 31);
    look = (look + step) >>> 0;
  }
};

const mayHold = (filter: Uint32Array, digest: Buffer): boolean => {
  let look = digest.readUInt32LE(0);
  const step = digest.readUInt32LE(4) | 1;
  for (let n = 0; n < LOOKS; n += 1) {
    const bit = look % (filter.length * 32);
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
    look = (look + step) >>> 0;
  }
  return true;
};
