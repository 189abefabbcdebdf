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
      for (const { records } of scopes) reject(signal, records, resource, told);
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
  const records = recordsFromJson(fields, signal, readRecord, onBadRecord);
  const schemaUrl = stringField(fields, "schemaUrl");
  if (scope instanceof DecodeError) {
    reject(signal, records, scope, onBadRecord);
    return { records: [], schemaUrl };
  }
  return { ...(scope && { scope }), records, schemaUrl };
};

const recordsFromJson = <T>(
  fields: Fields,
  signal: Signal,
  read: ReadRecord<T>,
  onBadRecord: OnBadRecord | undefined,
): T[] => {
  const { records: key, items } = signal;
  if (onBadRecord === undefined) return listField(fields, key, read);
  const good: T[] = [];
  let index = 0;
  listField(fields, key, (value) => {
    const record = attempt(() => read(value));
    const place = `${key}[${index++}]`;
    if (record instanceof DecodeError) onBadRecord(record.under(place), Math.max(1, items.inJson(value)));
    else good.push(record);
  });
  return good;
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

const reject = (
  { items }: Signal,
  records: readonly unknown[],
  problem: DecodeError,
  onBadRecord: OnBadRecord | undefined,
): void => {
  for (const record of records) onBadRecord?.(problem, Math.max(1, items.of(record)));
};
