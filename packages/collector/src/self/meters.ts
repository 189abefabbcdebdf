/** What is counted as it happens; all else is read at the scrape. Bounded by the routes, statuses and methods there are. */
import type { Buckets, Sample } from "./exposition.ts";

const BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Histogram extends Buckets {
  observe(seconds: number): void;
}

const createHistogram = (): Histogram => {
  const counts = Array.from({ length: BOUNDS_SECONDS.length + 1 }, () => 0);
  let sum = 0;
  return {
    bounds: BOUNDS_SECONDS,
    counts,
    get sum() {
      return sum;
    },
    observe(seconds) {
      const index = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
      counts[index < 0 ? BOUNDS_SECONDS.length : index]! += 1;
      sum += seconds;
    },
  };
};

export interface Meters {
  readonly appendSeconds: Histogram;
  readonly appendQueue: number;
  readonly droppedLiveRows: number;
  readonly dropLiveRows: (count: number) => void;
  /** Follows what is handed to the store until it is on disk, or refused. */
  appending<T>(appended: Promise<T>): Promise<T>;
  answered(method: string, route: string, status: number, seconds: number): void;
  httpRequests(): readonly Sample[];
  httpSeconds(): readonly { readonly labels: readonly string[]; readonly buckets: Buckets }[];
}

export const createMeters = (): Meters => {
  const appendSeconds = createHistogram();
  const byRoute = new Map<string, Histogram>();
  const byAnswer = new Map<string, { readonly labels: readonly string[]; value: number }>();
  let appendQueue = 0;
  let droppedLiveRows = 0;
  return {
    appendSeconds,
    get droppedLiveRows() {
      return droppedLiveRows;
    },
    dropLiveRows(count) {
      droppedLiveRows += count;
    },
    get appendQueue() {
      return appendQueue;
    },
    async appending(appended) {
      const start = performance.now();
      appendQueue += 1;
      try {
        return await appended;
      } finally {
        appendQueue -= 1;
        appendSeconds.observe((performance.now() - start) / 1000);
      }
    },
    answered(method, route, status, seconds) {
      const key = `${method} ${status} ${route}`;
      const answers = byAnswer.get(key);
      if (answers === undefined) byAnswer.set(key, { labels: [method, route, String(status)], value: 1 });
      else answers.value += 1;
      let histogram = byRoute.get(route);
      if (histogram === undefined) byRoute.set(route, (histogram = createHistogram()));
      histogram.observe(seconds);
    },
    httpRequests: () => [...byAnswer.values()],
    httpSeconds: () => [...byRoute].map(([route, buckets]) => ({ labels: [route], buckets })),
  };
};
