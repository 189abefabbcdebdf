/**
 * What a commit brings of one signal → the blocks that are written: records compressed together, with their terms.
 *
 * A block holds the records of many small requests, and of a large one only a part: whoever asks for one of its traces
 * decompresses all of it.
 */
import { originFromProtobuf } from "@mayfly/otlp";
import { spanOrigin } from "../../normalize/origin.ts";
import { createScans, originWords } from "../scan.ts";
import type { Batch, Signal } from "../store.ts";
import { MAX_ROWS, TermSet, clamped } from "../term-set.ts";
import { type ArrivedRecords, createBlockEncoder } from "./block.ts";
import { perOrigin } from "./per-origin.ts";

export interface NewBlock {
  readonly signal: Signal;
  readonly records: number;
  readonly minTime: bigint;
  readonly maxTime: bigint;
  /** Of its records, before compression. */
  readonly bytes: number;
  readonly places: Buffer;
  readonly words: Buffer;
  readonly body: Buffer;
}

const MAX_BLOCK_BYTES = 1024 * 1024;
/** The fastest: active blocks live until they are sealed. */
const LEVEL = 1;

export type BlockMaker = (signal: Signal, batches: readonly Batch[]) => readonly NewBlock[];

export const createBlockMaker = (unindexed: ReadonlySet<string>): BlockMaker => {
  const terms = new TermSet();
  const scans = createScans(terms, unindexed);
  const wordsOfOrigin = createOriginWords(unindexed);
  const encodeBlock = createBlockEncoder();

  const block = (signal: Signal, requests: readonly ArrivedRecords[]): NewBlock => {
    const scan = scans[signal];
    let row = 0;
    let length = 0;
    for (const { bytes, slices, origins, arrivedAt } of requests) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const arrived = Number(arrivedAt);
      let lastOrigin = -1;
      for (let at = 0; at < slices.length; at += 3) {
        const start = slices[at]!;
        const end = slices[at + 1]!;
        const origin = slices[at + 2]!;
        if (origin !== lastOrigin) for (const word of wordsOfOrigin(origins[origin]!)) terms.word(word);
        lastOrigin = origin;
        scan(buffer, start, end, row, arrived);
        length += end - start;
        row += 1;
      }
    }
    return {
      signal,
      records: row,
      bytes: length,
      ...terms.take(),
      body: encodeBlock(requests, { level: LEVEL }),
    };
  };

  return (signal, batches) => {
    const blocks: NewBlock[] = [];
    for (const requests of portions(batches)) blocks.push(block(signal, requests));
    return blocks;
  };
};

/** Requests put together and taken apart, so that each portion makes one block. */
function* portions(batches: readonly Batch[]): Generator<readonly ArrivedRecords[]> {
  let portion: ArrivedRecords[] = [];
  let bytes = 0;
  let rows = 0;
  for (const { records, receivedAt } of batches) {
    const { slices } = records;
    let from = 0;
    for (let at = 0; at < slices.length; at += 3) {
      const length = slices[at + 1]! - slices[at]!;
      if (rows > 0 && (bytes + length > MAX_BLOCK_BYTES || rows === MAX_ROWS)) {
        if (at > from) portion.push(arrived(records, from, at, receivedAt));
        yield portion;
        portion = [];
        bytes = 0;
        rows = 0;
        from = at;
      }
      bytes += length;
      rows += 1;
    }
    if (slices.length > from) portion.push(arrived(records, from, slices.length, receivedAt));
  }
  if (rows > 0) yield portion;
}

const arrived = (
  { bytes, slices, origins }: Batch["records"],
  from: number,
  to: number,
  receivedAt: bigint,
): ArrivedRecords => ({
  bytes,
  slices: from === 0 && to === slices.length ? slices : slices.subarray(from, to),
  origins,
  arrivedAt: clamped(receivedAt),
});

export const createOriginWords = (unindexed: ReadonlySet<string>): ((origin: Uint8Array) => readonly number[]) =>
  perOrigin((origin) => originWords(spanOrigin(originFromProtobuf(origin)), unindexed));
