/** Asks again and again while it is shown; the last good answer stays beside a later error. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isAbort } from "../api/client.ts";

export interface Polled<T> {
  readonly value?: T;
  readonly error?: Error;
}

export const usePolled = <T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> => {
  const [state, setState] = useState<Polled<T>>({});
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async (): Promise<void> => {
      try {
        const value = await latest.current(abort.signal);
        setState({ value });
      } catch (error) {
        if (isAbort(error)) return;
        setState(({ value }) => ({ ...(value !== undefined && { value }), error: error as Error }));
      }
      timer = setTimeout(() => void round(), everyMs);
    };
    void round();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [everyMs]);
  return state;
};
