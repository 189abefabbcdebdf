import {
  mkdtempSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { type Block, decodeBlock, encodeBlock } from "./block.ts";
import { SIGNALS, type Signal } from "./partition-reader.ts";
import { openSealedReader } from "./sealed-reader.ts";
import { type SealOptions, type SealStep, sealPartition, type WordsOf } from "./seal.ts";
import type { SealSource } from "./seal-source.ts";
import { SoughtTerms } from "./sought-terms.ts";

interface Given {
  readonly signal: Signal;
  readonly record: Buffer;
  readonly origin: string;
}

const field = (tag: number, bytes: string | Uint8Array): Buffer => {
  const value = Buffer.from(bytes);
  return Buffer.concat([Buffer.from([tag, value.length]), value]);
};
const fixed64 = (tag: number, value: bigint): Buffer => {
  const bytes = Buffer.from([tag, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
};
const traceBytes = (trace: number): Buffer => Buffer.alloc(16, trace + 1);

const T0 = 1_790_000_000_000_000_000n;

const span = (trace: number, name: string, origin = "environment 1"): Given => ({
  signal: "spans",
  record: Buffer.concat([field(0x0a, traceBytes(trace)), field(0x2a, name), fixed64(0x39, T0)]),
  origin,
});
const log = (trace: number | undefined, text: string, ms: number): Given => ({
  signal: "logs",
  record: Buffer.concat([
    fixed64(0x09, T0 + BigInt(ms) * 1_000_000n),
    field(0x2a, field(0x0a, text)),
    ...(trace === undefined ? [] : [field(0x4a, traceBytes(trace))]),
  ]),
  origin: "environment 1",
});
const metric = (name: string, points: number): Given => ({
  signal: "metrics",
  record: Buffer.concat([
    field(0x0a, name),
    field(0x2a, Buffer.concat(Array.from({ length: points }, () => field(0x0a, fixed64(0x19, T0))))),
  ]),
  origin: "environment 1",
});

/** The term of a trace, and of a name, as these tests have them. */
const placeOf = (trace: number): number => (trace + 1) * 0x0100_0193;
const wordOf = (name: string): number => Math.imul(crc32(name), 0x9e37_79b1) >>> 0;

/** Of a span of these tests. */
const nameIn = (record: Uint8Array): string => Buffer.from(record).toString("latin1", 20, 20 + (record[19] ?? 0));

const wordsOf: WordsOf = (_, { bytes, ends }) => {
  const names = Array.from(ends, (end, row) => nameIn(bytes.subarray(ends[row - 1] ?? 0, end)));
  return { words: Uint32Array.from(new Set(names), wordOf), minTime: T0, maxTime: T0 + 5n };
};

/** As an active partition has them: each request a run, each inner list a block. */
const sourceOf = (commits: readonly (readonly (readonly Given[])[])[]): SealSource => {
  const blocks = commits.flatMap((requests, commit) =>
    SIGNALS.flatMap((signal) => {
      const bodies = requests.map((given, n) => {
        const rows = given.filter((one) => one.signal === signal);
        const origins = [...new Set(rows.map(({ origin }) => origin))];
        let at = 0;
        const slices = rows.flatMap(({ record, origin }) => {
          at += record.length;
          return [at - record.length, at, origins.indexOf(origin)];
        });
        return {
          rows,
          bytes: Buffer.concat(rows.map(({ record }) => record)),
          slices: Uint32Array.from(slices),
          origins: origins.map((origin) => Buffer.from(origin)),
          arrivedAt: T0 + BigInt(commit) * 1_000_000n + BigInt(n % 2) * 1_000_000n,
        };
      });
      const rows = bodies.flatMap((body) => body.rows);
      return rows.length === 0 ? [] : [{ signal, rows, body: encodeBlock(bodies, { level: 1 }) }];
    }),
  );
  return {
    blocks: (signal) =>
      blocks.flatMap((block, n) =>
        block.signal === signal ? [{ id: n + 1, records: block.rows.length, minTime: T0, maxTime: T0 }] : [],
      ),
    block: (id) => decodeBlock(blocks[id - 1]!.body),
    places: (id) =>
      Uint32Array.from(
        blocks[id - 1]!.rows.flatMap(({ signal, record }, row) =>
          signal === "spans" ? [placeOf(record[2]! - 1), row] : [],
        ),
      ),
  };
};

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-seal-"));
  path = join(folder, "000001.sealed");
});
afterEach(() => rmSync(folder, { recursive: true }));

const seal = (source: SealSource, options: Partial<SealOptions> = {}) =>
  sealPartition({ source, path, wordsOf, ...options });

const blockRows = (block: Block): string[] =>
  Array.from({ length: block.count }, (_, row) => Buffer.from(block.record(row)).toString("hex"));

const stored = (signal: Signal): string[] => {
  const reader = openSealedReader(path);
  const rows = reader.blocks(signal).flatMap(({ id }) => blockRows(reader.block(id)));
  reader.close();
  return rows;
};
const hex = (given: readonly Given[]): string[] => given.map(({ record }) => record.toString("hex"));

const thousand = Array.from({ length: 1_000 }, (_, n) => span(n % 50, `name ${n}`, `environment ${n % 300}`));
const inCommits = (given: readonly Given[], size: number) =>
  Array.from({ length: Math.ceil(given.length / size) }, (_, n) => [given.slice(n * size, (n + 1) * size)]);

test("every record is there once, those of a trace side by side and in the order of their arrival", () => {
  seal(sourceOf(inCommits(thousand, 37)), { blockBytes: 2_000 });
  const rows = stored("spans");
  expect(rows.toSorted()).toEqual(hex(thousand).toSorted());
  const traces = rows.map((row) => row.slice(4, 36));
  expect(traces.filter((trace, n) => trace !== traces[n - 1])).toHaveLength(50);
  const ofTrace = rows.filter((row) => row.startsWith(traceBytes(7).toString("hex"), 4));
  expect(ofTrace).toEqual(hex(thousand.filter((_, n) => n % 50 === 7)));
});

test("origins and times of arrival stay with their records", () => {
  seal(sourceOf(inCommits(thousand, 37)), { blockBytes: 2_000 });
  const reader = openSealedReader(path);
  for (const { id } of reader.blocks("spans")) {
    const block = reader.block(id);
    for (const [row, record] of blockRows(block).entries()) {
      const n = hex(thousand).indexOf(record);
      expect(Buffer.from(block.origin(row)).toString()).toBe(`environment ${n % 300}`);
      expect(block.arrivedAt(row)).toBe(T0 + BigInt(Math.floor(n / 37)) * 1_000_000n);
    }
  }
  reader.close();
});

test("a place leads to its records, a word to the blocks that hold it", () => {
  seal(sourceOf(inCommits(thousand, 37)), { blockBytes: 2_000 });
  const reader = openSealedReader(path);
  for (const trace of [0, 7, 49]) {
    const records = reader
      .places("spans", new SoughtTerms([placeOf(trace)]))
      .map(({ block, row }) => Buffer.from(reader.block(block).record(row)).toString("hex"));
    expect(records).toEqual(hex(thousand.filter((_, n) => n % 50 === trace)));
  }
  const unknown = Array.from({ length: 1_000 }, (_, n) => placeOf(1_000 + n) >>> 0);
  expect(unknown.filter((term) => reader.places("spans", new SoughtTerms([term])).length > 0).length).toBeLessThan(40);
  for (const name of ["name 0", "name 413"]) {
    const [id, ...others] = reader.words("spans", wordOf(name));
    expect(others).toEqual([]);
    expect(blockRows(reader.block(id!)).join()).toContain(Buffer.from(name).toString("hex"));
  }
  expect(reader.places("logs", new SoughtTerms([placeOf(7)]))).toEqual([]);
  reader.close();
});

test("what other requests brought again is kept once and counted; what one request brought twice stays twice", () => {
  const [a, b] = [span(1, "one"), span(1, "two")];
  const elsewhere = span(1, "one", "environment 2");
  const line = log(1, "same line", 5);
  const gauge = metric("queue depth", 3);
  const { signals } = seal(sourceOf([[[a, b, line, line, gauge]], [[a, elsewhere, line, gauge], [a]]]));
  expect(stored("spans")).toEqual(hex([a, b, elsewhere]));
  expect(stored("logs")).toEqual(hex([line, line]));
  expect(stored("metrics")).toEqual(hex([gauge]));
  expect(signals.spans).toMatchObject({ records: 3, items: 3, duplicates: 2 });
  expect(signals.logs).toMatchObject({ records: 2, items: 2, duplicates: 1 });
  expect(signals.metrics).toMatchObject({ records: 1, items: 3, duplicates: 3 });
});

test("copies are found among many records of one trace too", () => {
  const many = Array.from({ length: 500 }, (_, n) => span(1, `name ${n}`));
  const { signals } = seal(sourceOf([[many], [many.slice(100, 200)]]));
  expect(signals.spans).toMatchObject({ records: 500, duplicates: 100 });
  expect(stored("spans")).toEqual(hex(many));
});

test("logs of a trace stand in the order of their time, and logs without one too", () => {
  const ofTrace = [30, 10, 20].map((ms) => log(3, `line at ${ms}`, ms));
  const bare = [3, 1, 2].map((ms) => log(undefined, `line at ${ms}`, ms));
  seal(sourceOf([[ofTrace], [bare]]));
  const rows = stored("logs");
  const order = (given: readonly Given[]) => hex(given).map((row) => rows.indexOf(row));
  expect(order([ofTrace[1]!, ofTrace[2]!, ofTrace[0]!])).toEqual(order(ofTrace).toSorted((a, b) => a - b));
  expect(order([bare[1]!, bare[2]!, bare[0]!])).toEqual(order(bare).toSorted((a, b) => a - b));
});

test("a partition that does not fit the memory is sealed in several passes to the same records", () => {
  const source = sourceOf(inCommits(thousand, 37));
  seal(source, { blockBytes: 2_000 });
  const inOne = stored("spans");
  seal(source, { blockBytes: 2_000, bufferBytes: 3_000, keptBytes: 5_000 });
  expect(stored("spans")).toEqual(inOne);
});

test("an empty partition is sealed like any other", () => {
  seal(sourceOf([]));
  expect(SIGNALS.flatMap(stored)).toEqual([]);
});

test.each<SealStep>(["write", "sync", "rename", "sync folder"])(
  "a crash before: %s leaves no half file, and the next attempt succeeds",
  (fatal) => {
    const source = sourceOf(inCommits(thousand, 37));
    const crash = (step: SealStep): void => {
      if (step === fatal) throw new Error("crash");
    };
    expect(() => seal(source, { beforeStep: crash })).toThrow("crash");
    if (fatal === "sync folder") expect(stored("spans")).toHaveLength(1_000);
    else expect(existsSync(path)).toBe(false);
    seal(source);
    expect(stored("spans").toSorted()).toEqual(hex(thousand).toSorted());
    expect(readdirSync(folder)).toEqual(["000001.sealed"]);
  },
);

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return "fine";
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
};

