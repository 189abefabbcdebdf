/** What ends waiting. An AbortSignal without being an event target, which Node.js takes a millisecond of a cold start to load. */
export interface Stop {
  readonly isStopped: boolean;
  /** Once, or never where it is over already. The result forgets it. */
  onStop(work: () => void): () => void;
}

export const createStop = (): Stop & { readonly stop: () => void } => {
  const works = new Set<() => void>();
  let isStopped = false;
  return {
    get isStopped() {
      return isStopped;
    },
    onStop(work) {
      works.add(work);
      return () => void works.delete(work);
    },
    stop() {
      isStopped = true;
      for (const work of works) work();
      works.clear();
    },
  };
};
