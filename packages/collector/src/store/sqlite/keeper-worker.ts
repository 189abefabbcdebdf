/** The thread that keeper-thread.ts starts. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { isToEnd, STARTED, type Started, waitForEnd } from "../../thread.ts";
import { openKeeper } from "./keeper.ts";
import type { KeeperProblem, KeeperWorkerData } from "./keeper-thread.ts";

/** As the summarizer's, which is behind for as long as much comes in: below it nothing would be sealed meanwhile. */
const LOW_PRIORITY = 10;
const PAUSE_MS = 2_000;

const { settings, busy } = workerData as KeeperWorkerData;

try {
  if (process.platform === "linux") setPriority(0, LOW_PRIORITY); // there, of this thread alone
} catch {
  // Not allowed: it works at the usual priority.
}

const keeper = openKeeper({
  ...settings,
  clock: systemClock,
  isBusy: () => Atomics.load(busy, 0) === 1,
  onProblem({ code, message }) {
    if (!isToEnd()) parentPort?.postMessage({ code, message } satisfies KeeperProblem, []);
  },
});
parentPort?.postMessage(STARTED satisfies Started, []);
while (!isToEnd()) {
  if (keeper.step() === undefined) waitForEnd(PAUSE_MS);
}
keeper.close();
