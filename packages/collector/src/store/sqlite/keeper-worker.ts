/** The thread that keeper-thread.ts starts. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../clock.ts";
import { STARTED, type Started } from "../../thread-end.ts";
import { openKeeper } from "./keeper.ts";
import { BUSY, type KeeperProblem, type KeeperWorkerData, STOP } from "./keeper-thread.ts";

/** As the summarizer's, which is behind for as long as much comes in: below it nothing would be sealed meanwhile. */
const LOW_PRIORITY = 10;
const PAUSE_MS = 2_000;

const { settings, cells: shared } = workerData as KeeperWorkerData;
const cells = new Int32Array(shared);

try {
  if (process.platform === "linux") setPriority(0, LOW_PRIORITY); // there, of this thread alone
} catch {
  // Not allowed: it works at the usual priority.
}

const keeper = openKeeper({
  ...settings,
  clock: systemClock,
  isBusy: () => Atomics.load(cells, BUSY) === 1,
  onProblem: ({ code, message }) => parentPort?.postMessage({ code, message } satisfies KeeperProblem, []),
});
parentPort?.postMessage(STARTED satisfies Started, []);
while (Atomics.load(cells, STOP) === 0) {
  if (keeper.step() === undefined) Atomics.wait(cells, STOP, 0, PAUSE_MS);
}
keeper.close();
