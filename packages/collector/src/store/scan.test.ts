/** The terms that scanning finds are those of the normalized record: brute force against the scan of raw bytes. */
import {
  type AnyValue,
  type KeyValue,
  type LogRecord,
  type Span,
  logRecordToProtobuf,
  skimTraces,
  spanFromProtobuf,
  spanToJson,
  spanToProtobuf,
} from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { orderTransaction } from "../../../../bench/corpus/orders.ts";
import { seeded } from "../../../../bench/corpus/random.ts";
import { type Word, wordsOf } from "../model/attribute-words.ts";
import { levelOf } from "../model/log-record.ts";
import { stitchKeyIdentity } from "../model/stitch-key.ts";
import { normalizedLog } from "../normalize/logs.ts";
import { LOG_ID_ATTRIBUTES } from "../normalize/semconv.ts";
import { SPAN_ID_ATTRIBUTES, normalizedSpan } from "../normalize/spans.ts";
import { createScans } from "./scan.ts";
import type { Signal } from "./store.ts";
import { TermSet } from "./term-set.ts";
import {
  LEVEL_WORD,
  MAX_WORD_BYTES,
  NAME_WORD,
  STATUS_WORD,
  UNINDEXED_ATTRIBUTES,
  isIndexed,
  keyIdPlace,
  keyPlace,
  linkPlace,
  requestPlace,
  tracePlace,
  wordTerm,
} from "./terms.ts";

const UNINDEXED = new Set(UNINDEXED_ATTRIBUTES);
const ORIGIN = { resourceId: "", resourceSchemaUrl: "", scopeSchemaUrl: "" };
const ARRIVED_AT = 1_767_225_600_000_000_000n;

interface Terms {
  readonly places: readonly number[];
  readonly words: readonly number[];
}

const scanned = (signal: Signal, record: Uint8Array): Terms => {
  const terms = new TermSet();
  const bytes = Buffer.concat([Buffer.from("before"), record, Buffer.from("after")]);
  createScans(terms, UNINDEXED)[signal](bytes, 6, 6 + record.length, 0, Number(ARRIVED_AT));
  const { places, words } = terms.take();
  return { places: numbers(places).filter((_, n) => n % 2 === 0), words: numbers(words) };
};

const numbers = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readUInt32LE(n * 4));

const sorted = (terms: readonly number[]): number[] => terms.toSorted((a, b) => a - b);

const attributeWords = (attributes: readonly KeyValue[]): Word[] =>
  attributes.flatMap(wordsOf).filter((word) => isIndexed(word, UNINDEXED));

/** Also those that nobody relies on, such as a text that looks like a fraction. */
const possibleWords = (attributes: readonly KeyValue[]): Word[] =>
  attributes
    .flatMap(wordsOf)
    .filter(({ attribute, value: one }) => !UNINDEXED.has(attribute) && Buffer.byteLength(one) <= MAX_WORD_BYTES);

const nameWord = (name: string): Word[] =>
  Buffer.byteLength(name) <= MAX_WORD_BYTES ? [{ attribute: NAME_WORD, value: name }] : [];

const termsOfSpan = (wire: Span): Terms => {
  const span = normalizedSpan(wire, ORIGIN, ARRIVED_AT);
  const words = [
    ...attributeWords(wire.attributes),
    ...nameWord(wire.name),
    ...(span.isError ? [{ attribute: STATUS_WORD, value: "error" }] : []),
  ];
  const keys = [...span.produced, ...span.consumed];
  return {
    places: sorted([
      tracePlace(span.traceId),
      ...(span.requestId === undefined ? [] : [requestPlace(span.requestId)]),
      ...keys.flatMap((key) => [keyPlace(stitchKeyIdentity(key)), keyIdPlace(key.id)]),
      ...span.links.map((link) => linkPlace(link.traceId)),
    ]),
    words: sorted([...new Set(words.map(wordTerm))]),
  };
};

