/** Asks again and again while it is shown; the last good answer stays beside a later error. */
import { useEffect, useRef, useState } from "preact/hooks";

export interface Polled<T> {
  readonly value?: T;
  readonly error?: Error;
}

export const usePolled = <T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> => {
  const [state, setState] = useState<Polled<T>>({});
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => poll((signal) => latest.current(signal), everyMs, setState), [everyMs]);
  return state;
};

/** Asks at once, and again `everyMs` after each answer, until the function that it returns is called. */
export const poll = <T>(
  ask: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  show: (state: Polled<T>) => void,
): (() => void) => {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let good: Polled<T> = {};
  const round = async (): Promise<void> => {
    let next: Polled<T>;
    try {
      good = { value: await ask(abort.signal) };
      next = good;
    } catch (error) {
      next = { ...good, error: error as Error };
    }
    if (abort.signal.aborted) return;
    show(next);
    timer = setTimeout(() => void round(), everyMs);
  };
  void round();
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
};
