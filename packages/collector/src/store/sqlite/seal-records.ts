/**
 * Records of one signal, in the order in which they arrived → in the order in which they are asked for, copies left out.
 *
 * Memory  the records of one range, some `bufferBytes`; as many decoded blocks as fit `keptBytes`, the others are decoded
 *         once to learn the keys and once for each range, one at a time; 30 bytes for each record. A range is one of the
 *         keys' hashes, so that all of a trace is in it.
 */
import { giveBack } from "../../give-back.ts";
import type { Block } from "./block.ts";
import type { OriginTable } from "./origin-table.ts";
import type { Signal } from "./partition-reader.ts";
import { RecordRange, type SortedRecords } from "./record-range.ts";
import { RecordRequests } from "./record-requests.ts";
import { rangesOf, surveyOf } from "./record-survey.ts";
import type { SealSource } from "./seal-source.ts";

export interface SortLimits {
  readonly bufferBytes?: number;
  readonly keptBytes?: number;
}

const BUFFER_BYTES = 16 * 1024 * 1024;
const KEPT_BYTES = 8 * 1024 * 1024;

export const sortRecords = (
  source: SealSource,
  signal: Signal,
  origins: OriginTable,
  to: SortedRecords,
  { bufferBytes = BUFFER_BYTES, keptBytes = KEPT_BYTES }: SortLimits = {},
): void => {
  const blocks = keeping(source, keptBytes);
  const survey = surveyOf(source, signal, blocks.read);
  const ranges = rangesOf(survey, bufferBytes);
  const room = Buffer.allocUnsafeSlow(ranges.reduce((most, { bytes }) => Math.max(most, bytes), 0));
  for (const { first, last } of ranges) {
    const requests = new RecordRequests();
    const range = new RecordRange(survey, first, last, room);
    let firstRecord = 0;
    for (const { id, records } of source.blocks(signal)) {
      range.take(blocks.read(id), firstRecord, origins, requests);
      firstRecord += records;
    }
    range.tell(to, requests);
  }
  giveBack(room.buffer);
  for (const part of Object.values(survey)) giveBack(part.buffer);
  blocks.end();
};

interface Blocks {
  /** Until the next is read. */
  readonly read: (id: number) => Block;
  end(): void;
}

/** Keeps the first ones; the others are read again. */
const keeping = (source: SealSource, keptBytes: number): Blocks => {
  const kept = new Map<number, Block>();
  let bytes = 0;
  let passing: Block | undefined;
  const pass = (block?: Block): void => {
    if (passing) giveBack(passing.bytes.buffer);
    passing = block;
  };
  return {
    read(id) {
      const known = kept.get(id);
      if (known !== undefined) return known;
      const block = source.block(id);
      bytes += block.bytes.buffer.byteLength;
      if (bytes <= keptBytes) kept.set(id, block);
      else pass(block);
      return block;
    },
    end() {
      pass();
      for (const block of kept.values()) giveBack(block.bytes.buffer);
    },
  };
};
