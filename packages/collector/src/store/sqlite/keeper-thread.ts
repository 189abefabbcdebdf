/**
 * The keeper in a thread of its own, at a low priority: what it does takes a second and can wait.
 *
 * Between two steps it waits to be told to end. A step that is under way then is cut off: it is done again the next time,
 * as after a crash.
 */
import { performance } from "node:perf_hooks";
import { type StoreErrorCode, StoreError } from "../../errors.ts";
import { STARTED, type Started, Thread } from "../../thread.ts";
import { KEEPER_MEMORY } from "../../thread-memory.ts";

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
  /** 1 while those who send come first. */
  readonly busy: Int32Array<SharedArrayBuffer>;
}

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

export const startKeeper = (settings: KeeperSettings, onProblem: (error: StoreError) => void): KeeperThread => {
  const busy = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const data: KeeperWorkerData = { settings, busy };
  const worker = new Thread(new URL(`./keeper-worker.${isSource ? "ts" : "js"}`, import.meta.url), data, KEEPER_MEMORY);
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
    Atomics.store(busy, 0, utilization > BUSY_SHARE ? 1 : 0);
  }, LOOK_MS);
  looks.unref();

  const stop = async (): Promise<void> => {
    clearInterval(looks);
    await worker.end();
  };
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= stop()) };
};
