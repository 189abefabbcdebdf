/** What sealing reads of the partition that it writes anew. */
import type { Block } from "./block.ts";
import type { BlockEntry, Signal } from "./partition-reader.ts";

export interface SealSource {
  blocks(signal: Signal): readonly BlockEntry[];
  block(id: number): Block;
  /** Of the block's records: u32 term, u32 row, … */
  places(id: number): Uint32Array;
}
