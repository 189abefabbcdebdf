/**
 * Summaries kept up to date in a thread of their own, so that whoever receives is not held while stories are walked.
 *
 * It reads the files that the writer writes and moves the checkpoint as everybody does, by compare-and-set: a list that
 * cannot wait for it works out in its own thread what it needs. One that dies is a bug that is told; the lists then bring
 * in by themselves what they wait for.
 */
import { Worker } from "node:worker_threads";

export interface SummarizerWorkerData {
  readonly dataDir: string;
}

/** What is told of an error; a bug, for a disk that refuses is tried again. */
export interface SummarizerProblem {
  readonly message: string;
  readonly stack: string | undefined;
}

export interface SummarizerThread {
  /** After the group it is at; twice is safe. */
  close(): Promise<void>;
}

const isSource = import.meta.url.endsWith(".ts");
const CLOSE_MS = 2_000;

export const startSummarizer = (data: SummarizerWorkerData, onBug: (error: unknown) => void): SummarizerThread => {
  const worker = new Worker(new URL(`./summarizer-worker.${isSource ? "ts" : "js"}`, import.meta.url), {
    workerData: data,
    execArgv: isSource ? ["--conditions=mayfly-source"] : [],
  });
  const ended = new Promise<void>((resolve) => void worker.once("exit", () => resolve()));
  worker.on("message", ({ message, stack }: SummarizerProblem) => {
    const bug = new Error(message);
    if (stack !== undefined) bug.stack = stack;
    onBug(bug);
  });
  worker.on("error", onBug);
  worker.unref();

  const stop = async (): Promise<void> => {
    worker.ref();
    worker.postMessage("stop", []);
    const deadline = setTimeout(() => void worker.terminate(), CLOSE_MS);
    await ended;
    clearTimeout(deadline);
  };
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= stop()) };
};
