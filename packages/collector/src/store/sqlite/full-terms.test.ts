import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { batch, log, logBatch, span, spanId, START, traceId } from "../../../test/builders.ts";
import type { Store, StoreReader } from "../store.ts";
import { openKeeper } from "./keeper.ts";
import { activePath, termsPath } from "./partitions.ts";
import type * as SealedFiles from "./sealed-file.ts";
import { openStore, openStoreReader } from "./sqlite-store.ts";
import type * as TermIndexes from "./term-index.ts";

/** Bytes that were read from files that are written once; bytes of terms that were read into memory. */
const read = { filed: 0, intoMemory: 0 };
vi.mock("./sealed-file.ts", async (original) => {
  const module = await original<typeof SealedFiles>();
  return {
    ...module,
    openSealedFile: (path: string) => {
      const file = module.openSealedFile(path);
      return {
        ...file,
        read: (part: Parameters<typeof file.read>[0]) => {
          read.filed += part.length;
          return file.read(part);
        },
      };
    },
  };
});
vi.mock("./term-index.ts", async (original) => {
  const module = await original<typeof TermIndexes>();
  return {
    TermIndex: class extends module.TermIndex {
      override add(pairs: Uint32Array): void {
        read.intoMemory += pairs.byteLength;
        super.add(pairs);
      }
    },
  };
});

let folder: string;
let store: Store;
let reader: StoreReader;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-full-terms-"));
  store = openStore({ dataDir: folder, partitionBytes: 1, durability: "process" });
  reader = openStoreReader({ dataDir: folder });
});
afterEach(async () => {
  await reader.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const SPANS = 40;
/** Each a partition of its own: of 40 spans, and each of them a trace. */
const fill = async (from: number, to: number): Promise<void> => {
  const names = (number: number) => Array.from({ length: SPANS }, (_, n) => `${number}-${n}`);
  for (let number = from; number <= to; number += 1)
    await store.append(batch(names(number).map((name) => span(name, { trace: name, request: `r-${name}` }))));
};

const putTerms = (): number => {
  const days = { retentionDays: 14, keyRetentionDays: 15 };
  const keeper = openKeeper({ dataDir: folder, clock: () => START, ...days, isBusy: () => true, maxWaiting: Infinity });
  let steps = 0;
  while (keeper.step() !== undefined) steps += 1;
  keeper.close();
  return steps;
};

const idsOf = async (name: string): Promise<readonly string[]> =>
  (await reader.spansOfTraces([traceId(name)], 10)).map(({ spanId: id }) => id);

/** What one question reads, when all that is kept is there. */
const readBy = async (name: string): Promise<{ readonly filed: number; readonly intoMemory: number }> => {
  await idsOf(name);
  read.filed = read.intoMemory = 0;
  expect(await idsOf(name)).toEqual([spanId(name)]);
  return { ...read };
};

test("however many full partitions wait, nothing of their terms is read into memory, and a question reads as much as of a few", async () => {
  await fill(1, 4);
  expect(putTerms()).toBe(3);
  const few = await readBy("2-7");
  expect(few).toEqual({ filed: expect.any(Number), intoMemory: 0 });
  expect(few.filed).toBeGreaterThan(0);

  await fill(5, 24);
  expect(putTerms()).toBe(20);
  expect(await readBy("2-7")).toEqual(few);

  await reader.close();
  reader = openStoreReader({ dataDir: folder });
  read.intoMemory = 0;
  expect(await idsOf("19-3")).toEqual([spanId("19-3")]);
  const entries = SPANS * 2; // of the newest: a trace and a request of each span
  expect(read.intoMemory).toBeGreaterThanOrEqual(entries * 8);
  expect(read.intoMemory).toBeLessThan(entries * 8 * 3); // and words
});

test("terms in a file lead to the same spans and log records, by every kind of term", async () => {
  await store.append(batch([span("a", { trace: "t", request: "r", attributes: { order_id: "o-1" } })]));
  await store.append(logBatch([log("hello", { trace: "t", request: "r" })]));
  await fill(3, 4);
  putTerms();
  const word = { attribute: "order_id", value: "o-1" };
  expect(await idsOf("t")).toEqual([spanId("a")]);
  expect(await reader.tracesOfRequest("r", 10)).toEqual([traceId("t")]);
  expect(await reader.tracesWith({ word, maxSpans: 10 })).toEqual([traceId("t")]);
  expect(await reader.logs({ requestIds: ["r"], limit: 10 })).toHaveLength(1);
  expect(await reader.absentTraces([traceId("t"), traceId("nobody")])).toEqual([traceId("nobody")]);
});

const FILE = 1;
const file = (): string => termsPath(activePath(folder, FILE));
/** Where its pages of places are: behind the head. */
const PLACES = [16, 48] as const;

test.each<[string, () => void]>([
  ["was cut short", () => truncateSync(file(), statSync(file()).size - 1)],
  ["is empty", () => writeFileSync(file(), "")],
  ["is of a newer version", () => flip(12)],
  ["has damaged pages", () => flip(...PLACES)],
  ["is another partition's", () => writeFileSync(file(), readFileSync(termsPath(activePath(folder, FILE + 1))))],
])("a file of terms that %s is left aside: the partition's own answer", async (_how, damage) => {
  await store.append(batch([span("a", { trace: "a" }), span("b", { trace: "b" })]));
  await fill(2, 4);
  putTerms();
  damage();
  expect(await idsOf("a")).toEqual([spanId("a")]);
  expect(await idsOf("3-1")).toEqual([spanId("3-1")]);
  await fill(5, 5);
  expect(await idsOf("b")).toEqual([spanId("b")]);
  expect(await reader.damage()).toEqual([]);
});

const flip = (from: number, to = from + 1): void => {
  const bytes = readFileSync(file());
  for (let at = from; at < to; at += 1) bytes[at]! ^= 0xff;
  writeFileSync(file(), bytes);
};
