/**
 * Records that were made here and not received → raw records, as if they had arrived as protobuf.
 *
 * In      encoded spans or log records, each of them one item, by the origin that they share.
 */
import { originToProtobuf } from "./protobuf/encode.ts";
import { type RawRecords, Slices } from "./raw-records.ts";
import type { Origin } from "./types.ts";

export interface MadeRecords {
  readonly origin: Origin;
  readonly records: readonly Uint8Array[];
}

export const rawRecordsOf = (groups: readonly MadeRecords[]): RawRecords => {
  const slices = new Slices();
  const filled = groups.filter(({ records }) => records.length > 0);
  let end = 0;
  for (const [index, { records }] of filled.entries())
    for (const record of records) slices.add(end, (end += record.length), index);
  return {
    bytes: Buffer.concat(filled.flatMap(({ records }) => records)),
    slices: slices.numbers(),
    origins: filled.map(({ origin }) => originToProtobuf(origin)),
    items: slices.count,
  };
};
