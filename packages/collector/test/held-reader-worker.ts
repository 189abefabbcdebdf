/** A thread that reads, and can be held, broken and ended by what it is asked: `/api/invocations/{hold|bug|disk|die}`. */
import { parentPort, workerData } from "node:worker_threads";
import { answerQuestions } from "../src/api/answerer.ts";
import { systemClock } from "../src/clock.ts";
import { StoreError } from "../src/errors.ts";
import { createSummarizer } from "../src/query/summarize.ts";
import { openStoreReader } from "../src/store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../src/store/sqlite/summaries.ts";
import { HELD, RELEASED } from "./held-cells.ts";

interface HeldWorkerData {
  readonly dataDir: string;
  readonly cells: Int32Array<SharedArrayBuffer>;
}

const { dataDir, cells } = workerData as HeldWorkerData;
const store = openStoreReader({ dataDir });
const summaries = createSqliteSummaries({ dataDir });

const tracesOfRequest: typeof store.tracesOfRequest = async (id, limit) => {
  if (id === "hold") {
    Atomics.add(cells, HELD, 1);
    Atomics.wait(cells, RELEASED, 0);
  }
  if (id === "bug") throw new TypeError("a bug of ours");
  if (id === "disk") throw new StoreError("store-failed", "the disk refused");
  if (id === "die") process.exit(1);
  return store.tracesOfRequest(id, limit);
};

const broken = { ...store, tracesOfRequest };
const summarizer = createSummarizer({ store: broken, summaries, clock: systemClock });
if (parentPort === null) throw new Error("this file is a thread's");
await answerQuestions(parentPort, { store: broken, summaries, summarizer, clock: systemClock }, async () => {
  await summarizer.close();
  await summaries.close();
  await store.close();
});
