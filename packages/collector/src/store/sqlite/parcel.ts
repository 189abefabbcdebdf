/**
 * Batches on their way to another thread: what is small is copied together into one buffer, what is large is handed
 * over, because cloning costs more than what is cloned.
 *
 * A batch whose bytes were handed over is empty from then on.
 */
import type { Batch, Signal } from "../store.ts";

export interface Parcel {
  /** Digests, slices, origins and the bytes of small batches, one after the other. */
  readonly bytes: ArrayBuffer;
  readonly batches: readonly PackedBatch[];
}

/** Where in the parcel something is: start, length. */
type Part = readonly [start: number, length: number];

interface PackedBatch {
  readonly signal: Signal;
  readonly receivedAt: bigint;
  readonly items: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly digest: Part;
  readonly slices: Part;
  readonly origins: readonly Part[];
  readonly records: Part | Uint8Array;
}

const LARGE_BYTES = 65_536;
/** Slices are numbers of four bytes. */
const ALIGNMENT = 4;

const aligned = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** Alone in its buffer, so that nothing else goes with it. */
const isHandedOver = (bytes: Uint8Array): boolean =>
  bytes.length >= LARGE_BYTES && bytes.length === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;

const sizeOf = ({ requestDigest, records: { bytes, slices, origins } }: Batch): number =>
  origins.reduce((sum, origin) => sum + aligned(origin.length), 0) +
  aligned(requestDigest.length) +
  slices.byteLength +
  (isHandedOver(bytes) ? 0 : aligned(bytes.length));

export const packed = (batches: readonly Batch[]): { readonly parcel: Parcel; readonly transfer: ArrayBuffer[] } => {
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + sizeOf(batch), 0));
  const transfer: ArrayBuffer[] = [bytes.buffer];
  let end = 0;
  const put = (part: Uint8Array): Part => {
    const start = end;
    bytes.set(part, start);
    end += aligned(part.length);
    return [start, part.length];
  };
  const records = (own: Uint8Array): Part | Uint8Array => {
    if (!isHandedOver(own)) return put(own);
    transfer.push(own.buffer as ArrayBuffer);
    return new Uint8Array(own.buffer as ArrayBuffer);
  };
  const parcel = {
    bytes: bytes.buffer,
    batches: batches.map((batch): PackedBatch => {
      const { slices, origins, items } = batch.records;
      return {
        signal: batch.signal,
        receivedAt: batch.receivedAt,
        items,
        rejected: batch.rejected,
        digest: put(batch.requestDigest),
        slices: put(new Uint8Array(slices.buffer, slices.byteOffset, slices.byteLength)),
        origins: origins.map(put),
        records: records(batch.records.bytes),
      };
    }),
  };
  return { parcel, transfer };
};

export const unpacked = ({ bytes, batches }: Parcel): readonly Batch[] => {
  const take = ([start, length]: Part): Uint8Array => new Uint8Array(bytes, start, length);
  return batches.map(({ signal, receivedAt, items, rejected, digest, slices, origins, records }) => ({
    signal,
    receivedAt,
    rejected,
    requestDigest: take(digest),
    records: {
      items,
      bytes: records instanceof Uint8Array ? records : take(records),
      slices: new Uint32Array(bytes, slices[0], slices[1] / ALIGNMENT),
      origins: origins.map(take),
    },
  }));
};
