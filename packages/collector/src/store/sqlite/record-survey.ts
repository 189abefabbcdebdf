/**
 * What is learnt of a signal's records in a first reading: their keys' order, how long each is, and where in it the key stands.
 * Some 30 bytes a record, so that a second reading can put the records of one range after another in their places.
 */
import type { Block } from "./block.ts";
import type { Signal } from "./partition-reader.ts";
import { RecordKey } from "./record-order.ts";
import type { SealSource } from "./seal-source.ts";

/** A key's hash and a record's number in one double, so that a typed array sorts them: 28 + 25 bits. */
const RECORDS = 2 ** 25;

export interface Survey {
  /** Hash and number of each record, sorted. */
  readonly order: Float64Array;
  /** By number: of the record, where in it the key is, and for logs when it happened. */
  readonly lengths: Uint32Array;
  readonly keyStarts: Uint32Array;
  readonly keyLengths: Uint32Array;
  readonly times: Float64Array;
}

export const surveyOf = (source: SealSource, signal: Signal, read: (id: number) => Block): Survey => {
  const entries = source.blocks(signal);
  const total = entries.reduce((sum, { records }) => sum + records, 0);
  if (total > RECORDS) throw new RangeError(`a partition has ${total} records, at most ${RECORDS} can be sealed`);
  const survey = {
    order: new Float64Array(total),
    lengths: new Uint32Array(total),
    keyStarts: new Uint32Array(total),
    keyLengths: new Uint32Array(total),
    times: new Float64Array(signal === "logs" ? total : 0),
  };
  const key = new RecordKey(signal);
  let number = 0;
  for (const { id } of entries) {
    const { bytes, ends } = read(id);
    let start = 0;
    for (const end of ends) {
      key.read(bytes, start, end);
      survey.lengths[number] = end - start;
      survey.keyStarts[number] = key.start - start;
      survey.keyLengths[number] = key.end - key.start;
      if (signal === "logs") survey.times[number] = key.time;
      survey.order[number] = (key.hash >>> 4) * RECORDS + number;
      number += 1;
      start = end;
    }
  }
  survey.order.sort();
  return survey;
};

export const hashOf = (ordered: number): number => Math.floor(ordered / RECORDS);
export const numberOf = (ordered: number): number => ordered % RECORDS;

export interface RangeBounds {
  /** In the order, each between two hashes. */
  readonly first: number;
  readonly last: number;
  /** Of its records. */
  readonly bytes: number;
}

/** Each of some `bufferBytes`, and whole keys. */
export const rangesOf = ({ order, lengths }: Survey, bufferBytes: number): readonly RangeBounds[] => {
  const ranges: RangeBounds[] = [];
  let first = 0;
  let bytes = 0;
  for (let at = 0; at < order.length; at += 1) {
    if (bytes >= bufferBytes && hashOf(order[at]!) !== hashOf(order[at - 1]!)) {
      ranges.push({ first, last: at, bytes });
      first = at;
      bytes = 0;
    }
    bytes += lengths[numberOf(order[at]!)]!;
  }
  if (first < order.length) ranges.push({ first, last: order.length, bytes });
  return ranges;
};
