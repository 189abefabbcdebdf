/**
 * Lists of spans and log records, read so that a bad one need not take its neighbours with it, and the lists of groups
 * around them.
 */
import { DecodeError, type OnBadRecord } from "../decode-error.ts";
import { type Fields, listField } from "./fields.ts";

export const recordsField = <T>(
  fields: Fields,
  key: string,
  read: (value: unknown) => T,
  onBadRecord: OnBadRecord | undefined,
): T[] => {
  if (onBadRecord === undefined) return listField(fields, key, read);
  const records = listField(fields, key, (value) => attempt(() => read(value)));
  return records.filter((record, index): record is T => {
    if (record instanceof DecodeError) onBadRecord(record.under(`${key}[${index}]`));
    return !(record instanceof DecodeError);
  });
};

/** Puts the group's place before the path of what was bad in it. */
export const groupsField = <T>(
  fields: Fields,
  key: string,
  read: (value: unknown, onBadRecord?: OnBadRecord) => T,
  onBadRecord: OnBadRecord | undefined,
): T[] => {
  let index = 0;
  return listField(fields, key, (value) => {
    const place = `${key}[${index++}]`;
    return read(value, onBadRecord && ((error) => onBadRecord(error.under(place))));
  });
};

const attempt = <T>(read: () => T): T | DecodeError => {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
};
