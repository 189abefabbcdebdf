/**
 * A block: many records of one signal, compressed together. What a partition stores, and what a question reads.
 *
 *   version u8 │ layout u8 │ count u32 │ sections … │ CRC-32 of all before it, u32
 *   section: codec u8 (0 as it is, 1 zstd) │ stored length u32 │ length u32 │ bytes
 *
 * The one section of layout 0:
 *
 *   lengths      varint × count
 *   origins      varint n, then n × (varint length, bytes)
 *   origin of    runs of (varint rows, varint origin) until count
 *   arrival of   unit (varint ns), then runs of (varint rows, signed varint: units since the run before)
 *   records      their bytes, one after the other
 *
 * Reading decompresses and gives views: no copy and no decoding per record.
 * Errors  StoreError `store-corrupt` when sum or layout is wrong, `store-newer` for a later version. The sum is checked
 *         first, so that a damaged length is never believed.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { StoreError } from "../../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

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
  /** The record's message, as it arrived. */
  record(row: number): Uint8Array;
  /** Its origin's message; equal origins are the same object. */
  origin(row: number): Uint8Array;
  arrivedAt(row: number): bigint;
}

export interface EncodeOptions {
  /** Of zstd. */
  readonly level: number;
}

const VERSION = 1;
const HEAD_BYTES = 6;
const CRC_BYTES = 4;

/** What one section may hold once decompressed: several requests of the largest size. */
const MAX_SECTION_BYTES = 512 * 1024 * 1024;

/** What is allocated at once on the word of a length. */
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;

const SECTION_PLAIN = 0;
const SECTION_ZSTD = 1;

/** The requests' records one after the other: row n is the n-th of them. */
export const encodeBlock = (requests: readonly ArrivedRecords[], { level }: EncodeOptions): Buffer => {
  const rows = requests.reduce((sum, { slices }) => sum + slices.length / 3, 0);
  const section = new ByteWriter(requests.reduce((sum, { bytes }) => sum + bytes.length, 1_024));
  for (const { slices } of requests) {
    for (let at = 0; at < slices.length; at += 3) section.varint(slices[at + 1]! - slices[at]!);
  }
  writeOrigins(section, requests);
  writeArrivals(section, requests);
  for (const { bytes, slices } of requests) {
    for (let at = 0; at < slices.length; at += 3) section.bytes(bytes, slices[at], slices[at + 1]);
  }

  const block = new ByteWriter(section.length);
  block.byte(VERSION);
  block.byte(0);
  block.u32(rows);
  writeSection(block, section.written(), level);
  block.u32(crc32(block.written()));
  return block.written();
};

const writeOrigins = (out: ByteWriter, requests: readonly ArrivedRecords[]): void => {
  const indexes = new Map<string, number>();
  const distinct: Uint8Array[] = [];
  const indexOf = (origin: Uint8Array): number => {
    const key = Buffer.from(origin.buffer, origin.byteOffset, origin.length).toString("latin1");
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, distinct.length);
    return distinct.push(origin) - 1;
  };
  const runs = createRuns((rows, origin) => {
    column.varint(rows);
    column.varint(origin);
  });
  const column = new ByteWriter();
  for (const { slices, origins } of requests) {
    const ours = origins.map(indexOf);
    for (let at = 2; at < slices.length; at += 3) runs.add(ours[slices[at]!]!);
  }
  runs.end();
  out.varint(distinct.length);
  for (const origin of distinct) {
    out.varint(origin.length);
    out.bytes(origin);
  }
  out.bytes(column.written());
};

const MILLISECOND = 1_000_000n;

const writeArrivals = (out: ByteWriter, requests: readonly ArrivedRecords[]): void => {
  const unit = requests.every(({ arrivedAt }) => arrivedAt % MILLISECOND === 0n) ? MILLISECOND : 1n;
  out.varint(Number(unit));
  let before = 0n;
  for (const { slices, arrivedAt } of requests) {
    if (slices.length === 0) continue;
    out.varint(slices.length / 3);
    out.signedVarint((arrivedAt - before) / unit);
    before = arrivedAt;
  }
};

const createRuns = (write: (rows: number, value: number) => void): { add(value: number): void; end(): void } => {
  let current = 0;
  let rows = 0;
  const end = (): void => {
    if (rows > 0) write(rows, current);
    rows = 0;
  };
  return {
    add(value) {
      if (value !== current) end();
      current = value;
      rows += 1;
    },
    end,
  };
};

