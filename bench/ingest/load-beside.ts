/** A load in a thread of its own, so that whoever asks questions beside it measures the collector, not the sender. */
import { Worker } from "node:worker_threads";

export interface SteadyLoad {
  readonly port: number;
  readonly spansPerSecond: number;
  readonly connections: number;
  /** Of the corpus. */
  readonly seed: number;
}

/** What gives how many spans were acknowledged in a second, on the whole, and ends it. */
export type EndLoad = () => Promise<number>;

export const loadBeside = async (load: SteadyLoad): Promise<EndLoad> => {
  const worker = new Worker(new URL("load-worker.ts", import.meta.url), { workerData: load });
  const ended = new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  ended.catch(() => {}); // told to whoever ends it
  return () => {
    worker.postMessage("end", []);
    return ended;
  };
};
