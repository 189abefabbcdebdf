/**
 * Summaries kept up to date in a thread of their own, so that whoever receives is not held while stories are walked.
 *
 * It reads the files that the writer writes and moves the checkpoint as everybody does, by compare-and-set: a list that
 * cannot wait for it works out in its own thread what it needs. One that dies is a bug that is told; the lists then bring
 * in by themselves what they wait for.
 */
import { STARTED, type Started, Thread } from "../thread.ts";
import { THREAD_MEMORY } from "../thread-memory.ts";
import type { Behind } from "./summarize.ts";

export interface SummarizerWorkerData {
  readonly dataDir: string;
}

/** Of a bug, for a disk that refuses is tried again; or how far it is. */
export type SummarizerMessage =
  | { readonly problem: { readonly message: string; readonly stack: string | undefined } }
  | { readonly behind: Behind };

export interface SummarizerThread {
  /** Stored spans that are in no row yet, as of a second ago; undefined until the first count, and when it has ended. */
  readonly spansBehind: number | undefined;
  /** Why rows cannot be written, as of a second ago. */
  readonly problem: string | undefined;
  /** At once; twice is safe. */
  close(): Promise<void>;
}

const isSource = import.meta.url.endsWith(".ts");

export const startSummarizer = (data: SummarizerWorkerData, onBug: (error: unknown) => void): SummarizerThread => {
  const file = new URL(`./summarizer-worker.${isSource ? "ts" : "js"}`, import.meta.url);
  const worker = new Thread(file, data, THREAD_MEMORY);
  let behind: Behind | undefined;
  worker.on("message", (told: SummarizerMessage | Started) => {
    if (told === STARTED) return;
    if ("behind" in told) ({ behind } = told);
    else onBug(asError(told.problem));
  });
  worker.on("error", onBug);
  worker.once("exit", () => (behind = undefined));
  worker.unref();

  const stop = async (): Promise<void> => {
    worker.postMessage("stop", []);
    await worker.end();
  };
  let closing: Promise<void> | undefined;
  return {
    get spansBehind() {
      return behind && (behind.spansBehind ?? 0);
    },
    get problem() {
      return behind?.problem;
    },
    close: () => (closing ??= stop()),
  };
};

const asError = ({ message, stack }: { readonly message: string; readonly stack: string | undefined }): Error => {
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
};
