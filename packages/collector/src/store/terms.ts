/**
 * Terms: what a question can name exactly, as 32 bits.
 *
 * Places lead to a record, and their two lowest bits say which kind of id it was; words lead to a block. Readers compare
 * the record itself, so that two texts of one hash cost a look and never a wrong answer.
 *
 *   place   hash of the id, 30 bits │ kind, 2 bits
 *   word    hash of attribute, 0xff, value          (0xff occurs in no UTF-8)
 *
 * The hash is FNV-1a with a last mix: bytes are hashed as they lie in a record, without a string in between. Part of the
 * file format: a change of it is a new version.
 */
import type { Word } from "../model/attribute-words.ts";
import type { TraceId } from "../model/ids.ts";
import type { StitchKeyIdentity } from "../model/stitch-key.ts";

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const SEPARATOR = 0xff;

export const HASH_START = FNV_OFFSET;

export const hashBytes = (state: number, bytes: Uint8Array, start: number, end: number): number => {
  let hash = state;
  for (let position = start; position < end; position += 1) hash = Math.imul(hash ^ bytes[position]!, FNV_PRIME);
  return hash;
};

/** As `hashBytes` of its UTF-8, which most texts need not be turned into. */
export const hashText = (state: number, text: string): number => {
  let hash = state;
  for (let n = 0; n < text.length; n += 1) {
    const code = text.charCodeAt(n);
    if (code > 0x7f) {
      const bytes = Buffer.from(text);
      return hashBytes(state, bytes, 0, bytes.length);
    }
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return hash;
};

/** Between an attribute and its value. */
export const hashSeparator = (state: number): number => Math.imul(state ^ SEPARATOR, FNV_PRIME);

/** FNV leaves its last bytes in the low bits alone. */
export const hashEnd = (state: number): number => {
  let hash = state;
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
};

export const TRACE = 0;
export const REQUEST = 1;
/** Identities of stitch keys, and their ids alone. */
export const KEY = 2;
/** Traces that links point at. */
export const LINK = 3;
export type PlaceKind = typeof TRACE | typeof REQUEST | typeof KEY | typeof LINK;

const placeOf = (kind: PlaceKind, hash: number): number => ((hashEnd(hash) & ~3) | kind) >>> 0;

export const placeOfBytes = (kind: PlaceKind, bytes: Uint8Array, start: number, end: number): number =>
  placeOf(kind, hashBytes(HASH_START, bytes, start, end));

const placeOfText = (kind: PlaceKind, text: string): number => placeOf(kind, hashText(HASH_START, text));

/** As `placeOfBytes` of what the digits spell. */
const placeOfTrace = (kind: PlaceKind, traceId: TraceId): number => {
  let hash = HASH_START;
  for (let n = 0; n + 1 < traceId.length; n += 2)
    hash = Math.imul(hash ^ ((digitAt(traceId, n) << 4) | digitAt(traceId, n + 1)), FNV_PRIME);
  return placeOf(kind, hash);
};

/** Of a lower-case hex digit. */
const digitAt = (text: string, n: number): number => {
  const code = text.charCodeAt(n);
  return code < LETTER_A ? code - DIGIT_0 : code - LETTER_A + 10;
};

const [DIGIT_0, LETTER_A] = [0x30, 0x61];

export const kindOfPlace = (place: number): PlaceKind => (place & 3) as PlaceKind;

export const tracePlace = (traceId: TraceId): number => placeOfTrace(TRACE, traceId);
export const linkPlace = (traceId: TraceId): number => placeOfTrace(LINK, traceId);
export const requestPlace = (requestId: string): number => placeOfText(REQUEST, requestId);
export const keyPlace = (identity: StitchKeyIdentity): number => placeOfText(KEY, identity);
export const keyIdPlace = (id: string): number => placeOfText(KEY, id);

export const wordTerm = ({ attribute, value }: Word): number =>
  hashEnd(hashText(hashSeparator(hashText(HASH_START, attribute)), value));

/** Fields of a record that are words too. No attribute is called like this by anybody who means well. */
export const NAME_WORD = "\u0000name";
export const FUNCTION_WORD = "\u0000function";
/** Of spans: `error`. */
export const STATUS_WORD = "\u0000status";
/** Of log records: `trace` … `fatal`. */
export const LEVEL_WORD = "\u0000level";

/** Longer texts are looked for by their parts, if at all. */
export const MAX_WORD_BYTES = 128;

/** Useless to look up exactly, and different on nearly every span. */
export const UNINDEXED_ATTRIBUTES: readonly string[] = [
  "code.stacktrace",
  "db.query.text",
  "db.statement",
  "exception.stacktrace",
  "http.url",
  "http.user_agent",
  "mayfly.keys.consumed",
  "mayfly.keys.produced",
  "thread.id",
  "thread.name",
  "url.full",
  "user_agent.original",
];

/** How a reader knows values that are no text, whole number or boolean: null, fractions, lists, maps. */
const OTHER_VALUE = /^(?:null|[[{]|-?\d+(?:\.|e))/;

/** Whether a span that holds it is sure to be found by it. */
export const isIndexed = ({ attribute, value }: Word, unindexed: ReadonlySet<string>): boolean =>
  !unindexed.has(attribute) && Buffer.byteLength(value) <= MAX_WORD_BYTES && !OTHER_VALUE.test(value);
