/**
 * The writer in a thread of its own: scanning, compressing and syncing do not hold whoever receives.
 *
 *   append ─┐
 *   append ─┼─ setImmediate ─ one message ──▶ worker: commit ──▶ one message ─ all resolve
 *
 * A thread that dies is a bug: it is told, what waits is refused with a StoreError (senders try again; what was committed
 * then is a repeat), and another is started, MAX_STARTS times. After that everything is refused until a restart.
 *
 * Bounds  `maxWaiting` batches of `maxWaitingBytes` that are not answered yet; one more is refused with OverloadError.
 * Errors  as openWriter's. `append` takes the bytes of a large batch: it is empty afterwards.
 */
import { Worker } from "node:worker_threads";
import { OverloadError, StoreError } from "../../errors.ts";
import { errorOf, type Failure } from "../../failure.ts";
import type { AppendResult, Batch, StoreStats, StoreWriter } from "../store.ts";
import { type Parcel, packed } from "./parcel.ts";
import { MAX_WAITING, MAX_WAITING_BYTES, type WriterOptions } from "./writer.ts";
import { threadName } from "../../thread.ts";
import { THREAD_MEMORY } from "../../thread-memory.ts";

/** What is asked of the thread. Answers carry the same number; those to batches are counted on from the first. */
export type WriterRequest =
  | { readonly ask: "append"; readonly first: number; readonly parcel: Parcel }
  | { readonly ask: "stats" | "checkWritable" | "close"; readonly number: number };

export interface WriterAnswer {
  readonly number: number;
  readonly value?: AppendResult | StoreStats | undefined;
  readonly failure?: Failure | undefined;
}

interface Waiting {
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The number of the message that says that it is open, or why it cannot be. */
export const OPENED = 0;
const MAX_STARTS = 5;
const isSource = import.meta.url.endsWith(".ts");

const FILE = new URL(`./writer-worker.${isSource ? "ts" : "js"}`, import.meta.url);

export const startThread = (options: WriterOptions): Worker =>
  new Worker(FILE, {
    name: threadName(FILE),
    workerData: options,
    execArgv: isSource ? ["--conditions=mayfly-source"] : [],
    resourceLimits: THREAD_MEMORY,
  });

export const startWriter = async (
  options: WriterOptions,
  onBug: (error: unknown) => void,
  thread: (options: WriterOptions) => Worker = startThread,
): Promise<StoreWriter> => {
  const { maxWaiting = MAX_WAITING, maxWaitingBytes = MAX_WAITING_BYTES } = options;
  const waiting = new Map<number, Waiting>();
  let waitingBytes = 0;
  let next = OPENED + 1;
  let unsent: Batch[] = [];
  let firstUnsent = next;
  let worker: Worker | undefined;
  let starts = 0;
  let closing: Promise<void> | undefined;

  const expected = <T>(number: number, bytes: number): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waitingBytes += bytes;
      waiting.set(number, { bytes, resolve: resolve as Waiting["resolve"], reject });
    });

  const settle = ({ number, value, failure }: WriterAnswer): void => {
    const one = waiting.get(number);
    if (one === undefined) return;
    waiting.delete(number);
    waitingBytes -= one.bytes;
    if (failure === undefined) one.resolve(value);
    else one.reject(errorOf(failure));
  };

  const start = async (): Promise<void> => {
    starts += 1;
    const started = thread(options);
    const open = expected<void>(OPENED, 0);
    started.on("message", (answers: readonly WriterAnswer[]) => {
      for (const answer of answers) settle(answer);
    });
    started.on("error", onBug);
    started.on("exit", () => ended(started));
    await open;
    worker = started;
  };

  const ended = (one: Worker): void => {
    const wasOpen = worker === one;
    worker = undefined;
    const stopped: Failure = { code: "store-failed", message: "the thread that writes has stopped", stack: undefined };
    for (const number of waiting.keys()) settle({ number, failure: stopped });
    if (closing !== undefined || !wasOpen) return;
    onBug(new Error("the thread that writes has stopped"));
    if (starts < MAX_STARTS) start().catch(onBug);
  };

  const send = (request: WriterRequest, transfer: ArrayBuffer[] = []): void => {
    if (worker === undefined) throw new StoreError("store-failed", "the thread that writes has stopped");
    worker.postMessage(request, transfer);
  };

  const flush = (): void => {
    const batches = unsent;
    unsent = [];
    if (batches.length === 0 || worker === undefined) return; // what waited for it was told when it stopped
    const { parcel, transfer } = packed(batches);
    send({ ask: "append", first: firstUnsent, parcel }, transfer);
  };

  const ask = async <T>(what: "stats" | "checkWritable" | "close"): Promise<T> => {
    flush();
    const number = next++;
    send({ ask: what, number });
    return expected<T>(number, 0);
  };

  /** Until the thread is gone, so that nothing of it runs while the process ends. */
  const stop = async (): Promise<void> => {
    const one = worker;
    if (one === undefined) return;
    const gone = new Promise<unknown>((resolve) => void one.once("exit", resolve));
    await ask<undefined>("close");
    await gone;
  };

  await start();
  return {
    async append(batch) {
      if (closing !== undefined) throw new Error("the store is closed");
      const bytes = batch.records.bytes.length;
      if (waiting.size >= maxWaiting || (waiting.size > 0 && waitingBytes + bytes > maxWaitingBytes)) {
        const problem = `${waiting.size} batches of ${waitingBytes} bytes wait for the disk already`;
        throw new OverloadError("overloaded", problem);
      }
      if (worker === undefined) throw new StoreError("store-failed", "the thread that writes has stopped");
      if (unsent.length === 0) {
        firstUnsent = next;
        setImmediate(flush);
      }
      unsent.push(batch);
      return expected<AppendResult>(next++, bytes);
    },
    stats: () => ask<StoreStats>("stats"),
    checkWritable: () => ask<undefined>("checkWritable"),
    close: () => (closing ??= stop()),
  };
};
