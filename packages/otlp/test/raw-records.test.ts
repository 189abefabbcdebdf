/** What is kept without being decoded is what decoding would have kept, judged record by record. */
import { MAX_ANY_VALUE_DEPTH, skimTraces, spanFromProtobuf } from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { logsData, metricsData, mutated, tracesData } from "./arbitraries.ts";
import { compareLogRecords, compareMetrics, compareSpans, kept } from "./compare.ts";
import { messageField, stringField, varintField } from "./protobuf-fields.ts";
import { encodeWithProtobufjs } from "./protobufjs-oracle.ts";

/** A share of what `pnpm check:long` runs. */
const TIMES = process.env["MAYFLY_LONG"] === "true" ? 100 : 1;
const RUNS = { numRuns: 150 * TIMES };
const tracesBytes = tracesData.map((traces) => encodeWithProtobufjs("TracesData", traces));
const logsBytes = logsData.map((logs) => encodeWithProtobufjs("LogsData", logs));

const metricsBytes = metricsData.map((metrics) => encodeWithProtobufjs("MetricsData", metrics));

test("of sound traces, the spans that decoding finds and that have ids, with resource and scope", () => {
  fc.assert(fc.property(tracesBytes, compareSpans), RUNS);
});

test("of sound logs, the records that decoding finds", () => {
  fc.assert(fc.property(logsBytes, compareLogRecords), RUNS);
});

test("of sound metrics, those that decoding finds, counted by their data points", () => {
  fc.assert(fc.property(metricsBytes, compareMetrics), RUNS);
});

test("of damaged ones too, and what is bad is told in the same words", () => {
  fc.assert(fc.property(mutated(tracesBytes), compareSpans), { numRuns: 250 * TIMES });
  fc.assert(fc.property(mutated(logsBytes), compareLogRecords), { numRuns: 250 * TIMES });
  fc.assert(fc.property(mutated(metricsBytes), compareMetrics), { numRuns: 250 * TIMES });
});

test("of one that ends after a tag in more bytes than it needs", () => {
  const cut = messageField(9, Buffer.concat([stringField(1, "key"), Buffer.of(0x92, 0x00)])); // value, and no length
  const bytes = messageField(
    1,
    messageField(
      2,
      messageField(2, Buffer.concat([messageField(1, Buffer.alloc(16, 1)), messageField(2, Buffer.alloc(8, 2)), cut])),
    ),
  );
  compareSpans(bytes);
  expect(skimmedNames(bytes).names).toEqual([]);
});

test("of noise too", () => {
  const noise = fc.uint8Array({ maxLength: 60 }).map((bytes) => messageField(1, messageField(2, Buffer.from(bytes))));
  fc.assert(fc.property(noise, compareSpans), RUNS);
  fc.assert(fc.property(noise, compareLogRecords), RUNS);
  fc.assert(fc.property(noise, compareMetrics), RUNS);
});

const IDS = Buffer.concat([messageField(1, Buffer.alloc(16, 1)), messageField(2, Buffer.alloc(8, 2))]);
const named = (name: string, ...fields: Buffer[]): Buffer => Buffer.concat([IDS, stringField(5, name), ...fields]);
const scopeOf = (...spans: Buffer[]): Buffer => Buffer.concat(spans.map((span) => messageField(2, span)));
const inOneGroup = (...spans: Buffer[]): Buffer => messageField(1, messageField(2, scopeOf(...spans)));

const skimmedNames = (bytes: Uint8Array) => {
  const bad: [code: string, path: string, items: number][] = [];
  const raw = skimTraces(bytes, { onBadRecord: ({ code, path }, items) => bad.push([code, path, items]) });
  return { names: kept(raw, spanFromProtobuf).map(({ record }) => record.name), bad, raw };
};

