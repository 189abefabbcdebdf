import { expect, test, vi } from "vitest";
import type { Finder } from "./found.ts";
import type { OpenPartition } from "./partition-set.ts";
import { createRecords } from "./records.ts";
import { createWordSearch } from "./word-search.ts";

const BLOCKS = 5;

/** One partition, whose index names these blocks for any word; none of them can be read. */
const searchOver = () => {
  const partition = {} as OpenPartition;
  const block = vi.fn<Finder["block"]>(() => undefined);
  const finder: Pick<Finder, "blocks" | "block"> & { partitions: Pick<Finder["partitions"], "list"> } = {
    partitions: { list: () => [partition] },
    blocks: () => Array.from({ length: BLOCKS }, (_, id) => ({ id, records: 100, minTime: 0n, maxTime: 10n })),
    block,
  };
  return { search: createWordSearch({ finder, records: createRecords(), unindexed: new Set(["order_id"]) }), block };
};

test("what is in more blocks than spans are asked for is told without reading one", async () => {
  const { search, block } = searchOver();
  const word = { attribute: "tier", value: "gold" };
  expect(await search({ word, maxSpans: BLOCKS - 1 })).toBeUndefined();
  expect(block).not.toHaveBeenCalled();
  expect(await search({ word, maxSpans: BLOCKS })).toEqual([]);
  expect(block).toHaveBeenCalledTimes(BLOCKS);
});

test("blocks that no index names may all be without it, and are read, but for older ones", async () => {
  const { search, block } = searchOver();
  const word = { attribute: "order_id", value: "o-17" };
  expect(await search({ word, maxSpans: BLOCKS - 1, from: 11n })).toEqual([]);
  expect(block).not.toHaveBeenCalled();
  expect(await search({ word, maxSpans: BLOCKS - 1 })).toEqual([]);
  expect(block).toHaveBeenCalledTimes(BLOCKS);
});
