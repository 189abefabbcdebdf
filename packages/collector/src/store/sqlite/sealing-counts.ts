/** How the ledger changes when a partition is sealed, and when it expires: said of the partition, not added. */
import { SIGNALS } from "../store.ts";
import type { Count } from "./ledger.ts";
import type { SealedDirectory } from "./sealed-directory.ts";

export const sealingCounts = ({ signals }: SealedDirectory): readonly Count[] =>
  SIGNALS.flatMap((signal) => {
    const { duplicates } = signals[signal];
    return [
      { signal, fate: "stored" as const, reason: "", amount: -duplicates },
      { signal, fate: "duplicate" as const, reason: "", amount: duplicates },
    ];
  });

export const expiryCounts = ({ signals }: SealedDirectory): readonly Count[] =>
  SIGNALS.flatMap((signal) => {
    const { items, duplicates } = signals[signal];
    return [
      { signal, fate: "stored" as const, reason: "", amount: -duplicates - items },
      { signal, fate: "duplicate" as const, reason: "", amount: duplicates },
      { signal, fate: "dropped" as const, reason: "expired", amount: items },
    ];
  });