const readAll = (): void => {
  const reader = openSealedReader(path);
  try {
    for (const signal of SIGNALS) {
      reader.places(signal, new SoughtTerms([placeOf(7)]));
      reader.words(signal, wordOf("name 7"));
      for (const { id } of reader.blocks(signal)) {
        const block = reader.block(id);
        for (let row = 0; row < block.count; row += 1) block.origin(row);
      }
    }
  } finally {
    reader.close();
  }
};

test("a file that was cut anywhere is refused when it is opened", () => {
  seal(sourceOf(inCommits(thousand.slice(0, 100), 37)));
  for (let size = statSync(path).size - 1; size >= 0; size -= 11) {
    truncateSync(path, size);
    expect(codeOf(readAll)).toBe("store-corrupt");
  }
});

test("a byte flipped anywhere is found when it is read", () => {
  seal(sourceOf(inCommits(thousand.slice(0, 60), 37)));
  const bytes = readFileSync(path);
  const pages = openSealedReader(path).directory.signals.spans;
  const isPage = (at: number): boolean =>
    [...pages.places, ...pages.words].some(({ offset, length }) => at >= offset && at < offset + length);
  for (let at = 0; at < bytes.length; at += 3) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(path, flipped);
    const isVersion = at >= 12 && at < 16;
    if (!isPage(at))
      expect([at, codeOf(readAll)]).toEqual([at, isVersion ? expect.stringMatching(/newer|corrupt/) : "store-corrupt"]);
  }
});

