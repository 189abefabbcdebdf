/**
 * A thread that is asked to end while it may be busy: it is told at once, in a cell of shared memory, has so much time, and is then
 * cut off.
 *
 * Not everywhere, because the whole process goes with a thread that is cut off while it
 *
 *   loads better-sqlite3's native part           13.2: "FATAL ERROR: Error::New napi_get_last_error_info"
 *   begins to compress or decompress             Node 24.21: "Assertion failed: init_done_ && close before init"
 *
 * So a thread says when it has opened its files, and the end waits for that; and what compresses asks `throwIfToEnd` before.
 */
import { basename } from "node:path";
import { isMainThread, type ResourceLimits, Worker, workerData } from "node:worker_threads";
import { StoreError } from "./errors.ts";

/** The first message of each thread. */
export const STARTED = "started";
export type Started = typeof STARTED;

/** Of the ten seconds that a stop may take (index.ts). */
const END_WITHIN_MS = 2_000;

/** As the operating system lists it (`top -H`): of `…/keeper-worker.js`, `keeper`. */
export const threadName = ({ pathname }: URL): string => basename(pathname).replace(/-worker\.[jt]s$/, "");

/** Beside the thread's own data. */
const CELL = "toEnd";
const newCell = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4));

export class Thread extends Worker {
  readonly #toEnd: Int32Array<SharedArrayBuffer>;
  readonly #started: Promise<void>;
  readonly #ended: Promise<void>;

  /** `data`: what the thread has as its `workerData`. */
  constructor(file: URL, data: object, resourceLimits?: ResourceLimits) {
    const toEnd = newCell();
    super(file, {
      name: threadName(file),
      workerData: { ...data, [CELL]: toEnd },
      execArgv: file.pathname.endsWith(".ts") ? ["--conditions=mayfly-source"] : [],
      ...(resourceLimits && { resourceLimits }),
    });
    this.#toEnd = toEnd;
    this.#ended = new Promise((resolve) => void this.once("exit", () => resolve()));
    this.#started = new Promise((resolve) => {
      this.on("message", (told) => {
        if (told === STARTED) resolve();
      });
    });
  }

  /** By itself, or else cut off. */
  async end(withinMs = END_WITHIN_MS): Promise<void> {
    this.ref();
    Atomics.store(this.#toEnd, 0, 1);
    Atomics.notify(this.#toEnd, 0);
    await Promise.race([this.#started, this.#ended]);
    const deadline = setTimeout(() => void this.terminate(), withinMs);
    await this.#ended;
    clearTimeout(deadline);
  }
}

const cell: Int32Array | undefined = isMainThread ? undefined : workerData?.[CELL];

/** In a thread: whether it was told to. */
export const isToEnd = (): boolean => cell !== undefined && Atomics.load(cell, 0) === 1;

/** In a thread: until it is told to, or this time is over. */
export const waitForEnd = (ms: number): void => {
  Atomics.wait(cell ?? newCell(), 0, 0, ms);
};

export const throwIfToEnd = (): void => {
  if (isToEnd()) throw new StoreError("store-failed", "this thread is to end");
};
