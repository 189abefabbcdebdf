/**
 * The end of a thread that was asked to end and may be busy: it has so much time, then it is cut off.
 *
 * Never while it starts. Where a thread is cut off that is just loading better-sqlite3's native part, the whole process
 * goes with it (better-sqlite3 13.2: "FATAL ERROR: Error::New napi_get_last_error_info"). So a thread says when it has
 * opened its files, and the end waits for that.
 */
import type { Worker } from "node:worker_threads";

/** The first message of each thread. */
export const STARTED = "started";
export type Started = typeof STARTED;

export const createEnd = (worker: Worker): ((withinMs: number) => Promise<void>) => {
  const ended = new Promise<void>((resolve) => void worker.once("exit", () => resolve()));
  const started = new Promise<void>((resolve) => {
    worker.on("message", (told) => {
      if (told === STARTED) resolve();
    });
  });
  return async (withinMs) => {
    worker.ref();
    await Promise.race([started, ended]);
    const deadline = setTimeout(() => void worker.terminate(), withinMs);
    await ended;
    clearTimeout(deadline);
  };
};
