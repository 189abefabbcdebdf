/**
 * Questions in a thread of their own: a walk over a hundred thousand spans holds nobody who sends.
 *
 *   ask ─ waits here, MAX_WAITING ─▶ at the thread, MAX_ASKED ─▶ status, headers, bytes (handed over)
 *            └ forget: its client is gone
 *
 * What is at the thread takes turns there, so that a small question does not wait for a large one's end, and what a few
 * large ones need is bounded. Nothing that has begun is cut short: the bounds of each question end it.
 *
 * When it dies (kept-thread.ts), what it was asked is refused with a StoreError; after its last start everything is.
 *
 * Errors  OverloadError, StoreError, and what was a bug there, with its stack.
 */
import { type ErrorCode, OverloadError, StoreError } from "../errors.ts";
import { errorOf, type Failure } from "../failure.ts";
import { keepThread } from "../kept-thread.ts";
import type { Damage } from "../store/store.ts";
import { Thread } from "../thread.ts";
import { READER_MEMORY } from "../thread-memory.ts";

export interface ReaderWorkerData {
  readonly dataDir: string;
}

export type ReaderRequest =
  | { readonly ask: "answer"; readonly number: number; readonly url: string; readonly problem?: string }
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
const isSource = import.meta.url.endsWith(".ts");

export interface ReaderOptions {
  readonly thread?: typeof startThread;
  readonly bounds?: ReaderBounds;
  /** Why whoever keeps the rows of the list cannot write them; undefined: they can. */
  readonly problem?: () => string | undefined;
}

export const startThread = (
  data: ReaderWorkerData,
  file = new URL(`./reader-worker.${isSource ? "ts" : "js"}`, import.meta.url),
): Thread => new Thread(file, data, READER_MEMORY);

export const startReader = (
  data: ReaderWorkerData,
  onBug: (error: unknown) => void,
  { thread = startThread, bounds = BOUNDS, problem: problemNow = () => undefined }: ReaderOptions = {},
): ReaderThread => {
  /** At the thread, by number. */
  const asked = new Map<number, Waiting>();
  /** Not there yet. */
  const questions = new Map<number, Question>();
  let refused = 0;
  let next = 1;

  const kept = keepThread<ReaderRequest, ReaderAnswer>(() => thread(data), {
    onBug,
    stopped,
    onMessage: settle,
    onStart() {
      damage.read().catch(() => {}); // whoever asks for it next is told why
      askMore();
    },
    onEnd(isLast) {
      rejectAll(asked);
      if (isLast) rejectAll(questions);
    },
  });
  const damage = createDamageReading(
    () =>
      new Promise<readonly Damage[]>((resolve, reject) => {
        if (!kept.isThere) throw stopped();
        const number = next++;
        asked.set(number, { resolve: resolve as Waiting["resolve"], reject });
        kept.post({ ask: "damage", number });
      }),
  );

  const questionsAsked = (): number => [...asked.values()].filter(isQuestion).length;

  function settle({ number, value, failure }: ReaderAnswer): void {
    const one = asked.get(number);
    if (one === undefined) return;
    asked.delete(number);
    if (failure === undefined) one.resolve(value);
    else one.reject(errorOf(failure));
    askMore();
  }

  function askMore(): void {
    for (const [number, question] of questions) {
      if (!kept.isThere || questionsAsked() >= bounds.maxAsked) return;
      questions.delete(number);
      asked.set(number, question);
      const problem = problemNow();
      kept.post({ ask: "answer", number, url: question.url, ...(problem !== undefined && { problem }) });
    }
  }

  kept.start();
  return {
    ask(url) {
      const number = next++;
      const answer = new Promise<Answer | undefined>((resolve, reject) => {
        if (!kept.isThere) throw stopped();
        if (questions.size >= bounds.maxWaiting) {
          refused += 1;
          const waiting = questions.size + questionsAsked();
          throw new OverloadError("overloaded", `${waiting} questions wait for an answer already`);
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
    damage: () => (questionsAsked() === 0 ? damage.read() : damage.lastRead()),
    get waiting() {
      return questions.size + questionsAsked();
    },
    get refused() {
      return refused;
    },
    close: () => kept.end({ ask: "close" }),
  };
};

/** One reading at a time, however many ask. */
const createDamageReading = (ask: () => Promise<readonly Damage[]>) => {
  let known: readonly Damage[] | undefined;
  let reading: Promise<readonly Damage[]> | undefined;
  const read = (): Promise<readonly Damage[]> =>
    (reading ??= ask()
      .then((found) => (known = found))
      .finally(() => (reading = undefined)));
  return {
    read,
    /** At once, where it was read before; the next who asks then has what is read now. */
    async lastRead(): Promise<readonly Damage[]> {
      const now = read();
      if (known === undefined) return now;
      now.catch(() => {});
      return known;
    },
  };
};

const rejectAll = (waiting: Map<number, Waiting>): void => {
  for (const { reject } of waiting.values()) reject(stopped());
  waiting.clear();
};

const isQuestion = (one: Waiting | Question): one is Question => "url" in one;

const stopped = (): StoreError => new StoreError("store-failed", "the thread that reads has stopped");
