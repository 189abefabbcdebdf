/** The keeper on a disk that has no byte left. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { batch, span, START } from "../../../test/builders.ts";
import { fillDisk, mayMount, mountDisk, unmountDisk } from "../../../test/small-disk.ts";
import type { StoreError } from "../../errors.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { type Keeper, type KeeperOptions, openKeeper } from "./keeper.ts";
import { activePath, partitionsFolder } from "./partitions.ts";
import { openReserve } from "./reserve.ts";
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
});
