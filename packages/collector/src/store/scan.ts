/**
 * Records → their terms, read off the protobuf as it lies there: nothing is decoded but what leads somewhere.
 *
 * In      records that were skimmed: their lengths can be trusted.
 * Out     exactly the terms of the normalized record (scan.test.ts holds the two together).
 *         spans    trace, request, stitch keys, links · name, attributes, `error`
 *         logs     trace, request · level, attributes
 *         metrics  name
 *         What an origin adds to its records (function, resource attributes) it adds once: `originWords`.
 * Cost    some 2 µs for a span of twelve attributes; about 1 µs more where it has ids. Links are decoded.
 *         The rules of what an id is are those that normalize the whole record, and stand there.
 * Source  opentelemetry/proto/{trace,logs,metrics}/v1: Span, LogRecord, Metric
 */
import type { StitchKey } from "@mayfly/api";
import { type SpanLink, spanFromProtobuf } from "@mayfly/otlp";
import { wordsOf } from "../model/attribute-words.ts";
import { levelOf } from "../model/log-record.ts";
import type { SpanOrigin } from "../model/span.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import { logIdsOf } from "../normalize/logs.ts";
import { LOG_ID_ATTRIBUTES, MAYFLY_UNFINISHED } from "../normalize/semconv.ts";
import { SPAN_ID_ATTRIBUTES, SPAN_TELLING_ATTRIBUTES, type SpanIds, spanIdsOf } from "../normalize/spans.ts";
import { type IdAttributes, createAttributeTerms } from "./attribute-terms.ts";
import { IdFields } from "./id-fields.ts";
import type { Signal } from "./store.ts";
import type { Terms } from "./term-set.ts";
import {
  FUNCTION_WORD,
  HASH_START,
  LEVEL_WORD,
  MAX_WORD_BYTES,
  NAME_WORD,
  STATUS_WORD,
  TRACE,
  hashBytes,
  hashEnd,
  hashSeparator,
  isIndexed,
  keyIdPlace,
  keyPlace,
  linkPlace,
  placeOfBytes,
  requestPlace,
  wordTerm,
} from "./terms.ts";
import { Walk, int32At, tagOf } from "./walk.ts";

/** Puts terms and time of the record in [start, end) into the set; `row` is its place in the block. */
export type Scan = (bytes: Buffer, start: number, end: number, row: number, arrivedAt: number) => void;

export const createScans = (terms: Terms, unindexed: ReadonlySet<string>): Readonly<Record<Signal, Scan>> => ({
  spans: createSpanScan(terms, unindexed),
  logs: createLogScan(terms, unindexed),
  metrics: createMetricScan(terms),
});

/** The same without places, for records that are sealed: those are known already, and are what costs most. */
export const createWordScans = (terms: Terms, unindexed: ReadonlySet<string>): Readonly<Record<Signal, Scan>> => ({
  ...createScans(terms, unindexed),
  spans: createSpanScan(terms, unindexed, { isWordsOnly: true }),
});

/** What every record of this origin adds. */
export const originWords = (origin: SpanOrigin, unindexed: ReadonlySet<string>): readonly number[] => [
  ...(origin.functionName === undefined ? [] : [wordTerm({ attribute: FUNCTION_WORD, value: origin.functionName })]),
  ...(origin.resource?.attributes ?? [])
    .flatMap(wordsOf)
    .filter((word) => isIndexed(word, unindexed))
    .map(wordTerm),
];

const TRACE_ID_BYTES = 16;
const NO_LINKS: readonly SpanLink[] = [];

const SPAN = {
  traceId: tagOf(1, "delimited"),
  name: tagOf(5, "delimited"),
  kind: tagOf(6, "varint"),
  startTime: tagOf(7, "fixed64"),
  endTime: tagOf(8, "fixed64"),
  attributes: tagOf(9, "delimited"),
  links: tagOf(13, "delimited"),
  status: tagOf(15, "delimited"),
} as const;

const STATUS_CODE = tagOf(3, "varint");

/** What says that a span failed, beside its status. */
const FAILURE_ATTRIBUTES: IdAttributes = new Map([[MAYFLY_UNFINISHED, true]]);
const ID_ATTRIBUTES: IdAttributes = new Map(SPAN_ID_ATTRIBUTES.map((key) => [key, SPAN_TELLING_ATTRIBUTES.has(key)]));

