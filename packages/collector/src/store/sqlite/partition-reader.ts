/**
 * What a question asks of one partition, active or sealed.
 *
 * Terms are 32-bit hashes and may collide: whoever follows one compares the record itself. An answer may therefore name
 * too much, never too little.
 *
 * Errors  StoreError `store-corrupt`: this part is damaged; the caller sets the partition aside and asks the others.
 */
import type { Block } from "./block.ts";
import type { SoughtTerms } from "./sought-terms.ts";

export const SIGNALS = ["spans", "logs", "metrics"] as const;
export type Signal = (typeof SIGNALS)[number];

export interface Place {
  readonly block: number;
  readonly row: number;
}

export interface BlockEntry {
  readonly id: number;
  readonly records: number;
  /** Bounds of the records' own times (a span's start, a log's time, a metric's points), Unix ns. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

export interface PartitionReader {
  /** An active partition learns of what was written since; all else answers for what is known. */
  refresh(): void;
  /** In the order of their ids. */
  blocks(signal: Signal): readonly BlockEntry[];
  /** Records that hold any of these terms, each once, in the order of blocks and rows. */
  places(signal: Signal, sought: SoughtTerms): readonly Place[];
  /** Those of these terms that lead to a record. */
  leading(signal: Signal, sought: SoughtTerms): readonly number[];
  /** Ids of blocks with a record that holds this term, ascending. */
  words(signal: Signal, term: number): readonly number[];
  /** Ids are unique over all signals. */
  block(id: number): Block;
  close(): void;
}
