/**
 * One attribute, as it lies in a record → its words; and whether ids are read from it.
 *
 * Text, whole numbers and booleans are hashed where they lie. Lists, bytes, and messages that no encoder writes like
 * this (two values, the value before the key) are decoded and read as all of the record would be.
 */
import { spanFromProtobuf } from "@mayfly/otlp";
import { wordsOf } from "../model/attribute-words.ts";
import type { TermSet } from "./term-set.ts";
import { HASH_START, MAX_WORD_BYTES, hashBytes, hashEnd, hashSeparator, isIndexed, wordTerm } from "./terms.ts";
import { Walk, tagOf } from "./walk.ts";

export interface AttributeTerms {
  /** Puts the words of the KeyValue in [start, end) into the set; says whether its key is one of `ids`. */
  scan(bytes: Buffer, start: number, end: number): boolean;
}

const KEY = tagOf(1, "delimited");
const VALUE = tagOf(2, "delimited");
const STRING = tagOf(1, "delimited");
const BOOL = tagOf(2, "varint");
const INT = tagOf(3, "varint");
const DOUBLE = tagOf(4, "fixed64");
const KVLIST = tagOf(6, "delimited");

export const createAttributeTerms = (
  terms: TermSet,
  ids: readonly string[],
  unindexed: ReadonlySet<string>,
): AttributeTerms => {
  const keys = new KeyTable(ids, unindexed);
  const walk = new Walk();

  const unusual = (bytes: Buffer, start: number, end: number): boolean => {
    const [one] = spanFromProtobuf(asSpan(bytes.subarray(start, end))).attributes;
    if (one === undefined) return false;
    for (const word of wordsOf(one)) if (isIndexed(word, unindexed)) terms.word(wordTerm(word));
    return ids.includes(one.key);
  };

  return {
    scan(bytes, start, end) {
      walk.position = start;
      if (!walk.next(bytes, end) || walk.tag !== KEY) return unusual(bytes, start, end);
      const hash = hashBytes(HASH_START, bytes, walk.start, walk.end);
      const what = keys.of(hash, bytes, walk.start, walk.end);
      const isId = (what & ID) !== 0;
      if (!walk.next(bytes, end)) return isId;
      if (walk.tag !== VALUE || walk.position < end) return unusual(bytes, start, end);
      if ((what & NO_WORD) !== 0) return isId;
      walk.position = walk.start;
      if (!walk.next(bytes, end)) return isId;
      if (walk.position < end) return unusual(bytes, start, end);
      switch (walk.tag) {
        case STRING:
          if (walk.end - walk.start <= MAX_WORD_BYTES)
            terms.word(hashEnd(hashBytes(hashSeparator(hash), bytes, walk.start, walk.end)));
          return isId;
        case BOOL:
          terms.word(hashEnd(hashText(hashSeparator(hash), isTrue(bytes, walk.start, walk.end) ? "true" : "false")));
          return isId;
        case INT:
          terms.word(hashEnd(hashText(hashSeparator(hash), intText(bytes, walk.start, walk.end))));
          return isId;
        case DOUBLE: {
          const value = bytes.readDoubleLE(walk.start);
          // A fraction, or what is written with an exponent, is no word.
          if (Number.isInteger(value) ? Math.abs(value) < 1e21 : !Number.isFinite(value))
            terms.word(hashEnd(hashText(hashSeparator(hash), String(value))));
          return isId;
        }
        case KVLIST:
          return isId;
        default:
          return unusual(bytes, start, end);
      }
    },
  };
};

/** A span that has this attribute and nothing else. */
const asSpan = (attribute: Uint8Array): Buffer => {
  const head = [tagOf(9, "delimited")];
  let length = attribute.length;
  for (; length > 0x7f; length = Math.floor(length / 0x80)) head.push((length & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, length]), attribute]);
};

const PLAIN = 0;
const NO_WORD = 1;
const ID = 2;
const BUCKETS = 1 << 14;

/** What is to be done with an attribute, by its key; that a key is nothing special, one look at a table says. */
class KeyTable {
  readonly #maybe = new Uint8Array(BUCKETS);
  readonly #keys = new Map<number, { readonly key: Buffer; readonly what: number }[]>();

  constructor(ids: readonly string[], unindexed: ReadonlySet<string>) {
    for (const text of new Set([...ids, ...unindexed])) {
      const what = (ids.includes(text) ? ID : PLAIN) | (unindexed.has(text) ? NO_WORD : PLAIN);
      const key = Buffer.from(text);
      const hash = hashBytes(HASH_START, key, 0, key.length);
      this.#maybe[hash & (BUCKETS - 1)] = 1;
      this.#keys.set(hash, [...(this.#keys.get(hash) ?? []), { key, what }]);
    }
  }

  of(hash: number, bytes: Buffer, start: number, end: number): number {
    if (this.#maybe[hash & (BUCKETS - 1)] === 0) return PLAIN;
    const known = this.#keys.get(hash)?.find(({ key }) => bytes.compare(key, 0, key.length, start, end) === 0);
    return known?.what ?? PLAIN;
  }
}

/** Of ASCII. */
const hashText = (state: number, text: string): number => {
  let hash = state;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return hash;
};

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
