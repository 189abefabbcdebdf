/**
 * Records of one signal, in the groups they came in, from parsed JSON; each signal names what it gets.
 *
 * A bad record need not take its neighbours with it, and a bad resource or scope takes no more than what is under it.
 */
import { DecodeError, type OnBadRecord } from "../decode-error.ts";
import type { Group, ScopeGroup, Signal } from "../signals.ts";
import { type Fields, fieldsOf, listField, messageField, stringField } from "./fields.ts";
import { resourceFromJson, scopeFromJson } from "./resource.ts";

type ReadRecord<T> = (value: unknown) => T;

export const groupsFromJson = <T>(
  json: unknown,
  signal: Signal,
  readRecord: ReadRecord<T>,
  onBadRecord: OnBadRecord | undefined,
): Group<T>[] =>
  eachIn(fieldsOf(json), signal.groups, onBadRecord, (value, told) => {
    const fields = fieldsOf(value);
    const resource = orProblem(told, () => messageField(fields, "resource", resourceFromJson));
    const scopes = eachIn(fields, signal.scopes, told, (scope, toldInScope) =>
      scopeFromGroup(fieldsOf(scope), signal, readRecord, toldInScope),
    );
    const schemaUrl = stringField(fields, "schemaUrl");
    if (resource instanceof DecodeError) {
      for (const { records } of scopes) reject(records, resource, told);
      return { scopes: scopes.map((scope) => ({ ...scope, records: [] })), schemaUrl };
    }
    return { ...(resource && { resource }), scopes, schemaUrl };
  });

const scopeFromGroup = <T>(
  fields: Fields,
  signal: Signal,
  readRecord: ReadRecord<T>,
  onBadRecord: OnBadRecord | undefined,
): ScopeGroup<T> => {
  const scope = orProblem(onBadRecord, () => messageField(fields, "scope", scopeFromJson));
  const records = recordsFromJson(fields, signal.records, readRecord, onBadRecord);
  const schemaUrl = stringField(fields, "schemaUrl");
  if (scope instanceof DecodeError) {
    reject(records, scope, onBadRecord);
    return { records: [], schemaUrl };
  }
  return { ...(scope && { scope }), records, schemaUrl };
};

const recordsFromJson = <T>(
  fields: Fields,
  key: string,
  read: ReadRecord<T>,
  onBadRecord: OnBadRecord | undefined,
): T[] => {
  if (onBadRecord === undefined) return listField(fields, key, read);
  const records = listField(fields, key, (value) => attempt(() => read(value)));
  return records.filter((record, index): record is T => {
    if (record instanceof DecodeError) onBadRecord(record.under(`${key}[${index}]`), 1);
    return !(record instanceof DecodeError);
  });
};

/** Puts the group's place before the path of what was bad in it. */
const eachIn = <T>(
  fields: Fields,
  key: string,
  onBadRecord: OnBadRecord | undefined,
  read: (value: unknown, onBadRecord: OnBadRecord | undefined) => T,
): T[] => {
  let index = 0;
  return listField(fields, key, (value) => {
    const place = `${key}[${index++}]`;
    return read(value, onBadRecord && ((error, items) => onBadRecord(error.under(place), items)));
  });
};

const orProblem = <T>(onBadRecord: OnBadRecord | undefined, read: () => T): T | DecodeError =>
  onBadRecord === undefined ? read() : attempt(read);

const attempt = <T>(read: () => T): T | DecodeError => {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
};

const reject = (records: readonly unknown[], problem: DecodeError, onBadRecord: OnBadRecord | undefined): void => {
  records.forEach(() => onBadRecord?.(problem, 1));
};
