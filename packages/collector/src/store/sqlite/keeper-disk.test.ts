/** The keeper on a disk that has no byte left. */
import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { batch, span, START } from "../../../test/builders.ts";
import { fillDisk, mayMount, mountDisk, unmountDisk } from "../../../test/small-disk.ts";
import type { StoreError } from "../../errors.ts";
import type { Store } from "../store.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { type Keeper, type KeeperOptions, openKeeper } from "./keeper.ts";
import { activePath, partitionsFolder, sealedPath } from "./partitions.ts";
import { openReserve, RESERVE_FILE } from "./reserve.ts";
import { openStore } from "./sqlite-store.ts";

const MINUTE = 60_000_000_000n;

let folder: string;
let filler: string;
let keeper: Keeper | undefined;
let now: bigint;

const openAt = (time: bigint, options: Partial<KeeperOptions> = {}): Keeper => {
  keeper?.close();
  now = time;
  keeper = openKeeper({ dataDir: folder, clock: () => now, retentionDays: 14, keyRetentionDays: 15, ...options });
  return keeper;
};

const linkOf = (fd: string): string => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // of the reading itself
  }
};
const openFiles = (): string[] =>
  readdirSync("/proc/self/fd")
    .map(linkOf)
    .filter((path) => path.startsWith(folder))
    .toSorted();

const halfFiles = (): string[] => readdirSync(partitionsFolder(folder)).filter((name) => name.endsWith(".new"));

describe.skipIf(!mayMount())("on a full disk", () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mayfly-keeper-disk-"));
    mountDisk(folder, 32);
    filler = join(folder, "filler");
  });
  afterEach(() => {
    keeper?.close();
    keeper = undefined;
    unmountDisk(folder);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ["that others have open", true],
    ["that nobody has open", false],
  ])(
    "sealing one %s is tried again and again, leaves no file open and no half of one, and comes about once there is room",
    async (_, isOpen) => {
      const store = openStore({ dataDir: folder, partitionBytes: 1 });
      await store.append(batch([span("a")]));
      onTestFinished(() => store.close());
      openReserve(folder);
      if (isOpen) {
        const reader = openActiveFileForReading(activePath(folder, 1));
        onTestFinished(() => void reader.close());
      }
      const told: string[] = [];
      const one = openAt(START, { onProblem: ({ message }: StoreError) => told.push(message) });
      fillDisk(filler);
      const before = openFiles();

      for (let tries = 1; tries <= 4; tries += 1) {
        expect([one.step(), one.step()]).toEqual([undefined, undefined]);
        expect(told).toHaveLength(tries); // not at each look
        now += MINUTE;
      }
      expect([openFiles(), halfFiles()]).toEqual([before, []]);

      rmSync(filler);
      expect(one.step()).toEqual({ done: "sealed", partition: 1 });
    },
  );

  /** One partition of these traces, sealed and old. */
  const sealed = async (traces: number): Promise<Store> => {
    const store = openStore({ dataDir: folder, partitionBytes: 1 });
    onTestFinished(() => store.close());
    await store.append(batch(Array.from({ length: traces }, (_, n) => span(`s${n}`, { trace: `t${n}` }))));
    expect(openAt(START).step()).toEqual({ done: "sealed", partition: 1 });
    return store;
  };

  test("what is old goes also where the traces to tell of are larger than all that is in reserve", async () => {
    const store = await sealed(20_000);
    openReserve(folder);
    truncateSync(join(folder, RESERVE_FILE), 128 * 1024);
    const told: string[] = [];
    const one = openAt(START + 1n, { retentionDays: 0, onProblem: ({ message }) => told.push(message) });
    fillDisk(filler);

    expect(one.step()).toEqual({ done: "expired", partition: 1 });

    expect(told).toEqual(["no room for the traces of partition 1"]);
    expect(readdirSync(partitionsFolder(folder)).filter((name) => /sealed|traces/.test(name))).toEqual([]);
    expect(await store.stats()).toMatchObject({ spans: 0, droppedSpans: { expired: 20_000 } });
  });

  test("nor does it wait for room to be counted, while somebody has it open: that comes when there is some", async () => {
    const store = await sealed(10);
    const reader = openSync(sealedPath(folder, 1), "r");
    const one = openAt(START + 1n, { retentionDays: 0 });
    fillDisk(filler);

    expect([one.step(), one.step()]).toEqual([{ done: "expired", partition: 1 }, undefined]);

    expect(readdirSync(partitionsFolder(folder))).not.toContain("000001.sealed");
    expect(await store.stats()).toMatchObject({ spans: 10 });
    closeSync(reader);
    expect(one.step()).toBeUndefined();
    expect(await store.stats()).toMatchObject({ spans: 0, droppedSpans: { expired: 10 } });
  });
});
