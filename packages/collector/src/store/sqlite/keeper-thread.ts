/**
 * The keeper in a thread of its own, at a low priority: what it does takes a second and can wait.
 *
 * Between two steps it waits on a cell of shared memory, which closing rings. A step that is under way when the process
 * ends is cut off: it is done again the next time, as after a crash.
 */
import { performance } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { type StoreErrorCode, StoreError } from "../../errors.ts";
import { createEnd, STARTED, type Started } from "../../thread-end.ts";
import { THREAD_MEMORY } from "../../thread-memory.ts";

export interface KeeperSettings {
  readonly dataDir: string;
  readonly retentionDays: number;
  readonly retentionBytes: number | undefined;
  readonly keyRetentionDays: number;
  readonly unindexed?: readonly string[];
}

/** What the thread is started with. */
export interface KeeperWorkerData {
  readonly settings: KeeperSettings;
  /** Int32 cells, as below. */
  readonly cells: SharedArrayBuffer;
}

export const STOP = 0;
export const BUSY = 1;
const CELLS = 2;

/** What the thread tells. */
export interface KeeperProblem {
  readonly code: StoreErrorCode;
  readonly message: string;
}

export interface KeeperThread {
  /** Twice is safe. */
  close(): Promise<void>;
}

const isSource = import.meta.url.endsWith(".ts");
const LOOK_MS = 1_000;
/** Of this thread's time: above it, those who send come first. */
const BUSY_SHARE = 0.8;
const CLOSE_MS = 1_000;

export const startKeeper = (settings: KeeperSettings, onProblem: (error: StoreError) => void): KeeperThread => {
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));
  const workerData: KeeperWorkerData = { settings, cells: cells.buffer };
  const worker = new Worker(new URL(`./keeper-worker.${isSource ? "ts" : "js"}`, import.meta.url), {
    workerData,
    execArgv: isSource ? ["--conditions=mayfly-source"] : [],
    resourceLimits: THREAD_MEMORY,
  });
  const end = createEnd(worker);
  worker.on("message", (told: KeeperProblem | Started) => {
    if (told !== STARTED) onProblem(new StoreError(told.code, told.message));
  });
  worker.on("error", (cause) => onProblem(new StoreError("store-failed", `the keeper stopped: ${cause}`, { cause })));
  worker.unref();

  let before = performance.eventLoopUtilization();
  const looks = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    Atomics.store(cells, BUSY, utilization > BUSY_SHARE ? 1 : 0);
  }, LOOK_MS);
  looks.unref();

  const stop = async (): Promise<void> => {
    clearInterval(looks);
    Atomics.store(cells, STOP, 1);
    Atomics.notify(cells, STOP);
    await end(CLOSE_MS);
  };
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= stop()) };
};
