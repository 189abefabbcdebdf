/**
 * Spans and log records of one scope, read so that a bad one need not take its neighbours with it: a record's length is
 * known before its fields are.
 */
import { DecodeError, type OnBadRecord } from "../decode-error.ts";
import type { ProtobufReader } from "./reader.ts";

/** `index` is the record's place among all that were sent, for error paths. */
type ReadRecord<T> = (reader: ProtobufReader, index: number) => T;

export const createRecordRead = <T>(
  reader: ProtobufReader,
  read: ReadRecord<T>,
  onBadRecord: OnBadRecord | undefined,
): { readonly records: T[]; readonly readNext: () => void } => {
  const records: T[] = [];
  let index = 0;
  if (onBadRecord === undefined) return { records, readNext: () => void records.push(read(reader, index++)) };
  const readNext = (): void => {
    const record = reader.attempt(() => read(reader, index));
    index += 1;
    if (record instanceof DecodeError) onBadRecord(record);
    else records.push(record);
  };
  return { records, readNext };
};