test("a file of a later version is refused with its name and both versions; one that is missing says so", () => {
  seal(sourceOf([]));
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(9, 12);
  writeFileSync(path, bytes);
  expect(() => openSealedReader(path)).toThrow(`cannot open ${path}: its version is 9, this Mayfly knows 3`);
  expect(codeOf(() => openSealedReader(path))).toBe("store-newer");
  rmSync(path);
  expect(codeOf(() => openSealedReader(path))).toBe("store-unreadable");
});

/** What sealing once made of spans "a" and "c" of trace 1 and "b" of trace 2. */
const VERSION_1 =
  "bWF5Zmx5c2VhbGVkAQAAAAEBAwAAAAAYAAAAGAAAAAAA8yOEW9cYAAYGBgMAwIQ9A4Cwg8WYaAASAAAAEgAAAAoQKgFiOQoQKgFhOQoQKgFjOQEUAAAA" +
  "MAAAACi1L/0gMF0AABgDAwICAKARMsACAREAAAAVAAAAKLUv/SAVRQAAEAAAAQAJwALnoyLaBwUCAwAAAAEAAAABAAAAAhjlhgdCCAUAAQAAAAMAAAAD" +
  "AAAAAOv2gNULw2oBAgEAAAAADgAAAA4AAAANZW52aXJvbm1lbnQgMRts/yyAgJi/hOGt1zEAAwMAAX0DgICYv4ThrdcxCgEVgICAEAEXgICAGAAAAAAA" +
  "AAAAAAAAAAEBITUAAACVI+DIbWF5Zmx5c2VhbGVk";

