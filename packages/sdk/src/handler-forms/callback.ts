/**
 * Runtimes before Node.js 24 hand a callback to every handler, and `done`, `succeed` and `fail` on the context. Whatever comes
 * first is the answer: one of these, or the promise a handler returns. A handler that does none of it is answered `null` when
 * the event loop has run empty, whatever it returned.
 *
 *   handler ─▶ callback(error, result) ─▶ span ends ─▶ flush, within its budget ─▶ Lambda's own callback
 *           └▶ nothing, loop empty ─────▶ span ends ─▶ `null` by Lambda at once; sent with the next invocation
 *
 * Source  aws-lambda-ric 3.3.0: CallbackContext.js, Runtime.js, BeforeExitListener.js.
 */
import { harmless } from "../diag.ts";
import { isThenable } from "../trace/thenable.ts";
import { isObject } from "../trigger/trigger.ts";
import { runPromise } from "./promise.ts";
import type { Running } from "./running.ts";

const HOLD_MS = 60_000;

type Answering = (this: unknown, ...args: unknown[]) => unknown;

export const isCallback = (value: unknown): value is Answering => typeof value === "function";

export const runCallback = (
  running: Running,
  lambdaContext: unknown,
  callback: Answering,
  handler: (callback: Answering) => unknown,
): unknown => {
  const ranEmpty = (): void => running.succeeded(null);
  // Before Lambda's own listener, which answers.
  process.prependOnceListener("beforeExit", ranEmpty);
  const isAnswering = (): unknown => process.removeListener("beforeExit", ranEmpty);
  /** Lambda's client answers by `succeed` or `fail` then, and hears what they throw. */
  let isSettled = false;
  /** Lambda's own way to answer, after ours. */
  const after = (answer: Answering, ended: (args: readonly unknown[]) => void): Answering =>
    function (this: unknown, ...args) {
      if (isSettled) return answer.apply(this, args);
      isAnswering();
      ended(args);
      // While we send, an empty loop must not answer in its place.
      const hold = setInterval(() => {}, HOLD_MS);
      void running.sent().then(() => {
        clearInterval(hold);
        answer.apply(this, args);
      });
      return undefined;
    };
  const errorFirst = ([error, result]: readonly unknown[]): void =>
    error === undefined || error === null ? running.succeeded(result) : running.failed(error);
  harmless("observing the context's callbacks", () => {
    if (!isObject(lambdaContext)) return;
    const ways = {
      done: errorFirst,
      succeed: ([result]: readonly unknown[]) => running.succeeded(result),
      fail: ([error]: readonly unknown[]) => running.failed(error),
    };
    for (const [name, ended] of Object.entries(ways)) {
      const answer = lambdaContext[name];
      if (isCallback(answer)) Object.assign(lambdaContext, { [name]: after(answer, ended) });
    }
  });
  try {
    const result = running.inside(() => handler(after(callback, errorFirst)));
    if (!isThenable(result)) return result;
    isAnswering();
    return runPromise(running, () => result).finally(() => (isSettled = true));
  } catch (error) {
    isAnswering();
    return runPromise(running, () => Promise.reject(error));
  }
};