/** Told the size, zstd takes no larger tables than it needs: small blocks are written five times as fast. */
const writeSection = (out: ByteWriter, bytes: Buffer, level: number): void => {
  const packed = zstdCompressSync(bytes, {
    chunkSize: Math.max(bytes.length + 1_024, constants.Z_MIN_CHUNK),
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: bytes.length,
  });
  const isSmaller = packed.length < bytes.length;
  const stored = isSmaller ? packed : bytes;
  out.byte(isSmaller ? SECTION_ZSTD : SECTION_PLAIN);
  out.u32(stored.length);
  out.u32(bytes.length);
  out.bytes(stored);
};

export const decodeBlock = (bytes: Uint8Array): Block => {
  const reader = checked(bytes);
  const layout = reader.byte();
  if (layout !== 0) reader.fail(`has the unknown layout ${layout}`);
  const count = reader.u32();
  const section = new ByteReader(readSection(reader), "a block's section");
  if (reader.remaining > 0) reader.fail("goes on after its last section");
  if (count > section.remaining) section.fail(`is too short for ${count} records`);

  const ends = new Uint32Array(count);
  let total = 0;
  for (let row = 0; row < count; row += 1) ends[row] = total += section.varint();
  const origins = readOrigins(section);
  const originOf = new Uint32Array(count);
  for (let row = 0; row < count;) {
    const rows = section.varint();
    const origin = section.varint();
    if (rows === 0 || rows > count - row || origin >= origins.length) section.fail("has a bad run of origins");
    originOf.fill(origin, row, (row += rows));
  }
  const arrivals = readArrivals(section, count);
  if (total !== section.remaining) section.fail(`has records of ${total} bytes in ${section.remaining}`);
  const records = section.bytes(total);

  return {
    count,
    record: (row) => records.subarray(row === 0 ? 0 : ends[row - 1], ends[row]),
    origin: (row) => origins[originOf[row]!]!,
    arrivedAt: (row) => arrivals[row]!,
  };
};

/** Behind the version, up to the sum. */
const checked = (bytes: Uint8Array): ByteReader => {
  const body = bytes.subarray(0, Math.max(0, bytes.length - CRC_BYTES));
  const reader = new ByteReader(body, "a block");
  if (body.length < HEAD_BYTES) reader.fail("is too short");
  const sum = new DataView(bytes.buffer, bytes.byteOffset + body.length, CRC_BYTES).getUint32(0, true);
  if (crc32(body) !== sum) reader.fail("is damaged: its checksum is wrong");
  const version = reader.byte();
  if (version > VERSION) {
    throw new StoreError("store-newer", `a block has version ${version}, this Mayfly knows ${VERSION}`);
  }
  if (version !== VERSION) reader.fail(`has the unknown version ${version}`);
  return reader;
};

const readSection = (reader: ByteReader): Buffer => {
  const codec = reader.byte();
  const storedLength = reader.u32();
  const length = reader.u32();
  const stored = reader.bytes(storedLength);
  if (codec === SECTION_PLAIN && length === storedLength) return stored;
  if (codec !== SECTION_ZSTD || length > MAX_SECTION_BYTES) return reader.fail("has a bad section");
  const section = decompressed(stored, length);
  return section?.length === length ? section : reader.fail("has a section that does not decompress");
};

const decompressed = (stored: Buffer, length: number): Buffer | undefined => {
  try {
    const chunkSize = Math.min(Math.max(length, constants.Z_MIN_CHUNK), MAX_CHUNK_BYTES);
    return zstdDecompressSync(stored, { chunkSize, maxOutputLength: Math.max(length, 1) });
  } catch {
    return undefined;
  }
};

const readOrigins = (section: ByteReader): readonly Buffer[] => {
  const count = section.varint();
  if (count > section.remaining) section.fail(`is too short for ${count} origins`);
  return Array.from({ length: count }, () => section.bytes(section.varint()));
};

const readArrivals = (section: ByteReader, count: number): BigUint64Array => {
  const unit = BigInt(section.varint());
  const arrivals = new BigUint64Array(count);
  let arrivedAt = 0n;
  for (let row = 0; row < count;) {
    const rows = section.varint();
    if (rows === 0 || rows > count - row) section.fail("has a bad run of arrivals");
    arrivedAt += section.signedVarint() * unit;
    arrivals.fill(arrivedAt, row, (row += rows));
  }
  return arrivals;
};
