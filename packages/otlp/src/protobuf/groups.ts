/**
 * Records of one signal, in the groups they came in, from protobuf; each signal names what it gets.
 *
 * A record's length is known before its fields are, and so is a resource's and a scope's: what is bad inside them costs
 * what is under them and nothing else.
 *
 *   1 resourceSpans[] ─ 1 resource, 3 schemaUrl, 2 scopeSpans[] ─ 1 scope, 3 schemaUrl, 2 spans[]
 */
import { DecodeError, type DecodeOptions, type OnBadRecord } from "../decode-error.ts";
import type { Group, ScopeGroup, Signal } from "../signals.ts";
import type { InstrumentationScope, Origin, Resource } from "../types.ts";
import type { Mutable } from "./mutable.ts";
import { ProtobufReader } from "./reader.ts";
import { readResource, readScope } from "./resource.ts";

type MutableScopeGroup<T> = Mutable<ScopeGroup<T>> & { records: T[] };
type MutableGroup<T> = Mutable<Group<T>> & { scopes: MutableScopeGroup<T>[] };
type ReadRecord<T> = (reader: ProtobufReader) => T;

export const readGroups = <T>(
  bytes: Uint8Array,
  signal: Signal,
  readRecord: ReadRecord<T>,
  { onBadRecord }: DecodeOptions,
): Group<T>[] => {
  const reader = new ProtobufReader(bytes);
  const read = { bytes, reader, signal, readRecord, onBadRecord };
  const groups: Group<T>[] = [];
  while (reader.next()) if (reader.fieldNumber === 1) groups.push(readGroup(read, groups.length));
  return groups;
};

interface Read<T> {
  readonly bytes: Uint8Array;
  readonly reader: ProtobufReader;
  readonly signal: Signal;
  readonly readRecord: ReadRecord<T>;
  readonly onBadRecord: OnBadRecord | undefined;
}

const readGroup = <T>(read: Read<T>, index: number): Group<T> => {
  const { reader, signal, onBadRecord } = read;
  const group: MutableGroup<T> = { scopes: [], schemaUrl: "" };
  let resource: Mutable<Resource> | undefined;
  let problem: DecodeError | undefined;
  const outer = reader.enter(signal.groups, index);
  while (reader.next()) {
    if (reader.fieldNumber === 1) {
      const one = attempt(reader, () => readResource(reader, resource), onBadRecord);
      if (one instanceof DecodeError) problem ??= one;
      else resource = one;
    } else if (reader.fieldNumber === 2) group.scopes.push(readScopeGroup(read, group.scopes.length));
    else if (reader.fieldNumber === 3) group.schemaUrl = reader.string();
  }
  reader.leave(outer);
  if (problem !== undefined) for (const { records } of group.scopes) reject(read, records, problem);
  if (resource !== undefined) group.resource = resource;
  return group;
};

const readScopeGroup = <T>(read: Read<T>, index: number): MutableScopeGroup<T> => {
  const { bytes, reader, signal, readRecord, onBadRecord } = read;
  const group: MutableScopeGroup<T> = { records: [], schemaUrl: "" };
  let scope: Mutable<InstrumentationScope> | undefined;
  let problem: DecodeError | undefined;
  let recordIndex = 0;
  const outer = reader.enter(signal.scopes, index);
  while (reader.next()) {
    if (reader.fieldNumber === 1) {
      const one = attempt(reader, () => readScope(reader, scope), onBadRecord);
      if (one instanceof DecodeError) problem ??= one;
      else scope = one;
    } else if (reader.fieldNumber === 2) {
      const place = recordIndex++;
      const { start, end } = reader;
      const one = attempt(reader, () => readIn(reader, signal.records, place, readRecord), onBadRecord);
      if (one instanceof DecodeError) onBadRecord?.(one, Math.max(1, signal.items.inProtobuf(bytes, start, end)));
      else group.records.push(one);
    } else if (reader.fieldNumber === 3) group.schemaUrl = reader.string();
  }
  reader.leave(outer);
  if (problem !== undefined) reject(read, group.records, problem);
  if (scope !== undefined) group.scope = scope;
  return group;
};

const readIn = <T>(reader: ProtobufReader, name: string, index: number, read: ReadRecord<T>): T => {
  const outer = reader.enter(name, index);
  const record = read(reader);
  reader.leave(outer);
  return record;
};

const attempt = <T>(reader: ProtobufReader, read: () => T, onBadRecord: OnBadRecord | undefined): T | DecodeError =>
  onBadRecord === undefined ? read() : reader.attempt(read);

const reject = <T>({ signal, onBadRecord }: Read<T>, records: T[], problem: DecodeError): void => {
  for (const record of records.splice(0)) onBadRecord?.(problem, Math.max(1, signal.items.of(record)));
};

/** From a group message that holds no records; scope groups that come twice are merged. */
export const originFromProtobuf = (bytes: Uint8Array): Origin => {
  const reader = new ProtobufReader(bytes);
  const origin: Mutable<Origin> = { resourceSchemaUrl: "", scopeSchemaUrl: "" };
  let resource: Mutable<Resource> | undefined;
  let scope: Mutable<InstrumentationScope> | undefined;
  const readScopeFields = (): void => {
    const outer = reader.enter("scope");
    while (reader.next()) {
      if (reader.fieldNumber === 1) scope = readScope(reader, scope);
      else if (reader.fieldNumber === 3) origin.scopeSchemaUrl = reader.string();
    }
    reader.leave(outer);
  };
  while (reader.next()) {
    if (reader.fieldNumber === 1) resource = readResource(reader, resource);
    else if (reader.fieldNumber === 2) readScopeFields();
    else if (reader.fieldNumber === 3) origin.resourceSchemaUrl = reader.string();
  }
  return { ...origin, ...(resource && { resource }), ...(scope && { scope }) };
};
