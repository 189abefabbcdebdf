import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Polled, poll } from "./polled.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Polls every second what `answers` give one after another; an error is thrown. */
const polling = (...answers: readonly (number | Error)[]) => {
  const shown: Polled<number>[] = [];
  const signals: AbortSignal[] = [];
  const stop = poll(
    async (signal) => {
      const answer = answers[signals.length];
      signals.push(signal);
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("asked too often");
      return answer;
    },
    1000,
    (state) => shown.push(state),
  );
  return { shown, signals, stop };
};

const DOWN = new Error("unreachable");

test("it asks at once, and again after each answer", async () => {
  const { shown } = polling(1, 2);

  await vi.advanceTimersByTimeAsync(0);
  expect(shown).toEqual([{ value: 1 }]);

  await vi.advanceTimersByTimeAsync(1000);
  expect(shown).toEqual([{ value: 1 }, { value: 2 }]);
});

test("the last good answer stays beside a later error, and the error goes with the next good answer", async () => {
  const { shown } = polling(1, DOWN, DOWN, 2);

  await vi.advanceTimersByTimeAsync(3000);

  expect(shown).toEqual([{ value: 1 }, { value: 1, error: DOWN }, { value: 1, error: DOWN }, { value: 2 }]);
});

test("an error before any answer stands alone", async () => {
  const { shown } = polling(DOWN);

  await vi.advanceTimersByTimeAsync(0);

  expect(shown).toEqual([{ error: DOWN }]);
});

test("a slow answer is not asked for twice", async () => {
  let asked = 0;
  const stop = poll(
    () => {
      asked += 1;
      return new Promise<number>(() => undefined);
    },
    1000,
    () => undefined,
  );

  await vi.advanceTimersByTimeAsync(10_000);

  expect(asked).toBe(1);
  stop();
});

test("stopped, it takes its request back and asks no more", async () => {
  const { shown, signals, stop } = polling(1, 2);
  await vi.advanceTimersByTimeAsync(0);

  stop();
  stop();
  await vi.advanceTimersByTimeAsync(5000);

  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  expect(shown).toEqual([{ value: 1 }]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an answer that comes after the stop is not shown", async () => {
  const { shown, stop } = polling(1);

  stop();
  await vi.advanceTimersByTimeAsync(5000);

  expect(shown).toEqual([]);
});
