/**
 * Questions in a thread of their own: a walk over a hundred thousand spans holds nobody who sends.
 *
 *   ask ─ waits here, MAX_WAITING ─▶ at the thread, MAX_ASKED ─▶ status, headers, bytes (handed over)
 *            └ forget: its client is gone
 *
 * What is at the thread takes turns there, so that a small question does not wait for a large one's end, and what a few
 * large ones need is bounded. Nothing that has begun is cut short: the bounds of each question end it.
 *
 * A thread that dies is a bug: it is told, what it was asked is refused with a StoreError, and another is started,
 * MAX_STARTS times. After that everything is refused until a restart.
 *
 * Errors  OverloadError, StoreError, and what was a bug there, with its stack.
 */
import { Worker } from "node:worker_threads";
import { type ErrorCode, OverloadError, StoreError } from "../errors.ts";
import { errorOf, type Failure } from "../failure.ts";
import type { Damage } from "../store/store.ts";
import { createEnd, STARTED, type Started } from "../thread-end.ts";
import { READER_MEMORY } from "../thread-memory.ts";

export interface ReaderWorkerData {
  readonly dataDir: string;
}

export type ReaderRequest =
  | { readonly ask: "answer"; readonly number: number; readonly url: string }
  | { readonly ask: "damage"; readonly number: number }
  | { readonly ask: "close" };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a refusal. */
  readonly code?: ErrorCode;
  /** Alone in its buffer. */
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface ReaderAnswer {
  readonly number: number;
  readonly value?: Answer | readonly Damage[];
  readonly failure?: Failure;
}

export interface ReaderThread {
  /** To a GET of this address. `forget`: nobody waits for it any more; one that had not begun is answered with undefined. */
  ask(url: string): { readonly answer: Promise<Answer | undefined>; readonly forget: () => void };
  /** While questions are answered, as it was told last: whoever asks for it must not wait for them. */
  damage(): Promise<readonly Damage[]>;
  /** Questions without an answer yet. */
  readonly waiting: number;
  /** Questions that were refused because so many waited, since the start. */
  readonly refused: number;
  /** Twice is safe. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Question extends Waiting {
  readonly url: string;
}

export interface ReaderBounds {
  /** At the thread at once. */
  readonly maxAsked: number;
  /** Besides those. */
  readonly maxWaiting: number;
}

const BOUNDS: ReaderBounds = { maxAsked: 8, maxWaiting: 256 };
const MAX_STARTS = 5;
const CLOSE_MS = 1_000;
const isSource = import.meta.url.endsWith(".ts");

export const startThread = (
  data: ReaderWorkerData,
  file = new URL(`./reader-worker.${isSource ? "ts" : "js"}`, import.meta.url),
): Worker =>
  new Worker(file, {
    workerData: data,
    execArgv: isSource ? ["--conditions=mayfly-source"] : [],
    resourceLimits: READER_MEMORY,
  });

export const startReader = (
  data: ReaderWorkerData,
  onBug: (error: unknown) => void,
  { thread = startThread, bounds = BOUNDS }: { thread?: typeof startThread; bounds?: ReaderBounds } = {},
): ReaderThread => {
  /** At the thread, by number. */
  const asked = new Map<number, Waiting>();
  const questions = new Map<number, Question>();
  let questionsAsked = 0;
  let refused = 0;
  let next = 1;
  let starts = 0;
  let worker: Worker | undefined;
  let end: ReturnType<typeof createEnd> | undefined;
  let closing: Promise<void> | undefined;
  let knownDamage: readonly Damage[] | undefined;
  /** One at a time, however many ask. */
  let damaging: Promise<readonly Damage[]> | undefined;

  const start = (): void => {
    starts += 1;
    const started = thread(data);
    let isTold = false;
    started.on("message", settle);
    started.on("error", (error) => {
      isTold = true;
      onBug(error);
    });
    started.once("exit", () => {
      worker = undefined;
      if (closing === undefined && !isTold) onBug(stopped());
      for (const { reject } of asked.values()) reject(stopped());
      asked.clear();
      questionsAsked = 0;
      if (closing === undefined && starts < MAX_STARTS) start();
      else refuseAll();
    });
    started.unref();
    worker = started;
    end = createEnd(started);
    askDamage().catch(() => {}); // whoever asks for it next is told why
    askMore();
  };

  const refuseAll = (): void => {
    for (const { reject } of questions.values()) reject(stopped());
    questions.clear();
  };

  const settle = (told: ReaderAnswer | Started): void => {
    if (told === STARTED) return;
    const { number, value, failure } = told;
    const one = asked.get(number);
    if (one === undefined) return;
    asked.delete(number);
    if (failure === undefined) one.resolve(value);
    else one.reject(errorOf(failure));
    if (isQuestion(one)) questionsAsked -= 1;
    askMore();
  };

  const askMore = (): void => {
    for (const [number, question] of questions) {
      if (worker === undefined || questionsAsked >= bounds.maxAsked) return;
      questions.delete(number);
      asked.set(number, question);
      questionsAsked += 1;
      post(worker, { ask: "answer", number, url: question.url });
    }
  };

  const damage = (): Promise<readonly Damage[]> =>
    new Promise((resolve, reject) => {
      if (worker === undefined || closing !== undefined) throw stopped();
      const number = next++;
      asked.set(number, { resolve: resolve as Waiting["resolve"], reject });
      post(worker, { ask: "damage", number });
    });

  const askDamage = (): Promise<readonly Damage[]> =>
    (damaging ??= damage()
      .then((found) => (knownDamage = found))
      .finally(() => (damaging = undefined)));

  const stop = async (): Promise<void> => {
    if (worker === undefined) return;
    post(worker, { ask: "close" });
    await end?.(CLOSE_MS);
  };

  start();
  return {
    ask(url) {
      const number = next++;
      const answer = new Promise<Answer | undefined>((resolve, reject) => {
        if (worker === undefined || closing !== undefined) throw stopped();
        if (questions.size >= bounds.maxWaiting) {
          refused += 1;
          throw new OverloadError(
            "overloaded",
            `${questions.size + questionsAsked} questions wait for an answer already`,
          );
        }
        questions.set(number, { url, resolve: resolve as Waiting["resolve"], reject });
        askMore();
      });
      return {
        answer,
        forget() {
          questions.get(number)?.resolve(undefined);
          questions.delete(number);
        },
      };
    },
    async damage() {
      const told = askDamage();
      if (questionsAsked === 0 || knownDamage === undefined) return told;
      told.catch(() => {});
      return knownDamage;
    },
    get waiting() {
      return questions.size + questionsAsked;
    },
    get refused() {
      return refused;
    },
    close: () => (closing ??= stop()),
  };
};

const isQuestion = (one: Waiting | Question): one is Question => "url" in one;

const post = (worker: Worker, request: ReaderRequest): void => worker.postMessage(request, []);

const stopped = (): StoreError => new StoreError("store-failed", "the thread that reads has stopped");