/** A word too much costs a look, a word too few a span that is not found. */
const expectTerms = (found: Terms, { places, words }: Terms, attributes: readonly KeyValue[]): void => {
  expect(found.places).toEqual(places);
  expect(found.words).toEqual(sorted([...new Set(found.words)]));
  const possible = new Set(possibleWords(attributes).map(wordTerm));
  const isSure = (word: number): boolean => words.includes(word);
  expect(found.words.filter(isSure)).toEqual(words);
  expect(found.words.filter((word) => !isSure(word) && !possible.has(word))).toEqual([]);
};

const expectTermsOfDecoding = (record: Uint8Array): void => {
  const decoded = spanFromProtobuf(record);
  expectTerms(scanned("spans", record), termsOfSpan(decoded), decoded.attributes);
};

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "grapheme", minLength: 120, maxLength: 140 }),
  fc.constantFrom("aws_sqs", "aws.sns", "send", "sqs-message||m-1", "kinesis-record|s|x", "r-1", "true", "12"),
);

const value: fc.Arbitrary<AnyValue> = fc.letrec<{ any: AnyValue }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    text.map((stringValue) => ({ stringValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((intValue) => ({ intValue })),
    fc.integer({ min: -300, max: 100_000 }).map((n) => ({ intValue: BigInt(n) })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.integer().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 8 }).map((bytesValue) => ({ bytesValue })),
    fc.constant({}),
    fc.array(tie("any"), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key: text, value: tie("any") }), { maxLength: 2 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
})).any;

const keyList: fc.Arbitrary<AnyValue> = fc
  .array(
    fc.oneof(
      fc.constantFrom("sqs-message|q|m-1", "sqs-message|other|m-1", "lambda-request||r-1", "cloudevent|a%7Cb|%C3%A9"),
      text,
    ),
    { maxLength: 4 },
  )
  .map((texts) => ({ arrayValue: { values: texts.map((stringValue) => ({ stringValue })) } }));

const attributesWith = (ids: readonly string[]): fc.Arbitrary<KeyValue[]> =>
  fc.array(
    fc.oneof(
      fc.record({ key: fc.constantFrom(...ids), value: text.map((stringValue) => ({ stringValue })) }),
      fc.record({ key: fc.constantFrom(...ids, ...UNINDEXED_ATTRIBUTES), value }),
      fc.record({ key: fc.constantFrom("mayfly.keys.produced", "mayfly.keys.consumed"), value: keyList }),
      fc.record({ key: text, value }),
      fc.record({ key: text }),
    ),
    { maxLength: 12 },
  );

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) =>
    Buffer.from(id)
      .toString("hex")
      .replace(/^0+$/, "1".repeat(bytes * 2)),
  );
const nano = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const span: fc.Arbitrary<Span> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  traceState: fc.constant(""),
  parentSpanId: fc.constant(""),
  name: text,
  kind: fc.integer({ min: 0, max: 6 }),
  startTimeUnixNano: nano,
  endTimeUnixNano: nano,
  attributes: attributesWith(SPAN_ID_ATTRIBUTES),
  droppedAttributesCount: fc.constant(0),
  events: fc.constant([]),
  droppedEventsCount: fc.constant(0),
  links: fc.array(
    fc.record({
      traceId: fc.oneof(hex(16), fc.constantFrom("", "00")),
      spanId: hex(8),
      traceState: fc.constant(""),
      attributes: attributesWith([
        "messaging.message.id",
        "mayfly.link",
        "link.kind",
        "ptr.kind",
        "ptr.dir",
        "ptr.hash",
      ]),
      droppedAttributesCount: fc.constant(0),
      flags: fc.constant(0),
    }),
    { maxLength: 3 },
  ),
  droppedLinksCount: fc.constant(0),
  status: fc.record({ message: text, code: fc.integer({ min: 0, max: 2 }) }),
  flags: fc.constant(0),
});

const logRecord: fc.Arbitrary<LogRecord> = fc.record({
  timeUnixNano: nano,
  observedTimeUnixNano: nano,
  severityNumber: fc.integer({ min: 0, max: 30 }),
  severityText: text,
  attributes: attributesWith(LOG_ID_ATTRIBUTES),
  droppedAttributesCount: fc.constant(0),
  flags: fc.constant(0),
  traceId: fc.oneof(hex(16), fc.constantFrom("", "0".repeat(32))),
  spanId: fc.constant(""),
  eventName: fc.constant(""),
});

