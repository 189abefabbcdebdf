/**
 * A thread that is kept: one that dies is a bug, which is told, and another is started, MAX_STARTS times. After that there is none until
 * a restart.
 */
import { STARTED, type Started, type Thread } from "./thread.ts";

export interface KeptThreadEvents<Message> {
  readonly onMessage: (message: Message) => void;
  /** There is one, also again. */
  readonly onStart: () => void;
  /** There is none; `isLast`: and there will be none. */
  readonly onEnd: (isLast: boolean) => void;
  readonly onBug: (error: unknown) => void;
  /** What is told of one that ends without an error, and was not asked to. */
  readonly stopped: () => Error;
}

export interface KeptThread<Request> {
  /** Once. */
  start(): void;
  /** It may be asked: it runs, and is not to end. */
  readonly isThere: boolean;
  post(request: Request): void;
  /** By this request, or else cut off. Twice is safe. */
  end(request: Request): Promise<void>;
}

const MAX_STARTS = 5;

export const keepThread = <Request, Message>(
  thread: () => Thread,
  { onMessage, onStart, onEnd, onBug, stopped }: KeptThreadEvents<Message>,
): KeptThread<Request> => {
  let starts = 0;
  let worker: Thread | undefined;
  let ending: Promise<void> | undefined;

  const start = (): void => {
    starts += 1;
    const started = thread();
    let isTold = false;
    started.on("message", (message: Message | Started) => {
      if (message !== STARTED) onMessage(message);
    });
    started.on("error", (error) => {
      isTold = true;
      onBug(error);
    });
    started.once("exit", () => {
      worker = undefined;
      if (ending === undefined && !isTold) onBug(stopped());
      const isLast = ending !== undefined || starts >= MAX_STARTS;
      onEnd(isLast);
      if (!isLast) start();
    });
    started.unref();
    worker = started;
    onStart();
  };

  const endNow = async (request: Request): Promise<void> => {
    if (worker === undefined) return;
    worker.postMessage(request, []);
    await worker.end();
  };

  return {
    start,
    get isThere() {
      return worker !== undefined && ending === undefined;
    },
    post: (request) => worker?.postMessage(request, []),
    end: (request) => (ending ??= endNow(request)),
  };
};
