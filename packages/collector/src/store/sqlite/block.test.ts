import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { type ArrivedRecords, type Block, decodeBlock, encodeBlock, unpackBlock } from "./block.ts";

interface Row {
  readonly record: string;
  readonly origin: string;
}

/** A request as skimming gives it: records somewhere in a body, with bytes between them. */
const request = (arrivedAt: bigint, rows: readonly Row[]): ArrivedRecords => {
  const names = [...new Set(rows.map(({ origin }) => origin))];
  const slices: number[] = [];
  let body = "";
  for (const { record, origin } of rows) {
    body += "--";
    slices.push(body.length, body.length + record.length, names.indexOf(origin));
    body += record;
  }
  const origins = names.map((name) => Buffer.from(name, "latin1"));
  return { bytes: Buffer.from(body, "latin1"), slices: Uint32Array.from(slices), origins, arrivedAt };
};

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const rowsOf = (block: Block) =>
  Array.from({ length: block.count }, (_, row) => ({
    record: text(block.record(row)),
    origin: text(block.origin(row)),
    arrivedAt: block.arrivedAt(row),
  }));

const latin1 = fc.uint8Array({ maxLength: 40 }).map(text);
const requests = fc.array(
  fc
    .record({
      arrivedAt: fc.oneof(
        fc.bigInt(0n, 2n ** 63n - 1n),
        fc.bigInt(0n, 10_000n).map((ms) => ms * 1_000_000n),
      ),
      rows: fc.array(fc.record({ record: latin1, origin: fc.constantFrom("a", "b", "", "\xff\0") }), { maxLength: 8 }),
    })
    .map(({ arrivedAt, rows }) => ({ arrivedAt, rows })),
  { maxLength: 6 },
);

test("what was written is read, row for row", () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 9 }), (batches, level) => {
      const bytes = encodeBlock(
        batches.map(({ arrivedAt, rows }) => request(arrivedAt, rows)),
        { level },
      );
      expect(rowsOf(decodeBlock(bytes))).toEqual(
        batches.flatMap(({ arrivedAt, rows }) => rows.map((row) => ({ ...row, arrivedAt }))),
      );
    }),
  );
});

const thousand = Array.from({ length: 1000 }, (_, n) => ({
  record: `record ${n} `.repeat(20),
  origin: `origin ${n % 3}`,
}));
const block = encodeBlock([request(1_000_000n, thousand.slice(0, 400)), request(7_000_000n, thousand.slice(400))], {
  level: 3,
});

test("records are views of one buffer, and equal origins one object", () => {
  const read = decodeBlock(block);
  expect(read.record(0).buffer).toBe(read.record(999).buffer);
  expect(read.origin(0)).toBe(read.origin(3));
  expect(read.origin(0)).not.toBe(read.origin(1));
});

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return "fine";
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
};

test("a byte that was flipped or cut anywhere is found", () => {
  for (let at = 0; at < block.length; at += 1) {
    const flipped = Buffer.from(block);
    flipped[at]! ^= 1 << (at % 8);
    expect(codeOf(() => decodeBlock(flipped))).toBe("store-corrupt");
    expect(codeOf(() => decodeBlock(block.subarray(0, at)))).toBe("store-corrupt");
  }
  expect(codeOf(() => decodeBlock(Buffer.concat([block, Buffer.alloc(1)])))).toBe("store-corrupt");
});

/** So that nothing rests on the checksum alone. */
const resealed = (body: Buffer): Buffer => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, sum]);
};

test("a damaged block with a right checksum reads as something or is refused; it never crashes or hangs", () => {
  const small = encodeBlock(
    [request(5n, thousand.slice(0, 3)), request(1_000_000n, [{ record: "\x01", origin: "" }])],
    {
      level: 1,
    },
  );
  const plain = encodeBlock([request(5n, [{ record: "r", origin: "o" }])], { level: 1 });
  fc.assert(
    fc.property(
      fc.constantFrom(small, plain),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (original, changes, cut) => {
        const body = Buffer.from(original.subarray(0, original.length - 4));
        for (const [at, value] of changes) body[at % body.length] = value;
        const damaged = resealed(cut % 3 === 0 ? body.subarray(0, cut % body.length) : body);
        expect(["fine", "store-corrupt", "store-newer"]).toContain(codeOf(() => rowsOf(decodeBlock(damaged))));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a length that promises gigabytes is refused without allocating them", () => {
  const body = Buffer.from(block.subarray(0, block.length - 4));
  body.writeUInt32LE(0xffff_fff0, 11);
  expect(codeOf(() => decodeBlock(resealed(body)))).toBe("store-corrupt");
  body.writeUInt32LE(500_000_000, 11);
  expect(codeOf(() => decodeBlock(resealed(body)))).toBe("store-corrupt");
});

test("a block of a later version is refused as such, with both versions", () => {
  const body = Buffer.from(block.subarray(0, block.length - 4));
  body[0] = 9;
  expect(() => decodeBlock(resealed(body))).toThrow("a block has version 9, this Mayfly knows 1");
  expect(codeOf(() => decodeBlock(resealed(body)))).toBe("store-newer");
});

test("unpacking gives the packed bytes back, unless the records stand there as they are", () => {
  const large = Buffer.poolSize * 32;
  const packed = (record: string): Buffer => {
    const bytes = encodeBlock([request(1n, [{ record, origin: "a" }])], { level: 1 });
    return Buffer.from(new Uint8Array(bytes).buffer); // alone in its memory, whatever its size
  };
  const repeating = Array.from({ length: large / 8 }, (_, n) => String(n).padStart(8)).join("");
  const random = text(randomBytes(large));

  for (const [record, isKept] of [
    [repeating, false],
    [random, true],
  ] as const) {
    const bytes = packed(record);
    expect(bytes.length).toBeGreaterThan(Buffer.poolSize);
    expect(rowsOf(unpackBlock(bytes))).toEqual([{ record, origin: "a", arrivedAt: 1n }]);
    expect(bytes.length > 0).toBe(isKept);
  }
});