const createSpanScan = (
  terms: Terms,
  unindexed: ReadonlySet<string>,
  { isWordsOnly = false }: { readonly isWordsOnly?: boolean } = {},
): Scan => {
  const ids = new IdFields();
  const idAttributes = isWordsOnly ? FAILURE_ATTRIBUTES : ID_ATTRIBUTES;
  const attributes = createAttributeTerms(terms, idAttributes, ids, unindexed);
  const nameWord = createNameWord(terms);
  const walk = new Walk();
  const inner = new Walk();
  const links = new Excerpt();
  const errorWord = wordTerm({ attribute: STATUS_WORD, value: "error" });

  /** Of a status that comes twice, the last code counts. */
  const codeOf = (bytes: Buffer, start: number, end: number, before: number): number => {
    let code = before;
    inner.position = start;
    while (inner.next(bytes, end)) if (inner.tag === STATUS_CODE) code = int32At(bytes, inner.start, inner.end);
    return code;
  };

  const placeIds = ({ requestId, produced, consumed, links: targets }: SpanIds, row: number): void => {
    if (requestId !== undefined) terms.place(requestPlace(requestId), row);
    placeKeys(produced, row);
    placeKeys(consumed, row);
    for (const { traceId } of targets) terms.place(linkPlace(traceId), row);
  };
  const placeKeys = (keys: readonly StitchKey[], row: number): void => {
    for (const key of keys) {
      terms.place(keyPlace(stitchKeyIdentity(key)), row);
      terms.place(keyIdPlace(key.id), row);
    }
  };

  return (bytes, start, end, row, arrivedAt) => {
    let traceStart = start;
    let nameStart = start;
    let nameEnd = start;
    let startTime = 0;
    let endTime = 0;
    let kind = 0;
    let code = 0;
    ids.begin(bytes);
    links.begin();
    walk.position = start;
    for (let from = start; walk.next(bytes, end); from = walk.position) {
      switch (walk.tag) {
        case SPAN.traceId:
          traceStart = walk.start;
          break;
        case SPAN.name:
          nameStart = walk.start;
          nameEnd = walk.end;
          break;
        case SPAN.attributes:
          attributes.scan(bytes, walk.start, walk.end);
          break;
        case SPAN.links:
          if (!isWordsOnly) links.add(from, walk.end);
          break;
        case SPAN.status:
          code = codeOf(bytes, walk.start, walk.end, code);
          break;
        case SPAN.kind:
          kind = int32At(bytes, walk.start, walk.end);
          break;
        case SPAN.startTime:
          startTime = fixed64(bytes, walk.start);
          break;
        case SPAN.endTime:
          endTime = fixed64(bytes, walk.start);
          break;
      }
    }
    if (!isWordsOnly) terms.place(placeOfBytes(TRACE, bytes, traceStart, traceStart + TRACE_ID_BYTES), row);
    nameWord(bytes, nameStart, nameEnd);
    terms.time(startTime || endTime || arrivedAt);
    if (ids.tellsNothing && links.isEmpty && code === 0) return;
    const found = spanIdsOf({ kind, status: { code }, links: linksOf(bytes, links) }, ids);
    if (found.isError) terms.word(errorWord);
    if (!isWordsOnly) placeIds(found, row);
  };
};

const linksOf = (bytes: Buffer, links: Excerpt): readonly SpanLink[] =>
  links.isEmpty ? NO_LINKS : spanFromProtobuf(links.of(bytes)).links;

const LOG = {
  time: tagOf(1, "fixed64"),
  severityNumber: tagOf(2, "varint"),
  attributes: tagOf(6, "delimited"),
  traceId: tagOf(9, "delimited"),
  observedTime: tagOf(11, "fixed64"),
} as const;

const LOG_IDS: IdAttributes = new Map(LOG_ID_ATTRIBUTES.map((key) => [key, true]));

