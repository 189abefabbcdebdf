/**
 * What all blocks have around them: version, layout, count, compressed sections, and a sum over everything.
 *
 *   version u8 │ layout u8 │ count u32 │ sections … │ CRC-32 of all before it, u32
 *   section: codec u8 (0 as it is, 1 zstd) │ stored length u32 │ length u32 │ bytes
 *
 * Errors  StoreError `store-corrupt` when sum or layout is wrong, `store-newer` for a later version. The sum is checked
 *         first, so that a damaged length is never believed; no length is allocated for before its bytes are there.
 *         `store-failed` in a thread that is to end.
 */
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { StoreError } from "../../errors.ts";
import { giveBack } from "../../give-back.ts";
import { throwIfToEnd } from "../../thread.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

/** As requests arrived: one section (block.ts). */
export const LAYOUT_ARRIVED = 0;
/** Sorted, in columns (sealed-block.ts). */
export const LAYOUT_SEALED = 1;
/** Origins of a partition (origin-table.ts). */
export const LAYOUT_ORIGINS = 2;
export type Layout = typeof LAYOUT_ARRIVED | typeof LAYOUT_SEALED | typeof LAYOUT_ORIGINS;

const VERSION = 1;
const HEAD_BYTES = 6;
const CRC_BYTES = 4;
const SECTION_HEAD_BYTES = 9;
/** What is around the sections, and what a varint asks for beyond its length. */
const ROOM_BYTES = 64;

/** What one section may hold once decompressed: several requests of the largest size. */
const MAX_SECTION_BYTES = 512 * 1024 * 1024;

/** What is allocated at once on the word of a length. */
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;

const SECTION_PLAIN = 0;
const SECTION_ZSTD = 1;

export interface Frame {
  readonly count: number;
  readonly sections: readonly Buffer[];
}

/** `level` is zstd's. */
export const writeFrame = (layout: Layout, { count, sections }: Frame, level: number): Buffer => {
  throwIfToEnd();
  const packed = sections.map((section) => compressed(section, level));
  const frame = new ByteWriter(packed.reduce((sum, section) => sum + SECTION_HEAD_BYTES + section.length, ROOM_BYTES));
  frame.byte(VERSION);
  frame.byte(layout);
  frame.u32(count);
  for (const [index, section] of sections.entries()) writeSection(frame, section, packed[index]!);
  for (const section of packed) giveBack(section.buffer);
  frame.u32(crc32(frame.written()));
  return frame.written();
};

/**
 * Told the size, zstd takes no larger tables than it needs: small blocks are written five times as fast. A quarter is
 * what telemetry takes and more; what takes more comes in pieces.
 */
const compressed = (bytes: Buffer, level: number): Buffer =>
  zstdCompressSync(bytes, {
    chunkSize: Math.max((bytes.length >>> 2) + 1_024, constants.Z_MIN_CHUNK),
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: bytes.length,
  });

const writeSection = (out: ByteWriter, bytes: Buffer, packed: Buffer): void => {
  const isSmaller = packed.length < bytes.length;
  const stored = isSmaller ? packed : bytes;
  out.byte(isSmaller ? SECTION_ZSTD : SECTION_PLAIN);
  out.u32(stored.length);
  out.u32(bytes.length);
  out.bytes(stored);
};

/** `sections`: how many the layout has. */
export const readFrame = (bytes: Uint8Array, expected: Layout, sections: number): Frame => {
  throwIfToEnd();
  const reader = checked(bytes);
  const layout = reader.byte();
  if (layout !== expected) reader.fail(`has the layout ${layout}, expected ${expected},`);
  const count = reader.u32();
  const frame = { count, sections: Array.from({ length: sections }, () => readSection(reader)) };
  if (reader.remaining > 0) reader.fail("goes on after its last section");
  return frame;
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
    // One more than there is: when a chunk is full, zlib makes the next one before it looks whether anything follows.
    const chunkSize = Math.min(Math.max(length + 1, constants.Z_MIN_CHUNK), MAX_CHUNK_BYTES);
    return zstdDecompressSync(stored, { chunkSize, maxOutputLength: Math.max(length, 1) });
  } catch {
    return undefined;
  }
};
