/** What the process uses, read when somebody asks. */
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface ProcessReadings {
  read(): {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    readonly startTime: number;
    readonly openFds: number;
    readonly heapUsed: number;
    readonly externalMemory: number;
    readonly lagP50: number;
    readonly lagP99: number;
    readonly lagMax: number;
  };
  close(): void;
}

const RESOLUTION_MS = 20;

export const createProcessReadings = (): ProcessReadings => {
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  lag.enable();
  const startTime = performance.timeOrigin / 1000;
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, external } = process.memoryUsage();
      const seen = {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: rss,
        startTime,
        openFds: openFds(),
        heapUsed,
        externalMemory: external,
        lagP50: delay(lag.percentile(50)),
        lagP99: delay(lag.percentile(99)),
        lagMax: delay(lag.max),
      };
      lag.reset();
      return seen;
    },
    close: () => void lag.disable(),
  };
};

/** The histogram holds intervals of its timer, and the timer's own is no delay. */
const delay = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000);

const openFds = (): number => {
  try {
    return readdirSync("/proc/self/fd").length - 1; // one is the listing's own
  } catch {
    return 0;
  }
};
