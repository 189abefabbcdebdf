/**
 * What the client of Node.js 22 does and that of Node.js 24 no longer does: callbacks, results that wait until the event loop is
 * empty, and errors that nobody catches told as the invocation's own.
 *
 * Source  aws-lambda-ric 3.3.0 (CallbackContext, Runtime, index).
 */
import { call, errorBody, isThenable, named } from "./call.ts";
import type { Handler } from "./handler.ts";

let onEmpty = (): void => undefined;
process.on("beforeExit", () => onEmpty());

/**
 * Whatever comes first is the answer: a callback, `done`, `succeed` or `fail` of the context, or a promise. A callback's result waits
 * for the event loop to run empty; who answers in no way is answered null then.
 */
export const byCallback = (handler: Handler, event: unknown, context: object): Promise<unknown> =>
  new Promise((resolve, reject) => {
    let isFirst = true;
    onEmpty = () => resolve(null);
    const first =
      (answer: (error: unknown, result: unknown) => void) =>
      (error: unknown, result?: unknown): void => {
        if (isFirst) answer(error, result);
        isFirst = false;
      };
    const now = (error: unknown, result: unknown): void =>
      error === undefined || error === null ? resolve(result) : reject(error);
    const done = first(now);
    const ways = {
      callbackWaitsForEmptyEventLoop: true,
      done,
      succeed: (result: unknown) => done(null, result),
      fail: (error: unknown) => done(error ?? "handled"),
    };
    const callback = first((error, result) => {
      if (error === undefined || error === null) onEmpty = () => resolve(result);
      if (!ways.callbackWaitsForEmptyEventLoop || !(error === undefined || error === null)) now(error, result);
    });
    try {
      const result = handler(event, Object.assign(ways, context), callback);
      if (isThenable(result)) result.then(ways.succeed, ways.fail);
    } catch (error) {
      callback(error);
    }
  });

/** After a stream, too, unless its handler has said otherwise. */
export const emptyEventLoop = (): Promise<void> => new Promise((resolve) => (onEmpty = resolve));

/** The process ends all the same. */
export const reportUncaught = (requestId: () => string | undefined): void => {
  const report = async (title: string, error: unknown, exitCode: number): Promise<void> => {
    const id = requestId();
    console.error(title, errorBody(error));
    await call("POST", id === undefined ? "/init/error" : `/invocation/${id}/error`, errorBody(error));
    process.exit(exitCode);
  };
  process.on("uncaughtException", (error) => void report("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason) => {
    const error = named("Runtime.UnhandledPromiseRejection", String(reason));
    void report("Unhandled Promise Rejection", error, 128);
  });
};
