/**
 * The ledger: received = stored + duplicate + rejected, counted where the data is written and in the same transaction,
 * so that it is exact after any crash.
 */
import type { Database } from "better-sqlite3";
import type { Batch } from "../store.ts";

const PLAIN = [
  "spans",
  "traces",
  "logs",
  "invocations",
  "receivedSpans",
  "duplicateSpans",
  "receivedLogs",
  "duplicateLogs",
] as const;
const BY_REASON = ["rejectedSpans", "rejectedLogs"] as const;

type Counter = (typeof PLAIN)[number] | (typeof BY_REASON)[number];
type Counts = { [name in (typeof PLAIN)[number]]: number } & {
  [name in (typeof BY_REASON)[number]]: Record<string, number>;
};

export interface Ledger {
  count(counter: (typeof PLAIN)[number], amount: number): void;
  /** What the batch brought, kept or not. */
  countReceived(batch: Batch): void;
}

export const createLedger = (db: Database): Ledger => {
  const add = db.prepare<[Counter, string, number]>(
    "INSERT INTO counters (name, reason, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
  );
  const count = (counter: Counter, amount: number, reason = ""): void => {
    if (amount > 0) add.run(counter, reason, amount);
  };
  const countRejected = (counter: (typeof BY_REASON)[number], rejected: Readonly<Record<string, number>>): number => {
    for (const [reason, amount] of Object.entries(rejected)) count(counter, amount, reason);
    return Object.values(rejected).reduce((sum, amount) => sum + amount, 0);
  };
  return {
    count,
    countReceived(batch) {
      count("receivedSpans", batch.spans.length + countRejected("rejectedSpans", batch.rejectedSpans));
      count("receivedLogs", batch.logs.length + countRejected("rejectedLogs", batch.rejectedLogs));
    },
  };
};

export const createLedgerRead = (db: Database): (() => Counts) => {
  const select = db.prepare<[], { name: Counter; reason: string; value: number }>(
    "SELECT name, reason, value FROM counters",
  );
  return () => {
    const rows = select.all();
    const byReason = (name: Counter) =>
      Object.fromEntries(rows.filter((row) => row.name === name).map((row) => [row.reason, row.value]));
    const plain = (name: Counter) => rows.find((row) => row.name === name)?.value ?? 0;
    return Object.fromEntries([
      ...PLAIN.map((name) => [name, plain(name)]),
      ...BY_REASON.map((name) => [name, byReason(name)]),
    ]) as Counts;
  };
};
