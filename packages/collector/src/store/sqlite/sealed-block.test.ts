import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import type { Block } from "./block.ts";
import type { OriginSource } from "./origin-table.ts";
import type { Signal } from "./partition-reader.ts";
import { decodeSealedBlock, encodeSealedBlock } from "./sealed-block.ts";

const origins: OriginSource = {
  count: 3,
  at: (index) => Buffer.from(`origin ${index}`),
};

interface Row {
  readonly record: Buffer;
  readonly origin: number;
  readonly arrivedAt: bigint;
}

const encoded = (signal: Signal, rows: readonly Row[]): Buffer => {
  let end = 0;
  return encodeSealedBlock(
    signal,
    {
      bytes: Buffer.concat(rows.map(({ record }) => record)),
      ends: rows.map(({ record }) => (end += record.length)),
      origins: rows.map(({ origin }) => origin),
      arrivals: rows.map(({ arrivedAt }) => ({ rows: 1, arrivedAt })),
    },
    { level: 1 },
  );
};

const rowsOf = (block: Block) =>
  Array.from({ length: block.count }, (_, row) => ({
    record: Buffer.from(block.record(row)).toString("hex"),
    origin: Number(Buffer.from(block.origin(row)).toString().split(" ")[1]),
    arrivedAt: block.arrivedAt(row),
  }));

const shown = (rows: readonly Row[]) => rows.map((row) => ({ ...row, record: row.record.toString("hex") }));

const field = (tag: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
const fixed64 = (tag: number, value: bigint): Buffer => {
  const bytes = Buffer.from([tag, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
};

const someBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const time = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 40 }).map((ns) => 1_790_000_000_000_000_000n + BigInt(ns)),
  fc.bigInt(0n, 2n ** 64n - 1n),
);
/** Usual fields in any order and number, near misses of them, and bytes that are no message. */
const part = fc.oneof(
  fc.tuple(fc.constantFrom(0x0a, 0x4a), someBytes(16)).map(([tag, id]) => field(tag, id)),
  fc.tuple(fc.constantFrom(0x12, 0x22, 0x52), someBytes(8)).map(([tag, id]) => field(tag, id)),
  fc.tuple(fc.constantFrom(0x39, 0x41, 0x09, 0x59), time).map(([tag, value]) => fixed64(tag, value)),
  fc
    .tuple(fc.constantFrom(0x0a, 0x12, 0x2a, 0x4a, 0x7a), fc.uint8Array({ maxLength: 20 }))
    .map(([tag, x]) => field(tag, x)),
  fc.constant(Buffer.from([0x30, 0x02])),
  fc.constant(Buffer.from([0x85, 0x02, 1, 1, 0, 0])),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
);
const record = fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts));
const row = fc.record({ record, origin: fc.nat(2), arrivedAt: fc.bigInt(0n, 2n ** 63n - 1n) });
const signal = fc.constantFrom<Signal>("spans", "logs", "metrics");

test("every record comes back byte for byte, whatever its fields and their order", () => {
  fc.assert(
    fc.property(signal, fc.array(row, { maxLength: 20 }), (kind, rows) => {
      expect(rowsOf(decodeSealedBlock(kind, encoded(kind, rows), origins))).toEqual(shown(rows));
    }),
    { numRuns: 700 },
  );
});

const spans = Array.from({ length: 200 }, (_, n): Row => ({
  record: Buffer.concat([
    field(0x0a, Buffer.alloc(16, n >> 3)),
    field(0x12, Buffer.alloc(8, n)),
    field(0x2a, Buffer.from("POST /orders")),
    fixed64(0x39, 1_790_000_000_000_000_000n + BigInt(n * 1_234_567)),
    fixed64(0x41, 1_790_000_000_009_000_000n + BigInt(n * 1_234_777)),
  ]),
  origin: n % 3,
  arrivedAt: 5_000_000n,
}));

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return "fine";
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
};

test("a byte that was flipped or cut anywhere is found", () => {
  const bytes = encoded("spans", spans);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    expect(codeOf(() => decodeSealedBlock("spans", flipped, origins))).toBe("store-corrupt");
    expect(codeOf(() => decodeSealedBlock("spans", bytes.subarray(0, at), origins))).toBe("store-corrupt");
  }
});

test("a damaged block with a right checksum reads as something or is refused; it never crashes or hangs", () => {
  const bytes = encoded("spans", spans.slice(0, 4));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.constantFrom<Signal>("spans", "logs", "metrics"),
      (changes, kind) => {
        const damaged = Buffer.from(bytes);
        for (const [at, value] of changes) damaged[at % (damaged.length - 4)] = value;
        damaged.writeUInt32LE(crc32(damaged.subarray(0, -4)), damaged.length - 4);
        expect(["fine", "store-corrupt", "store-newer"]).toContain(
          codeOf(() => {
            const block = decodeSealedBlock(kind, damaged, origins);
            for (let n = 0; n < block.count; n += 1) block.record(n);
          }),
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

test("bytes are read as often as one likes, compressed or not", () => {
  const size = Buffer.poolSize * 2;
  for (const bytesOfOne of [randomBytes(size), Buffer.alloc(size, "record ")]) {
    const rows = [{ record: bytesOfOne, origin: 1, arrivedAt: 5n }];
    const bytes = encoded("logs", rows);
    for (let times = 0; times < 2; times += 1)
      expect(rowsOf(decodeSealedBlock("logs", bytes, origins))).toEqual(shown(rows));
  }
});
