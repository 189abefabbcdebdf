/** Decoded blocks, the lately asked ones, bounded in bytes: a question comes back to the same blocks again and again. */
import type { Block } from "./block.ts";

interface Cached {
  readonly block: Block;
  readonly bytes: number;
}

export interface BlockCache {
  /** `partition` as an object: where a sealed file takes an active one's place, its blocks are others. */
  get(partition: object, id: number, read: () => Block): Block;
}

export const createBlockCache = (maxBytes: number): BlockCache => {
  const numbers = new WeakMap<object, number>();
  let partitions = 0;
  /** In the order in which they were asked for last. */
  const blocks = new Map<string, Cached>();
  let bytes = 0;

  const numberOf = (partition: object): number => {
    const number = numbers.get(partition) ?? (partitions += 1);
    numbers.set(partition, number);
    return number;
  };
  const drop = (name: string): void => {
    bytes -= blocks.get(name)?.bytes ?? 0;
    blocks.delete(name);
  };

  return {
    get(partition, id, read) {
      const name = `${numberOf(partition)}.${id}`;
      const cached = blocks.get(name) ?? sized(read());
      drop(name);
      blocks.set(name, cached);
      bytes += cached.bytes;
      for (const oldest of blocks.keys()) {
        if (bytes <= maxBytes || oldest === name) break;
        drop(oldest);
      }
      return cached.block;
    },
  };
};

/** Its records are views of one decompressed section. */
const sized = (block: Block): Cached => ({
  block,
  bytes: block.count > 0 ? block.record(0).buffer.byteLength : 0,
});
