import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEnd } from "./thread-end.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const WITHIN_MS = 1_000;

/** One that starts as long as the cell is 0, and then never ends by itself. */
const startBusy = () => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    Atomics.wait(workerData, 0, 0);
    parentPort.postMessage("started");
    setInterval(() => {}, 1_000);`;
  const worker = new Worker(code, { eval: true, workerData: cell });
  const letStart = async () => {
    const told = once(worker, "message");
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
    await told;
  };
  return { worker, letStart, terminate: vi.spyOn(worker, "terminate") };
};

test("a thread that starts is not cut off, however long it takes; one that has started is, after its time", async () => {
  const { worker, letStart, terminate } = startBusy();
  const ended = createEnd(worker)(WITHIN_MS);
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
  const worker = new Worker("process.exit(1)", { eval: true });
  await createEnd(worker)(WITHIN_MS);
  expect(worker.threadId).toBe(-1);
});