test("a span without sound ids is left out, with a code that says which", () => {
  const withIds = (traceId: Buffer, spanId: Buffer): Buffer =>
    Buffer.concat([messageField(1, traceId), messageField(2, spanId)]);
  const good = [Buffer.alloc(16, 1), Buffer.alloc(8, 1)] as const;

  const { names, bad } = skimmedNames(
    inOneGroup(
      named("first"),
      withIds(Buffer.alloc(15, 1), good[1]),
      withIds(Buffer.alloc(16), good[1]),
      withIds(good[0], Buffer.alloc(9, 1)),
      withIds(good[0], Buffer.alloc(8)),
      Buffer.concat([withIds(Buffer.alloc(0), good[1]), named("the last id counts")]),
      Buffer.of(),
    ),
  );

  expect(names).toEqual(["first", "the last id counts"]);
  expect(bad).toEqual([
    ["invalid-trace-id", "resourceSpans[0].scopeSpans[0].spans[1]", 1],
    ["invalid-trace-id", "resourceSpans[0].scopeSpans[0].spans[2]", 1],
    ["invalid-span-id", "resourceSpans[0].scopeSpans[0].spans[3]", 1],
    ["invalid-span-id", "resourceSpans[0].scopeSpans[0].spans[4]", 1],
    ["invalid-trace-id", "resourceSpans[0].scopeSpans[0].spans[6]", 1],
  ]);
});

test("where nobody listens, a span without ids is an error of the whole", () => {
  expect(() => skimTraces(inOneGroup(named("a"), Buffer.of()))).toThrow(
    "cannot decode resourceSpans[0].scopeSpans[0].spans[1]: its trace id is not 16 bytes, or all zero",
  );
});

const deep = (depth: number): Buffer =>
  depth === 1 ? stringField(1, "deep") : messageField(5, messageField(1, deep(depth - 1)));
const withValue = (value: Buffer): Buffer => messageField(9, messageField(2, value));

test("values may lie in one another as deep as decoders read them", () => {
  const { names, bad } = skimmedNames(
    inOneGroup(
      named("deepest", withValue(deep(MAX_ANY_VALUE_DEPTH))),
      named("deeper", withValue(deep(MAX_ANY_VALUE_DEPTH + 1))),
    ),
  );

  expect(names).toEqual(["deepest"]);
  expect(bad).toMatchObject([["value-too-deep", expect.stringMatching(/spans\[1\]\.attributes\[0\]\.value/), 1]]);
});

test("a bad resource costs the spans under it, a bad scope its own, and the rest is kept", () => {
  const badAttribute = messageField(1, varintField(1, 7n));
  const bytes = Buffer.concat([
    messageField(
      1,
      Buffer.concat([
        messageField(2, scopeOf(named("a"), named("b"))),
        messageField(2, scopeOf(named("c"))),
        messageField(1, badAttribute),
      ]),
    ),
    messageField(
      1,
      Buffer.concat([
        messageField(2, Buffer.concat([messageField(1, varintField(1, 7n)), scopeOf(named("d"))])),
        messageField(2, scopeOf(named("e"))),
      ]),
    ),
  ]);

  const { names, bad, raw } = skimmedNames(bytes);

  expect(names).toEqual(["e"]);
  expect(raw.origins).toHaveLength(1);
  expect(bad).toEqual([
    ...["a", "b", "c"].map(() => ["invalid-protobuf", "resourceSpans[0].resource.attributes[0]", 1]),
    ["invalid-protobuf", "resourceSpans[1].scopeSpans[0].scope", 1],
  ]);
  expect(() => skimTraces(bytes)).toThrow("cannot decode resourceSpans[0].resource.attributes[0]");
});

test("an origin keeps the fields around the records that are unknown here", () => {
  const unknown = stringField(900, "later");
  const bytes = messageField(
    1,
    Buffer.concat([
      stringField(3, "https://resource"),
      messageField(2, Buffer.concat([scopeOf(named("a")), unknown, stringField(3, "https://scope")])),
      unknown,
      messageField(1, messageField(1, stringField(1, "key"))),
    ]),
  );

  const { raw } = skimmedNames(bytes);

  expect(raw.origins.map((origin) => Buffer.from(origin))).toEqual([
    Buffer.concat([
      stringField(3, "https://resource"),
      unknown,
      messageField(1, messageField(1, stringField(1, "key"))),
      messageField(2, Buffer.concat([unknown, stringField(3, "https://scope")])),
    ]),
  ]);
});

test("groups without records leave no origin behind", () => {
  const empty = messageField(1, messageField(2, stringField(3, "https://scope")));

  const { raw } = skimmedNames(Buffer.concat([empty, inOneGroup(named("a")), empty]));

  expect([raw.origins.length, [...raw.slices].slice(2)]).toEqual([1, [0]]);
});