const createLogScan = (terms: Terms, unindexed: ReadonlySet<string>): Scan => {
  const ids = new IdFields();
  const attributes = createAttributeTerms(terms, LOG_IDS, ids, unindexed);
  const walk = new Walk();

  return (bytes, start, end, row, arrivedAt) => {
    let time = 0;
    let observedTime = 0;
    let severityNumber = 0;
    let traceStart = start;
    let traceEnd = start;
    ids.begin(bytes);
    walk.position = start;
    while (walk.next(bytes, end)) {
      switch (walk.tag) {
        case LOG.time:
          time = fixed64(bytes, walk.start);
          break;
        case LOG.severityNumber:
          severityNumber = int32At(bytes, walk.start, walk.end);
          break;
        case LOG.attributes:
          attributes.scan(bytes, walk.start, walk.end);
          break;
        case LOG.traceId:
          traceStart = walk.start;
          traceEnd = walk.end;
          break;
        case LOG.observedTime:
          observedTime = fixed64(bytes, walk.start);
          break;
      }
    }
    const { traceId, requestId } = logIdsOf({ traceId: bytes.toString("hex", traceStart, traceEnd) }, ids);
    if (traceId !== undefined) terms.place(placeOfBytes(TRACE, bytes, traceStart, traceEnd), row);
    if (requestId !== undefined) terms.place(requestPlace(requestId), row);
    const level = levelOf(severityNumber);
    if (level !== undefined) terms.word(wordTerm({ attribute: LEVEL_WORD, value: level }));
    terms.time(time || observedTime || arrivedAt);
  };
};

const METRIC_NAME = tagOf(1, "delimited");
/** Gauge, sum, histogram, exponential histogram, summary: all have their points in field 1, and those their time in 3. */
const METRIC_DATA: ReadonlySet<number> = new Set([5, 7, 9, 10, 11].map((number) => tagOf(number, "delimited")));
const POINTS = tagOf(1, "delimited");
const POINT_TIME = tagOf(3, "fixed64");

const createMetricScan = (terms: Terms): Scan => {
  const nameWord = createNameWord(terms);
  const walk = new Walk();

  const point = (bytes: Buffer, start: number, end: number, arrivedAt: number): void => {
    let time = 0;
    walk.position = start;
    while (walk.next(bytes, end)) if (walk.tag === POINT_TIME) time = fixed64(bytes, walk.start);
    terms.time(time || arrivedAt);
  };
  const points = (bytes: Buffer, start: number, end: number, arrivedAt: number): void => {
    walk.position = start;
    while (walk.next(bytes, end)) {
      const after = walk.position;
      if (walk.tag === POINTS) point(bytes, walk.start, walk.end, arrivedAt);
      walk.position = after;
    }
  };

  return (bytes, start, end, _row, arrivedAt) => {
    let nameStart = start;
    let nameEnd = start;
    walk.position = start;
    while (walk.next(bytes, end)) {
      const after = walk.position;
      if (walk.tag === METRIC_NAME) {
        nameStart = walk.start;
        nameEnd = walk.end;
      } else if (METRIC_DATA.has(walk.tag)) points(bytes, walk.start, walk.end, arrivedAt);
      walk.position = after;
    }
    nameWord(bytes, nameStart, nameEnd);
  };
};

const fixed64 = (bytes: Buffer, start: number): number =>
  bytes.readUInt32LE(start) + bytes.readUInt32LE(start + 4) * 2 ** 32;

const createNameWord = (terms: Terms): ((bytes: Buffer, start: number, end: number) => void) => {
  const attribute = Buffer.from(NAME_WORD);
  const hash = hashSeparator(hashBytes(HASH_START, attribute, 0, attribute.length));
  return (bytes, start, end) => {
    if (end - start <= MAX_WORD_BYTES) terms.word(hashEnd(hashBytes(hash, bytes, start, end)));
  };
};

/** Some fields of a message, which together are a message again. */
class Excerpt {
  #ranges: number[] = [];

  begin(): void {
    if (this.#ranges.length > 0) this.#ranges = [];
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  add(start: number, end: number): void {
    this.#ranges.push(start, end);
  }

  of(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let n = 0; n < this.#ranges.length; n += 2) parts.push(bytes.subarray(this.#ranges[n], this.#ranges[n + 1]));
    return Buffer.concat(parts);
  }
}
