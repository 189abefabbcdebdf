/**
 * A block: many records of one signal, compressed together. What a partition stores, and what a question reads.
 *
 * This one holds them as they arrived. Its one section:
 *
 *   lengths      varint × count
 *   origins      varint n, then n × (varint length, bytes)
 *   origin of    runs, arrival of   runs (columns.ts); a request is at least one run of arrivals
 *   records      their bytes, one after the other
 *
 * Reading decompresses and gives views: no copy and no decoding per record.
 * Errors  StoreError, as block-frame.ts says.
 */
import { giveBack } from "../../give-back.ts";
import { LAYOUT_ARRIVED, readFrame, writeFrame } from "./block-frame.ts";
import { ByteReader } from "./byte-reader.ts";
import { bufferOf, ByteWriter } from "./byte-writer.ts";
import { readArrivalRuns, readOriginRuns, writeArrivalRuns, writeOriginRuns } from "./columns.ts";

/** Records of one request: RawRecords of @mayfly/otlp with the time of its arrival. */
export interface ArrivedRecords {
  readonly bytes: Uint8Array;
  /** Per record: start, end, index of its origin. */
  readonly slices: Uint32Array;
  readonly origins: readonly Uint8Array[];
  /** `receivedAt` of the request, ns; less than 2^63. */
  readonly arrivedAt: bigint;
}

export interface Block {
  readonly count: number;
  /** All records one after the other, for whoever goes through them; `ends` says where each ends. */
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
  /** The record's message, as it arrived. */
  record(row: number): Uint8Array;
  /** Its origin's message; equal origins are the same object. */
  origin(row: number): Uint8Array;
  arrivedAt(row: number): bigint;
  /** Rows that arrived in one request have one number, which means nothing beyond this block. */
  request(row: number): number;
}

const MAX_KEPT_BYTES = 4 * 1024 * 1024;

export interface EncodeOptions {
  /** Of zstd. */
  readonly level: number;
}

export type BlockEncoder = (requests: readonly ArrivedRecords[], options: EncodeOptions) => Buffer;

/** Many blocks one after the other: what one is put together in serves the next, unless it was unusually large. */
export const createBlockEncoder = (): BlockEncoder => {
  let section = new ByteWriter();
  return (requests, options) => {
    if (section.capacity > MAX_KEPT_BYTES) section = new ByteWriter();
    section.clear();
    return encode(requests, section, options);
  };
};

/** The requests' records one after the other: row n is the n-th of them. */
export const encodeBlock: BlockEncoder = (requests, options) => encode(requests, new ByteWriter(), options);

const encode = (requests: readonly ArrivedRecords[], section: ByteWriter, { level }: EncodeOptions): Buffer => {
  const count = requests.reduce((sum, { slices }) => sum + slices.length / 3, 0);
  for (const { slices } of requests) {
    for (let at = 0; at < slices.length; at += 3) section.varint(slices[at + 1]! - slices[at]!);
  }
  writeOrigins(section, requests, count);
  writeArrivalRuns(
    section,
    requests.map(({ slices, arrivedAt }) => ({ rows: slices.length / 3, arrivedAt })),
  );
  for (const { bytes, slices } of requests) {
    const body = bufferOf(bytes);
    for (let at = 0; at < slices.length; at += 3) section.bytes(body, slices[at], slices[at + 1]);
  }
  return writeFrame(LAYOUT_ARRIVED, { count, sections: [section.written()] }, level);
};

const writeOrigins = (out: ByteWriter, requests: readonly ArrivedRecords[], count: number): void => {
  const indexes = new Map<string, number>();
  const distinct: Uint8Array[] = [];
  const indexOf = (origin: Uint8Array): number => {
    const key = Buffer.from(origin.buffer, origin.byteOffset, origin.length).toString("latin1");
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, distinct.length);
    return distinct.push(origin) - 1;
  };
  const originOf = new Uint32Array(count);
  let row = 0;
  for (const { slices, origins } of requests) {
    const ours = origins.map(indexOf);
    for (let at = 2; at < slices.length; at += 3) originOf[row++] = ours[slices[at]!]!;
  }
  out.varint(distinct.length);
  for (const origin of distinct) {
    out.varint(origin.length);
    out.bytes(bufferOf(origin));
  }
  writeOriginRuns(out, originOf);
};

export const decodeBlock = (bytes: Uint8Array): Block => {
  const { count, sections } = readFrame(bytes, LAYOUT_ARRIVED, 1);
  const section = new ByteReader(sections[0]!, "a block's section");
  if (count > section.remaining) section.fail(`is too short for ${count} records`);

  const ends = new Uint32Array(count);
  let total = 0;
  for (let row = 0; row < count; row += 1) ends[row] = total += section.varint();
  const origins = readOrigins(section);
  const originOf = readOriginRuns(section, count, origins.length);
  const arrivals = readArrivalRuns(section, count);
  if (total !== section.remaining) section.fail(`has records of ${total} bytes in ${section.remaining}`);
  const records = section.bytes(total);

  return {
    count,
    bytes: records,
    ends,
    record: (row) => records.subarray(row === 0 ? 0 : ends[row - 1], ends[row]),
    origin: (row) => origins[originOf[row]!]!,
    arrivedAt: (row) => arrivals.arrivedAt[row]!,
    request: (row) => arrivals.run[row]!,
  };
};

/** As `decodeBlock`, for who has the bytes alone and needs them no more. */
export const unpackBlock = (bytes: Buffer): Block => {
  const block = decodeBlock(bytes);
  if (block.bytes.buffer !== bytes.buffer) giveBack(bytes.buffer);
  return block;
};

const readOrigins = (section: ByteReader): readonly Buffer[] => {
  const count = section.varint();
  if (count > section.remaining) section.fail(`is too short for ${count} origins`);
  return Array.from({ length: count }, () => section.bytes(section.varint()));
};
