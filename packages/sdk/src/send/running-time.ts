/**
 * A budget of time in which this process could work.
 *
 * Lambda freezes the environment as soon as an invocation is answered, and Node runs timers that are due before it reads from
 * sockets. One timer over the whole budget would therefore fire on thaw and take for missing an answer that lies in the socket; and a
 * TLS handshake goes on only while the process runs. So the budget is spent in steps, and after each the sockets are read: however long a
 * freeze, it costs one step.
 *
 *   invocation     |----|            |----|         |----|
 *   steps          | | | ------------| | | ---------| | |
 */
import { BUDGET_STEPS } from "../limits.ts";

/** Calls `onSpent` once; the result cancels. */
export const spendRunningTime = (budgetMs: number, onSpent: () => void): (() => void) => {
  const stepMs = budgetMs / BUDGET_STEPS;
  let isOver = false;
  const step = (left: number): void => {
    setTimeout(() => {
      // Between this and the next round of timers, sockets are read. Not unref'd: such a one waits until something else happens.
      setImmediate(() => {
        if (isOver) return;
        if (left > 1) step(left - 1);
        else onSpent();
      });
    }, stepMs).unref();
  };
  step(BUDGET_STEPS);
  return () => {
    isOver = true;
  };
};
