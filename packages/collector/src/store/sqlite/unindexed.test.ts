/** Attributes that are told not to be indexed: found all the same, whatever was told before or since, and cheaper. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { batch, span, START, traceId } from "../../../test/builders.ts";
import type { Store } from "../store.ts";
import { backupStore, restoreStore } from "./backup.ts";
import { openKeeper } from "./keeper.ts";
import { sealedPath } from "./partitions.ts";
import { openStore } from "./sqlite-store.ts";
import { UNINDEXED_FILE } from "./unindexed.ts";

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-unindexed-"));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Every commit fills a partition. */
const openWith = (unindexed: readonly string[], dataDir = folder): void => {
  store = openStore({ dataDir, partitionBytes: 1, unindexed });
};

const reopenedWith = async (unindexed: readonly string[]): Promise<void> => {
  await store.close();
  openWith(unindexed);
};

const sealAll = (unindexed: readonly string[] = []): void => {
  const keeper = openKeeper({
    dataDir: folder,
    clock: () => START,
    retentionDays: 14,
    keyRetentionDays: 15,
    unindexed,
  });
  while (keeper.step() !== undefined);
  keeper.close();
};

const put = (name: string, orderId: string) =>
  store.append(batch([span(name, { trace: name, attributes: { order_id: orderId } })]));

/** Of "a" and "b" those that hold it. */
const found = async (orderId: string): Promise<readonly string[]> => {
  const traceIds = await store.tracesWith({ word: { attribute: "order_id", value: orderId }, maxSpans: 10 });
  return ["a", "b"].filter((name) => traceIds?.includes(traceId(name)));
};

describe.each([
  ["an active", false],
  ["a sealed", true],
])("in %s partition", (_state, isSealed) => {
  const sealed = (unindexed: readonly string[] = []): void => {
    if (isSealed) sealAll(unindexed);
  };

  test("a value that is not indexed is found, and no other", async () => {
    openWith(["order_id"]);
    await put("a", "o-1");
    await put("b", "o-2");
    sealed(["order_id"]);

    expect(await found("o-1")).toEqual(["a"]);
    expect(await found("o-3")).toEqual([]);
  });

  test("it is found when the attribute is indexed again, and so is what came since", async () => {
    openWith(["order_id"]);
    await put("a", "o-1");
    sealed(["order_id"]);

    await reopenedWith([]);
    await put("b", "o-1");
    sealed();

    expect(await found("o-1")).toEqual(["a", "b"]);
  });

  test("what was indexed before is found when the attribute no longer is", async () => {
    openWith([]);
    await put("a", "o-1");
    sealed();

    await reopenedWith(["order_id"]);
    await put("b", "o-1");
    sealed(["order_id"]);

    expect(await found("o-1")).toEqual(["a", "b"]);
  });
});

test("a copy finds it, too", async () => {
  openWith(["order_id"]);
  await put("a", "o-1");
  const [copy, restored] = [join(folder, "copy"), join(folder, "restored")];
  backupStore(folder, copy);
  restoreStore(copy, restored);
  await store.close();

  openWith([], restored);

  expect(await found("o-1")).toEqual(["a"]);
});

test("a folder that no longer knows which they are is not opened, since it would miss some", () => {
  openWith([]);
  writeFileSync(join(folder, UNINDEXED_FILE), "[1");

  expect(() => openWith([])).toThrow(expect.objectContaining({ code: "store-unreadable" }));
});

const SPANS = 5_000;

test("an id of its own on each span takes a byte of index a span and more, which is spared where it is not indexed", async () => {
  const sizes: number[] = [];
  for (const unindexed of [[], ["order_id"]]) {
    const dataDir = mkdtempSync(join(folder, "size-"));
    const own = openStore({ dataDir, unindexed });
    for (let from = 0; from < SPANS; from += 500) {
      const spans = Array.from({ length: 500 }, (_, n) =>
        span(`${from + n}`, { attributes: { order_id: `o-${from + n}` } }),
      );
      await own.append(batch(spans));
    }
    await own.close();
    const full = openStore({ dataDir, unindexed, partitionBytes: 1 });
    await full.append(batch([span("last")]));
    await full.close();
    const keeper = openKeeper({
      dataDir,
      clock: () => START * 2n,
      retentionDays: 36_500,
      keyRetentionDays: 36_500,
      unindexed,
    });
    while (keeper.step() !== undefined);
    keeper.close();
    sizes.push(statSync(sealedPath(dataDir, 1)).size);
  }
  openWith([]);
  const [withIndex = 0, without = 0] = sizes;
  expect((withIndex - without) / SPANS).toBeGreaterThan(1);
});
