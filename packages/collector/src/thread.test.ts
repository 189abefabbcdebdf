import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Thread } from "./thread.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const WITHIN_MS = 1_000;
const BUSY = new URL("../test/busy-worker.ts", import.meta.url);

/** One that starts as long as the cell is 0. */
const startBusy = (does: "waits" | "compresses" | "dies") => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Thread(BUSY, { cell, does });
  const letStart = async () => {
    const told = once(thread, "message");
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
    await told;
  };
  return { thread, letStart, terminate: vi.spyOn(thread, "terminate") };
};

test("a thread that starts is not cut off, however long it takes; one that has started is, after its time", async () => {
  const { thread, letStart, terminate } = startBusy("waits");
  const ended = thread.end(WITHIN_MS);
  await vi.advanceTimersByTimeAsync(60 * WITHIN_MS);
  expect(terminate).not.toHaveBeenCalled();

  await letStart();
  await vi.advanceTimersByTimeAsync(WITHIN_MS - 1);
  expect(terminate).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await ended;
  expect(terminate).toHaveBeenCalledOnce();
});

test("one that dies while it starts has ended", async () => {
  const { thread } = startBusy("dies");
  await thread.end(WITHIN_MS);
  expect(thread.threadId).toBe(-1);
});

test("one that reads and writes blocks without a pause ends by itself: cut off there, the process would go with it", async () => {
  const { thread, letStart, terminate } = startBusy("compresses");
  const failed = once(thread, "error");
  await letStart();
  await thread.end(WITHIN_MS);
  expect(terminate).not.toHaveBeenCalled();
  expect(String(await failed)).toContain("this thread is to end");
});

test.runIf(process.platform === "linux")("the operating system lists it by its name", async () => {
  const { thread, letStart } = startBusy("waits");
  await letStart();
  const tasks = await readdir("/proc/self/task");
  const names = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/comm`, "utf8")));
  expect(names).toContain("busy\n");
  const ended = thread.end(WITHIN_MS);
  await vi.advanceTimersByTimeAsync(WITHIN_MS);
  await ended;
});
