/**
 * Batches → one commit and what each of them is told. A batch whose request was stored before, or came a moment earlier in the
 * same group, is a repeat: it is counted, and nothing of it is kept.
 */
import { type AppendResult, type Batch, SIGNALS } from "../store.ts";
import type { Commit } from "./active-writer.ts";
import type { BlockMaker } from "./blocks-of.ts";
import { type Count, Ledger } from "./ledger.ts";
import type { RecentRequests } from "./recent-requests.ts";
import { entryOf } from "./request-memory.ts";

interface Told {
  readonly commit: Commit;
  /** Of each batch. */
  readonly results: readonly AppendResult[];
}

export const commitOf = (batches: readonly Batch[], blocksOf: BlockMaker, requests: RecentRequests): Told => {
  const seen = new Set<string>();
  const times = batches.map(({ receivedAt }) => requests.timeOf(receivedAt));
  const results = batches.map(({ requestDigest }, n): AppendResult => {
    const name = Buffer.from(requestDigest).toString("latin1");
    if (seen.has(name) || requests.has(requestDigest, times[n]!)) return "duplicate";
    seen.add(name);
    return "stored";
  });
  const fresh = batches.filter((_, n) => results[n] === "stored");
  const entries = batches.flatMap(({ requestDigest }, n) =>
    results[n] === "stored" ? [entryOf(requestDigest, times[n]!)] : [],
  );
  const blocks = SIGNALS.flatMap((signal) =>
    blocksOf(
      signal,
      fresh.filter((batch) => batch.signal === signal),
    ),
  );
  return { results, commit: { blocks, entries: Buffer.concat(entries), counts: countsOf(batches, results) } };
};

const countsOf = (batches: readonly Batch[], results: readonly AppendResult[]): readonly Count[] => {
  const counts = new Ledger();
  for (const [n, { signal, records, rejected }] of batches.entries()) {
    const fate = results[n] === "stored" ? "stored" : "duplicate";
    counts.add({ signal, fate, reason: "", amount: records.items });
    for (const [reason, amount] of Object.entries(rejected)) counts.add({ signal, fate: "rejected", reason, amount });
  }
  return counts.counts();
};
