/** The thread that reader-thread.ts starts: it ends when it is told to. */
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../clock.ts";
import { createSummarizer } from "../query/summarize.ts";
import { openStoreReader } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import { answerQuestions } from "./answerer.ts";
import type { ReaderWorkerData } from "./reader-thread.ts";

if (parentPort === null) throw new Error("this file is a thread's");

const { dataDir } = workerData as ReaderWorkerData;
const store = openStoreReader({ dataDir });
const summaries = createSqliteSummaries({ dataDir });
const summarizer = createSummarizer({ store, summaries, clock: systemClock });

await answerQuestions(parentPort, { store, summaries, summarizer, clock: systemClock }, async () => {
  await summarizer.close();
  await summaries.close();
  await store.close();
});
