import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ENTRY_BYTES, createRequestMemory, entryOf } from "./request-memory.ts";

const SECOND = 1_000_000_000n;
const HOUR = 3_600n * SECOND;
const NOW = 1_767_225_600n * SECOND;

const digest = (name: string): Buffer => createHash("sha256").update(name).digest();

/** With its partitions' entries as a file would have them. */
const memory = () => {
  const files = new Map<number, Buffer>();
  const reads: number[] = [];
  const requests = createRequestMemory((partition, from, to) => {
    reads.push(partition);
    return (files.get(partition) ?? Buffer.alloc(0)).subarray(from * ENTRY_BYTES, to * ENTRY_BYTES);
  });
  const add = (partition: number, ...entries: readonly (readonly [name: string, at: bigint])[]): void => {
    const bytes = Buffer.concat(entries.map(([name, at]) => entryOf(digest(name), at)));
    files.set(partition, Buffer.concat([files.get(partition) ?? Buffer.alloc(0), bytes]));
    requests.add(partition, bytes);
  };
  return { requests, add, reads, files };
};

test("a request is known for an hour, in whatever partition it is", () => {
  const { requests, add } = memory();
  add(1, ["a", NOW], ["b", NOW]);
  add(2, ["c", NOW + SECOND]);
  for (const name of ["a", "b", "c"]) expect(requests.has(digest(name), NOW + HOUR)).toBe(true);
  expect(requests.has(digest("a"), NOW + HOUR + 1n)).toBe(false);
  expect(requests.has(digest("d"), NOW)).toBe(false);
});

test("a clock that jumps an hour forth and back loses no request", () => {
  const { requests, add } = memory();
  add(1, ["a", NOW]);
  add(1, ["later", NOW + HOUR + SECOND]);
  requests.expire(NOW + HOUR + SECOND, 1);
  expect(requests.has(digest("a"), NOW + SECOND)).toBe(true);
  expect(requests.has(digest("later"), NOW + SECOND)).toBe(true);
});

test("new requests are told from known ones without a look at the disk, but for a few", () => {
  const { requests, add, reads } = memory();
  add(1, ...Array.from({ length: 20_000 }, (_, n) => [`known ${n}`, NOW] as const));
  for (let n = 0; n < 20_000; n += 1) expect(requests.has(digest(`new ${n}`), NOW)).toBe(false);
  expect(reads.length).toBeLessThan(20);
  expect(requests.has(digest("known 19999"), NOW)).toBe(true);
});

test("partitions of which nothing is known any more are told once, the one that grows never", () => {
  const { requests, add } = memory();
  add(1, ["a", NOW]);
  add(2, ["b", NOW]);
  expect(requests.expire(NOW + HOUR, 2)).toEqual([]);
  expect(requests.expire(NOW + 3n * HOUR, 2)).toEqual([1]);
  expect(requests.expire(NOW + 3n * HOUR, 2)).toEqual([]);
  add(2, ["c", NOW + 3n * HOUR]);
  expect(requests.has(digest("c"), NOW + 3n * HOUR)).toBe(true);
});
