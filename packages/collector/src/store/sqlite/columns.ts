/**
 * Columns that both kinds of blocks have: whose origin, and when it arrived. Values repeat from row to row, so they
 * stand as runs.
 *
 *   origin of    runs of (varint rows, varint origin)
 *   arrival of   unit (varint ns), then runs of (varint rows, signed varint: units since the run before)
 */
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

export const writeOriginRuns = (out: ByteWriter, origins: ArrayLike<number>): void => {
  for (let row = 0; row < origins.length;) {
    const origin = origins[row]!;
    const from = row;
    while (row < origins.length && origins[row] === origin) row += 1;
    out.varint(row - from);
    out.varint(origin);
  }
};

/** Each below `originCount`. */
export const readOriginRuns = (column: ByteReader, count: number, originCount: number): Uint32Array => {
  const origins = new Uint32Array(count);
  for (let row = 0; row < count;) {
    const rows = column.varint();
    const origin = column.varint();
    if (rows === 0 || rows > count - row || origin >= originCount) column.fail("has a bad run of origins");
    origins.fill(origin, row, (row += rows));
  }
  return origins;
};

export interface ArrivalRun {
  readonly rows: number;
  /** Unix ns, less than 2^63. */
  readonly arrivedAt: bigint;
}

const MILLISECOND = 1_000_000n;

/** The system's clock counts milliseconds, which then are what is written. */
export const writeArrivalRuns = (out: ByteWriter, runs: readonly ArrivalRun[]): void => {
  const unit = runs.every(({ arrivedAt }) => arrivedAt % MILLISECOND === 0n) ? MILLISECOND : 1n;
  out.varint(Number(unit));
  let before = 0n;
  for (const { rows, arrivedAt } of runs) {
    if (rows === 0) continue;
    out.varint(rows);
    out.signedVarint((arrivedAt - before) / unit);
    before = arrivedAt;
  }
};

export interface Arrivals {
  readonly arrivedAt: BigUint64Array;
  /** Which run a row is of. */
  readonly run: Uint32Array;
}

export const readArrivalRuns = (column: ByteReader, count: number): Arrivals => {
  const unit = BigInt(column.varint());
  const arrivals = { arrivedAt: new BigUint64Array(count), run: new Uint32Array(count) };
  let arrivedAt = 0n;
  let run = 0;
  for (let row = 0; row < count; run += 1) {
    const rows = column.varint();
    if (rows === 0 || rows > count - row) column.fail("has a bad run of arrivals");
    arrivedAt += column.signedVarint() * unit;
    arrivals.arrivedAt.fill(arrivedAt, row, row + rows);
    arrivals.run.fill(run, row, row + rows);
    row += rows;
  }
  return arrivals;
};
