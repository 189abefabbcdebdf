/** The thread that summarizer-thread.ts starts: it ends when it is told to. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../clock.ts";
import { openStoreReader } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import { createSummarizer, keepSummarizing } from "./summarize.ts";
import { STARTED, type Started } from "../thread.ts";
import type { SummarizerMessage, SummarizerWorkerData } from "./summarizer-thread.ts";

const LOW_PRIORITY = 10;
const TELL_EVERY_MS = 1_000;
/** Of a group of traces; a story that is wider is decoded more than once. */
const MAX_KNOWN_SPANS = 2_048;

try {
  if (process.platform === "linux") setPriority(0, LOW_PRIORITY); // there, of this thread alone
} catch {
  // Not allowed: it works at the usual priority.
}

const { dataDir } = workerData as SummarizerWorkerData;
const store = openStoreReader({ dataDir, maxKnownSpans: MAX_KNOWN_SPANS });
const summaries = createSqliteSummaries({ dataDir });
const summarizer = createSummarizer({ store, summaries, clock: systemClock });

const post = (message: SummarizerMessage | Started): void => parentPort?.postMessage(message, []);
const tell = (error: unknown): void => {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  post({ problem: { message, stack } });
};
const stop = keepSummarizing(summarizer, tell);
const telling = setInterval(() => {
  summarizer.lacks().then(
    (behind) => post({ behind }),
    () => {}, // a disk that refuses: the next count tells
  );
}, TELL_EVERY_MS);

const end = async (): Promise<void> => {
  stop();
  clearInterval(telling);
  await summarizer.close();
  await summaries.close();
  await store.close();
};
parentPort?.once("message", () => void end().catch(tell));
post(STARTED);