test("a span's terms are its trace, its request, its keys, its links' traces; its name, attributes and failure", () => {
  fc.assert(
    fc.property(span, (wire) => {
      expectTermsOfDecoding(spanToProtobuf(wire));
    }),
    { numRuns: 1_000 },
  );
});

test("a log record's terms are its trace, its request, its level and attributes", () => {
  fc.assert(
    fc.property(logRecord, (wire) => {
      const { traceId, requestId } = normalizedLog(wire, ORIGIN, ARRIVED_AT);
      const level = levelOf(wire.severityNumber);
      const words = [
        ...attributeWords(wire.attributes),
        ...(level === undefined ? [] : [{ attribute: LEVEL_WORD, value: level }]),
      ];
      const places = [
        ...(traceId === undefined ? [] : [tracePlace(traceId)]),
        ...(requestId === undefined ? [] : [requestPlace(requestId)]),
      ];
      const expected = { places: sorted(places), words: sorted([...new Set(words.map(wordTerm))]) };
      expectTerms(scanned("logs", logRecordToProtobuf(wire)), expected, wire.attributes);
    }),
    { numRuns: 500 },
  );
});

/** Spans of the benchmark's transactions. */
const corpus = (transactions: number): Buffer[] => {
  const random = seeded(1);
  return Array.from({ length: transactions }, (_, n) => orderTransaction(random, n)).flatMap(({ parts }) =>
    parts.flatMap(({ spans }) => spans.map((one) => Buffer.from(spanToProtobuf(one)))),
  );
};

test("every span of the benchmark's corpus has the terms of its decoding", () => {
  const spans = corpus(100);
  expect(spans).toHaveLength(900);
  for (const record of spans) expectTermsOfDecoding(record);
});

/** What is none is hashed as it lies there, and decoded to something else. */
const isUtf8 = (record: Uint8Array): boolean =>
  !JSON.stringify(spanToJson(spanFromProtobuf(record))).includes("\ufffd");

test("a span whose bytes were changed has the terms of its decoding, as long as it is taken at all", () => {
  const spans = corpus(10);
  const change = fc.record({ place: fc.nat(4_095), byte: fc.nat(0x7f) });
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...spans), fc.array(change, { minLength: 1, maxLength: 3 }), (before, changes) => {
      const record = Buffer.from(before);
      for (const { place, byte } of changes) record[place % record.length] = byte;
      const sent = message([1, message([2, message([2, record])])]);
      if (skimTraces(sent, { onBadRecord: () => {} }).slices.length === 0) return;
      if (!isUtf8(record)) return;
      taken += 1;
      expectTermsOfDecoding(record);
    }),
    { numRuns: 3_000 },
  );
  expect(taken).toBeGreaterThan(500);
});

/** A message of fields as they are given. */
const message = (...fields: readonly (readonly [number: number, bytes: Uint8Array])[]): Buffer =>
  Buffer.concat(fields.flatMap(([number, bytes]) => [Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]));
const varint = (length: number): number[] =>
  length < 128 ? [length] : [(length & 127) | 128, ...varint(length >>> 7)];

test("attributes in an order that no encoder writes are read as they would be decoded", () => {
  const key = Buffer.from("faas.invocation_id");
  const ids = [message([1, Buffer.alloc(16, 7)]), message([2, Buffer.alloc(8, 7)])];
  const odd = [
    message([2, message([1, Buffer.from("r-1")])], [1, key]),
    message([1, Buffer.from("other")], [1, key], [2, message([1, Buffer.from("r-2")])]),
    message([1, key], [2, message([1, Buffer.from("no")], [1, Buffer.from("r-3")])]),
    message([1, key], [2, message([1, Buffer.from("no")])], [2, message([1, Buffer.from("r-4")])]),
  ];
  for (const attribute of odd) {
    const record = Buffer.concat([...ids, message([9, attribute])]);
    expectTermsOfDecoding(record);
    expect(scanned("spans", record).places).toHaveLength(2);
  }
});
