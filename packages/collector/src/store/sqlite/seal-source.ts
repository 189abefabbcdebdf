/**
 * What sealing reads of the partition that it writes anew.
 *
 * An active one is read beside whoever else reads it; the one that wrote it has gone on to the next.
 */
import { StoreError } from "../../errors.ts";
import type { Signal } from "../store.ts";
import { openActiveFileForReading } from "./active-file.ts";
import { type Block, unpackBlock } from "./block.ts";
import type { BlockEntry } from "./partition-reader.ts";

export interface SealSource {
  blocks(signal: Signal): readonly BlockEntry[];
  /** Its bytes are of the one who asked, who gives them back. */
  block(id: number): Block;
  /** Of the block's records: u32 term, u32 row, … */
  places(id: number): Uint32Array;
}

export interface OpenSealSource extends SealSource {
  close(): void;
}

interface Row {
  readonly id: bigint;
  readonly records: bigint;
  readonly min_ns: bigint;
  readonly max_ns: bigint;
}

export const openSealSource = (path: string): OpenSealSource => {
  const db = openActiveFileForReading(path);
  const selectBlocks = db
    .prepare<[Signal], Row>("SELECT id, records, min_ns, max_ns FROM blocks WHERE signal = ? ORDER BY id")
    .safeIntegers();
  const selectBody = db.prepare<[number], Buffer>("SELECT body FROM blocks WHERE id = ?").pluck();
  const selectPlaces = db.prepare<[number], Buffer>("SELECT places FROM blocks WHERE id = ?").pluck();
  const found = (id: number, bytes: Buffer | undefined): Buffer => {
    if (bytes === undefined) throw new StoreError("store-corrupt", `${path} has no block ${id}`);
    return bytes;
  };
  return {
    blocks: (signal) =>
      selectBlocks.all(signal).map((row) => ({
        id: Number(row.id),
        records: Number(row.records),
        minTime: row.min_ns,
        maxTime: row.max_ns,
      })),
    block: (id) => unpackBlock(found(id, selectBody.get(id))),
    places(id) {
      const bytes = new Uint8Array(found(id, selectPlaces.get(id))); // a copy lies as numbers must
      return new Uint32Array(bytes.buffer, 0, bytes.length / 4);
    },
    close: () => void db.close(),
  };
};
