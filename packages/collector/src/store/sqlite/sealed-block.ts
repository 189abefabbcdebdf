/**
 * A block of a sealed partition: sorted records in columns, whose origins stand in the partition's own table.
 *
 *   columns     base time u32 u32 │ varint n, then n row gaps (varint) of records that are whole │ lengths varint × count
 *               │ origin of, arrival of: runs (columns.ts)
 *   records     what is left of them, one after the other (cut-record.ts)
 *   ids         in the order they were cut
 *   times       differences from time to time, zigzag, in 7 planes: all lowest bytes, then all second ones …
 *
 * Reading puts the records together again, byte for byte, in one pass over the block, and gives views.
 * Errors  StoreError, as block-frame.ts says.
 */
import { giveBack } from "../../give-back.ts";
import type { Block, EncodeOptions } from "./block.ts";
import { LAYOUT_SEALED, readFrame, writeFrame } from "./block-frame.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter, copyBytes } from "./byte-writer.ts";
import { type ArrivalRun, readArrivalRuns, readOriginRuns, writeArrivalRuns, writeOriginRuns } from "./columns.ts";
import { findCuts, isTime, newCuts, SHAPES } from "./cut-record.ts";
import type { OriginSource } from "./origin-table.ts";
import type { Signal } from "./partition-reader.ts";
import { TimeColumn, readTimes } from "./time-column.ts";

export interface SealedRows {
  /** The records one after the other; `ends` says where each ends. */
  readonly bytes: Buffer;
  readonly ends: readonly number[];
  /** Per row, its number in the table. */
  readonly origins: readonly number[];
  readonly arrivals: readonly ArrivalRun[];
}

export const encodeSealedBlock = (signal: Signal, rows: SealedRows, { level }: EncodeOptions): Buffer => {
  const { bytes, ends, origins, arrivals } = rows;
  const left = new ByteWriter(bytes.length);
  const ids = new ByteWriter();
  const times = new TimeColumn();
  const lengths = new ByteWriter();
  const whole: number[] = [];
  const cuts = newCuts();
  let start = 0;
  for (const [row, end] of ends.entries()) {
    const before = left.length;
    const count = findCuts(bytes, start, end, SHAPES[signal], cuts, false);
    if (count < 0 || !times.fits(bytes, cuts, count)) {
      left.bytes(bytes, start, end);
      whole.push(row);
    } else {
      let from = start;
      for (let cut = 0; cut < count * 2; cut += 2) {
        const at = cuts[cut]!;
        const width = cuts[cut + 1]!;
        left.bytes(bytes, from, at);
        from = at + Math.abs(width);
        if (isTime(width)) times.add(bytes, at);
        else ids.bytes(bytes, at, from);
      }
      left.bytes(bytes, from, end);
    }
    lengths.varint(left.length - before);
    start = end;
  }
  const columns = new ByteWriter();
  columns.u32(times.baseLow);
  columns.u32(times.baseHigh);
  writeWhole(columns, whole);
  columns.bytes(lengths.written());
  writeOriginRuns(columns, origins);
  writeArrivalRuns(columns, arrivals);
  const planes = times.planes();
  const sections = [columns.written(), left.written(), ids.written(), planes];
  const frame = writeFrame(LAYOUT_SEALED, { count: ends.length, sections }, level);
  for (const part of [columns, left, ids, lengths]) part.giveBack();
  giveBack(planes.buffer);
  return frame;
};

const writeWhole = (out: ByteWriter, rows: readonly number[]): void => {
  out.varint(rows.length);
  for (const [n, row] of rows.entries()) out.varint(row - (rows[n - 1] ?? 0));
};

export const decodeSealedBlock = (signal: Signal, bytes: Uint8Array, origins: OriginSource): Block => {
  const { count, sections } = readFrame(bytes, LAYOUT_SEALED, 4);
  const [columnBytes, left, ids, planes] = sections as [Buffer, Buffer, Buffer, Buffer];
  const columns = new ByteReader(columnBytes, "a block's columns");
  const baseLow = columns.u32();
  const baseHigh = columns.u32();
  const whole = readWhole(columns, count);
  if (count > columns.remaining) columns.fail(`are too short for ${count} records`);
  const lengths = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) lengths[row] = columns.varint();
  const originOf = readOriginRuns(columns, count, origins.count);
  const arrivals = readArrivalRuns(columns, count);

  const times = readTimes(planes, baseLow, baseHigh);
  const records = Buffer.allocUnsafe(left.length + ids.length + times.length);
  const ends = new Uint32Array(count);
  const cuts = newCuts();
  let from = 0;
  let idAt = 0;
  let timeAt = 0;
  let to = 0;
  const copy = (source: Buffer, start: number, end: number): void => {
    if (end > source.length || to + end - start > records.length) columns.fail("do not fit its records");
    copyBytes(source, start, end, records, to);
    to += end - start;
  };
  for (let row = 0; row < count; row += 1) {
    const end = from + lengths[row]!;
    if (end > left.length) columns.fail("do not fit its records");
    const found = whole.has(row) ? 0 : findCuts(left, from, end, SHAPES[signal], cuts, true);
    if (found < 0) columns.fail("do not fit its records");
    for (let cut = 0; cut < found * 2; cut += 2) {
      const at = cuts[cut]!;
      const width = cuts[cut + 1]!;
      copy(left, from, at);
      from = at;
      if (isTime(width)) copy(times, timeAt, (timeAt -= width));
      else copy(ids, idAt, (idAt += width));
    }
    copy(left, from, end);
    from = end;
    ends[row] = to;
  }
  if (to !== records.length) columns.fail("do not fit its records");
  giveBack(times.buffer);
  for (const section of sections) if (section.buffer !== bytes.buffer) giveBack(section.buffer);

  return {
    count,
    bytes: records,
    ends,
    record: (row) => records.subarray(row === 0 ? 0 : ends[row - 1], ends[row]),
    origin: (row) => origins.at(originOf[row]!),
    arrivedAt: (row) => arrivals.arrivedAt[row]!,
    request: (row) => arrivals.run[row]!,
  };
};

const readWhole = (columns: ByteReader, count: number): ReadonlySet<number> => {
  const length = columns.varint();
  if (length > count || length > columns.remaining) columns.fail("have too many whole records");
  const rows = new Set<number>();
  let row = 0;
  for (let n = 0; n < length; n += 1) rows.add((row += columns.varint()));
  return rows;
};
