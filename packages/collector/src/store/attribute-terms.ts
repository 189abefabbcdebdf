/**
 * One attribute, as it lies in a record → its words; those that ids are read from are noted.
 *
 * Text, whole numbers, booleans and lists of text are hashed where they lie. Other lists, bytes, and messages that no
 * encoder writes like this (two values, the value before the key) are decoded and read as all of the record would be.
 */
import type { KeyValue } from "@mayfly/otlp";
import { wordsOf } from "../model/attribute-words.ts";
import type { IdFields } from "./id-fields.ts";
import { decodedAttribute } from "./one-attribute.ts";
import type { Terms } from "./term-set.ts";
import {
  HASH_START,
  MAX_WORD_BYTES,
  hashBytes,
  hashEnd,
  hashSeparator,
  hashText,
  isIndexed,
  wordTerm,
} from "./terms.ts";
import { Walk, tagOf } from "./walk.ts";

/** Every attribute that an id is read from, and whether it says something by itself. */
export type IdAttributes = ReadonlyMap<string, boolean>;

export interface AttributeTerms {
  /** Puts the words of the KeyValue in [start, end) into the set, and it among the fields where its key is an id's. */
  scan(bytes: Buffer, start: number, end: number): void;
}

const KEY = tagOf(1, "delimited");
const VALUE = tagOf(2, "delimited");
const STRING = tagOf(1, "delimited");
const BOOL = tagOf(2, "varint");
const INT = tagOf(3, "varint");
const DOUBLE = tagOf(4, "fixed64");
const ARRAY = tagOf(5, "delimited");
const KVLIST = tagOf(6, "delimited");
const ELEMENT = tagOf(1, "delimited");

export const createAttributeTerms = (
  terms: Terms,
  ids: IdAttributes,
  fields: IdFields,
  unindexed: ReadonlySet<string>,
): AttributeTerms => {
  const keys = new KeyTable(ids, unindexed);
  const walk = new Walk();

  const words = (bytes: Buffer, start: number, end: number): KeyValue | undefined => {
    const one = decodedAttribute(bytes, start, end);
    if (one === undefined) return undefined;
    for (const word of wordsOf(one)) if (isIndexed(word, unindexed)) terms.word(wordTerm(word));
    return one;
  };

  const unusual = (bytes: Buffer, start: number, end: number): void => {
    const one = words(bytes, start, end);
    const tells = one && ids.get(one.key);
    if (tells !== undefined) fields.add(one!.key, start, end, tells);
  };

  const text = (hash: number, bytes: Buffer, start: number, end: number): void => {
    if (end - start <= MAX_WORD_BYTES) terms.word(hashEnd(hashBytes(hash, bytes, start, end)));
  };

  /** Whether all of the list is text; where it is not, some of its words are there already, and come again. */
  const texts = (hash: number, bytes: Buffer, start: number, end: number): boolean => {
    for (let at = start; at < end;) {
      walk.position = at;
      if (!walk.next(bytes, end) || walk.tag !== ELEMENT) return false;
      at = walk.end;
      walk.position = walk.start;
      if (!walk.next(bytes, at) || walk.tag !== STRING || walk.end < at) return false;
      text(hash, bytes, walk.start, walk.end);
    }
    return true;
  };

  return {
    scan(bytes, start, end) {
      walk.position = start;
      if (!walk.next(bytes, end) || walk.tag !== KEY) return unusual(bytes, start, end);
      const key = hashBytes(HASH_START, bytes, walk.start, walk.end);
      const special = keys.of(key, bytes, walk.start, walk.end);
      const hasValue = walk.next(bytes, end);
      if (hasValue && (walk.tag !== VALUE || walk.position < end)) return unusual(bytes, start, end);
      if (special?.tells !== undefined) fields.add(special.text, start, end, special.tells);
      if (!hasValue || special?.isUnindexed === true) return;
      walk.position = walk.start;
      if (!walk.next(bytes, end)) return;
      if (walk.position < end) return void words(bytes, start, end);
      const hash = hashSeparator(key);
      switch (walk.tag) {
        case STRING:
          return text(hash, bytes, walk.start, walk.end);
        case BOOL:
          return terms.word(hashEnd(hashText(hash, isTrue(bytes, walk.start, walk.end) ? "true" : "false")));
        case INT:
          return terms.word(hashEnd(hashText(hash, intText(bytes, walk.start, walk.end))));
        case DOUBLE: {
          const value = bytes.readDoubleLE(walk.start);
          // A fraction, or what is written with an exponent, is no word.
          if (Number.isInteger(value) ? Math.abs(value) < 1e21 : !Number.isFinite(value))
            terms.word(hashEnd(hashText(hash, String(value))));
          return;
        }
        case ARRAY:
          if (!texts(hash, bytes, walk.start, walk.end)) words(bytes, start, end);
          return;
        case KVLIST:
          return;
        default:
          words(bytes, start, end);
      }
    },
  };
};

interface Special {
  readonly text: string;
  /** Whether it says something by itself; undefined where no id is read from it. */
  readonly tells: boolean | undefined;
  readonly isUnindexed: boolean;
}

const BUCKETS = 1 << 14;

/** What is to be done with an attribute, by its key; that a key is nothing special, one look at a table says. */
class KeyTable {
  readonly #maybe = new Uint8Array(BUCKETS);
  readonly #keys = new Map<number, { readonly key: Buffer; readonly special: Special }[]>();

  constructor(ids: IdAttributes, unindexed: ReadonlySet<string>) {
    for (const text of new Set([...ids.keys(), ...unindexed])) {
      const special = { text, tells: ids.get(text), isUnindexed: unindexed.has(text) };
      const key = Buffer.from(text);
      const hash = hashBytes(HASH_START, key, 0, key.length);
      this.#maybe[hash & (BUCKETS - 1)] = 1;
      this.#keys.set(hash, [...(this.#keys.get(hash) ?? []), { key, special }]);
    }
  }

  of(hash: number, bytes: Buffer, start: number, end: number): Special | undefined {
    if (this.#maybe[hash & (BUCKETS - 1)] === 0) return undefined;
    return this.#keys.get(hash)?.find(({ key }) => bytes.compare(key, 0, key.length, start, end) === 0)?.special;
  }
}

const isTrue = (bytes: Buffer, start: number, end: number): boolean => {
  for (let n = start; n < end; n += 1) if ((bytes[n]! & 0x7f) !== 0) return true;
  return false;
};

/** Most are small, and bigint is slow. */
const intText = (bytes: Buffer, start: number, end: number): string => {
  if (end - start <= 7) {
    let value = 0;
    for (let n = end - 1; n >= start; n -= 1) value = value * 0x80 + (bytes[n]! & 0x7f);
    return String(value);
  }
  let value = 0n;
  for (let n = end - 1; n >= start; n -= 1) value = (value << 7n) | BigInt(bytes[n]! & 0x7f);
  return String(BigInt.asIntN(64, value));
};
