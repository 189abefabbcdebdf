/** What `/api/stats` tells of records, from the ledger and what was found since (copies, what retention removed). */
import type { StoreStats } from "../store.ts";
import { type Count, Ledger } from "./ledger.ts";

export const sumsOf = (
  ledger: Ledger,
  adjustments: readonly Count[],
): Omit<StoreStats, "traces" | "invocations" | "bytesOnDisk" | "partitions"> => {
  const all = new Ledger();
  all.addAll(ledger.counts());
  all.addAll(adjustments);
  return {
    spans: all.of("spans", "stored"),
    receivedSpans: all.received("spans"),
    duplicateSpans: all.of("spans", "duplicate"),
    rejectedSpans: all.reasons("spans", "rejected"),
    droppedSpans: all.reasons("spans", "dropped"),
    logs: all.of("logs", "stored"),
    receivedLogs: all.received("logs"),
    duplicateLogs: all.of("logs", "duplicate"),
    rejectedLogs: all.reasons("logs", "rejected"),
    droppedLogs: all.reasons("logs", "dropped"),
    metricPoints: all.of("metrics", "stored"),
    receivedMetricPoints: all.received("metrics"),
    duplicateMetricPoints: all.of("metrics", "duplicate"),
    rejectedMetricPoints: all.reasons("metrics", "rejected"),
    droppedMetricPoints: all.reasons("metrics", "dropped"),
  };
};
