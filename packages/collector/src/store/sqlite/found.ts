/**
 * Where records lie that may hold a term, partition by partition in the order of arrival, and the blocks they lie in.
 *
 * Bounds  decoded blocks in memory.
 */
import type { Signal } from "../store.ts";
import type { Block } from "./block.ts";
import { createBlockCache } from "./block-cache.ts";
import type { OpenPartition, PartitionSet } from "./partition-set.ts";
import type { BlockEntry, PartitionReader, Place } from "./partition-reader.ts";
import { SoughtTerms } from "./sought-terms.ts";

/** A record, not decoded yet. */
export interface Found {
  readonly block: Block;
  readonly row: number;
}

export interface Finder {
  /**
   * Records of these partitions that may hold any of these terms, each once, in the order of arrival. `onFound` is told of each
   * partition that has some.
   */
  places(
    partitions: readonly OpenPartition[],
    signal: Signal,
    terms: readonly number[],
    onFound?: (partition: OpenPartition) => void,
  ): Generator<Found>;
  /** Blocks with records that may hold all of these words; all blocks without any. In the order of arrival. */
  blocks(partition: OpenPartition, signal: Signal, words: readonly number[]): readonly BlockEntry[];
  /** undefined: it is damaged. */
  block(partition: OpenPartition, id: number): Block | undefined;
  readonly partitions: PartitionSet;
}

const MAX_CACHED_BYTES = 16 * 1024 * 1024;

export const createFinder = (partitions: PartitionSet): Finder => {
  const cache = createBlockCache(MAX_CACHED_BYTES);

  const block = (partition: OpenPartition, id: number): Block | undefined =>
    partitions.ask(partition, (reader) => cache.get(partition, id, () => reader.block(id)));

  return {
    partitions,
    block,
    *places(asked, signal, terms, onFound) {
      const sought = new SoughtTerms(terms);
      for (const partition of asked) {
        const places = partitions.ask(partition, (reader) => placesIn(reader, signal, sought)) ?? [];
        if (places.length > 0) onFound?.(partition);
        let id: number | undefined;
        let found: Block | undefined;
        for (const place of places) {
          if (place.block !== id) found = block(partition, (id = place.block));
          if (found === undefined) break;
          yield { block: found, row: place.row };
        }
      }
    },
    blocks(partition, signal, words) {
      const found = partitions.ask(partition, (reader) => {
        const entries = reader.blocks(signal);
        const holding = words.map((word) => new Set(reader.words(signal, word)));
        return holding.length === 0 ? entries : entries.filter(({ id }) => holding.every((ids) => ids.has(id)));
      });
      return found ?? [];
    },
  };
};

const placesIn = (reader: PartitionReader, signal: Signal, sought: SoughtTerms): readonly Place[] =>
  reader.blocks(signal).length === 0 ? [] : reader.places(signal, sought);