const VERSION_2 =
  "bWF5Zmx5c2VhbGVkAgAAAAEBAwAAAAAYAAAAGAAAAAAA8yOEW9cYAAYGBgMAwIQ9A4Cwg8WYaAASAAAAEgAAAAoQKgFiOQoQKgFhOQoQKgFjOQEUAAAAMA" +
  "AAACi1L/0gMF0AABgDAwICAKARMsACAREAAAAVAAAAKLUv/SAVRQAAEAAAAQAJwALnoyLaBwUCAwAAAAEAAAABAAAAAhjlhgdCCAUAAQAAAAMAAAADAAAA" +
  "AOv2gNULw2ogAAIABAAACAQgAAAEAAAEAQAAAgAAAEgAAAhAAAAAFGH8pyIBAgEAAAAADgAAAA4AAAANZW52aXJvbm1lbnQgMRts/yyAgJi/hOGt1zEAAw" +
  "MAAX0DgICYv4ThrdcxCgEVgICAEAEXgICAGCQAAAAAAAAAAAAAAAAAAAEBITgAAACIINb2bWF5Zmx5c2VhbGVk";

test.each([
  ["the first version, which had no filter of terms", VERSION_1],
  ["the second version, which had another", VERSION_2],
])("a file of %s, is read as it is", (_, file) => {
  writeFileSync(path, Buffer.from(file, "base64"));
  expect(stored("spans")).toEqual(hex([span(2, "b"), span(1, "a"), span(1, "c")]));
  const reader = openSealedReader(path);
  expect(reader.directory.signals.spans.filter.length).toBe(0);
  expect([1, 2, 3].map((trace) => reader.places("spans", new SoughtTerms([placeOf(trace)])).length)).toEqual([3, 3, 0]); // too much, never too little
  reader.close();
});
