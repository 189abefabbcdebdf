/**
 * The ledger: received = stored + duplicate + rejected + dropped, per signal, counted where the data is written and in
 * the same transaction, so that it is exact after any crash.
 */
import type { Database } from "better-sqlite3";
import type { Signal } from "../store.ts";

/** What became of a record. `received` is their sum, so it is not counted by itself. */
export const FATES = ["stored", "duplicate", "rejected", "dropped"] as const;
export type Fate = (typeof FATES)[number];

export interface Count {
  readonly signal: Signal;
  readonly fate: Fate;
  /** "" where there is nothing to say. */
  readonly reason: string;
  readonly amount: number;
}

/** Sums of counts. */
export class Ledger {
  readonly #sums = new Map<string, Count>();

  add({ signal, fate, reason, amount }: Count): void {
    if (amount === 0) return;
    const name = `${signal} ${fate} ${reason}`;
    const before = this.#sums.get(name)?.amount ?? 0;
    this.#sums.set(name, { signal, fate, reason, amount: before + amount });
  }

  addAll(counts: Iterable<Count>): void {
    for (const count of counts) this.add(count);
  }

  counts(): readonly Count[] {
    return [...this.#sums.values()];
  }

  of(signal: Signal, fate: Fate): number {
    return this.counts().reduce((sum, one) => sum + (one.signal === signal && one.fate === fate ? one.amount : 0), 0);
  }

  received(signal: Signal): number {
    return this.counts().reduce((sum, one) => sum + (one.signal === signal ? one.amount : 0), 0);
  }

  reasons(signal: Signal, fate: Fate): Readonly<Record<string, number>> {
    const counts = this.counts().filter((one) => one.signal === signal && one.fate === fate);
    return Object.fromEntries(counts.map(({ reason, amount }) => [reason, amount]));
  }
}

/** Adds to a file's sums. */
export const createLedgerWrite = (db: Database): ((counts: readonly Count[]) => void) => {
  const add = db.prepare<[Signal, Fate, string, number]>(
    "INSERT INTO counters (signal, name, reason, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
  );
  return (counts) => {
    for (const { signal, fate, reason, amount } of counts) add.run(signal, fate, reason, amount);
  };
};

export const readLedger = (db: Database): readonly Count[] =>
  db.prepare<[], Count>("SELECT signal, name AS fate, reason, value AS amount FROM counters").all();
