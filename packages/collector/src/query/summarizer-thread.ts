/**
 * Summaries kept up to date in a thread of their own, so that whoever receives is not held while stories are walked.
 *
 * It reads the files that the writer writes and moves the checkpoint as everybody does, by compare-and-set: a list that
 * cannot wait for it works out in its own thread what it needs. One that dies is a bug that is told; the lists then bring
 * in by themselves what they wait for.
 */
import { Worker } from "node:worker_threads";
import { createEnd, STARTED, type Started } from "../thread-end.ts";
import { THREAD_MEMORY } from "../thread-memory.ts";

export interface SummarizerWorkerData {
  readonly dataDir: string;
}

/** Of a bug, for a disk that refuses is tried again; or how far it is. */
export type SummarizerMessage =
  | { readonly problem: { readonly message: string; readonly stack: string | undefined } }
  | { readonly spansBehind: number };

export interface SummarizerThread {
  /** Stored spans that are in no row yet, as of a second ago; undefined until the first count. */
  readonly spansBehind: number | undefined;
  /** After the group it is at; twice is safe. */
  close(): Promise<void>;
}

const isSource = import.meta.url.endsWith(".ts");
const CLOSE_MS = 2_000;

export const startSummarizer = (data: SummarizerWorkerData, onBug: (error: unknown) => void): SummarizerThread => {
  const worker = new Worker(new URL(`./summarizer-worker.${isSource ? "ts" : "js"}`, import.meta.url), {
    workerData: data,
    execArgv: isSource ? ["--conditions=mayfly-source"] : [],
    resourceLimits: THREAD_MEMORY,
  });
  const end = createEnd(worker);
  let spansBehind: number | undefined;
  worker.on("message", (told: SummarizerMessage | Started) => {
    if (told === STARTED) return;
    if ("spansBehind" in told) ({ spansBehind } = told);
    else onBug(asError(told.problem));
  });
  worker.on("error", onBug);
  worker.unref();

  const stop = async (): Promise<void> => {
    worker.postMessage("stop", []);
    await end(CLOSE_MS);
  };
  let closing: Promise<void> | undefined;
  return {
    get spansBehind() {
      return spansBehind;
    },
    close: () => (closing ??= stop()),
  };
};

const asError = ({ message, stack }: { readonly message: string; readonly stack: string | undefined }): Error => {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
};
