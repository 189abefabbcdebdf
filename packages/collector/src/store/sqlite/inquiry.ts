/**
 * Whether what a question was told still holds, without asking it again.
 *
 * All that a question learns, it learns by terms: what is stored since matters to it only if one of them leads there. A partition
 * that was there is asked for the blocks that are new in it, one that is new, or has taken another's place, for all of it.
 * One that is gone mattered only if a term led there.
 *
 *   asked   trace a, key k     partition 1 [..a..]   2 [..k.....]
 *   now                        partition 1 [..a..]   2 [..k.....|....]   3 [....]         current
 *                              partition 1 [..a..]   2 [..k.....|..k.]                    not any more
 *
 * Cost    nothing of a partition that has not changed; else a look for each term.
 * Memory  8 bytes a term, some.
 */
import type { Signal } from "../store.ts";
import type { OpenPartition, PartitionSet } from "./partition-set.ts";
import { SoughtTerms } from "./sought-terms.ts";

/** Where a question has led so far. */
export interface Trail {
  note(signal: AskedSignal, terms: readonly number[]): void;
  readonly found: (partition: OpenPartition) => void;
  /** Of a record that was told. */
  took(bytes: number): void;
  readonly bytes: number;
  isCurrent(): boolean;
}

const ASKED = ["spans", "logs"] as const satisfies readonly Signal[];
type AskedSignal = (typeof ASKED)[number];

/** Blocks that were known, by signal. */
type Known = Readonly<Record<AskedSignal, number>>;

/** From these partitions on. */
export const createTrail = (partitions: PartitionSet, asked: readonly OpenPartition[]): Trail => {
  /** As they were asked. */
  const terms: Record<AskedSignal, (readonly number[])[]> = { spans: [], logs: [] };
  const led = new Set<OpenPartition>();
  const knownNow = (all: readonly OpenPartition[]): ReadonlyMap<OpenPartition, Known> =>
    new Map(
      all.map((one) => [one, { spans: one.reader.blocks("spans").length, logs: one.reader.blocks("logs").length }]),
    );
  let known = knownNow(asked);
  let bytes = 0;

  const leadsToNew = (partition: OpenPartition, signal: AskedSignal): boolean => {
    const before = known.get(partition)?.[signal] ?? 0;
    const found = partitions.ask(partition, (reader) => {
      const firstNew = reader.blocks(signal)[before];
      if (firstNew === undefined || terms[signal].length === 0) return false;
      const last = reader.places(signal, sought(signal)).at(-1);
      return last !== undefined && last.block >= firstNew.id;
    });
    return found ?? true; // it is damaged, and set aside from now on
  };

  /** Put together once for all partitions, and only where one has changed. */
  const sought = (signal: AskedSignal): SoughtTerms => (soughtNow[signal] ??= new SoughtTerms(terms[signal].flat()));
  let soughtNow: Partial<Record<AskedSignal, SoughtTerms>> = {};

  return {
    note(signal, more) {
      terms[signal].push(more);
    },
    found: (partition) => void led.add(partition),
    took(more) {
      bytes += more;
    },
    get bytes() {
      return bytes;
    },
    isCurrent() {
      const all = partitions.all();
      const present = new Set(all);
      soughtNow = {};
      for (const partition of led) if (!present.has(partition)) return false;
      for (const partition of all) for (const signal of ASKED) if (leadsToNew(partition, signal)) return false;
      known = knownNow(all);
      return true;
    },
  };
};
