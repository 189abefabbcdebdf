/**
 * JSON that goes straight to protobuf is what the long way would have made of it: however it is spelled, whatever stands
 * in it, wherever it is damaged.
 */
import { logsToJson, metricsToJson, rawTracesFromJson, spanFromProtobuf, tracesToJson } from "@mayfly/otlp";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { skipJson } from "../src/json/skip.ts";
import { logsData, metricsData, mutated, tracesData } from "./arbitraries.ts";
import { compareLogRecordsOfJson, compareMetricsOfJson, compareSpansOfJson, kept } from "./compare.ts";

const compareAll = (text: string | Uint8Array): void => {
  const bytes = Buffer.from(text);
  compareSpansOfJson(bytes);
  compareLogRecordsOfJson(bytes);
  compareMetricsOfJson(bytes);
};

/** A share of what `pnpm check:long` runs. */
const TIMES = process.env["MAYFLY_LONG"] === "true" ? 100 : 1;

const json = fc.oneof(tracesData.map(tracesToJson), logsData.map(logsToJson), metricsData.map(metricsToJson));

test("as exporters write it", () => {
  fc.assert(
    fc.property(json, (value) => compareAll(JSON.stringify(value))),
    { numRuns: 200 * TIMES },
  );
});

test("damaged", () => {
  fc.assert(fc.property(mutated(json.map((value) => Buffer.from(JSON.stringify(value)))), compareAll), {
    numRuns: 300 * TIMES,
  });
});

/** The same value spelled otherwise, by a stream of choices. */
const respelled = (value: unknown, choose: (below: number) => number): string => {
  const space = (): string => ["", "", "", " ", "\n\t", "\r "][choose(6)]!;
  const text = (plain: string): string =>
    JSON.stringify(plain).replace(/[^"\\]/g, (letter) =>
      choose(12) === 0 && !/[bfnrtu0-9a-f]/.test(letter)
        ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
        : letter,
    );
  const write = (one: unknown): string => {
    if (typeof one === "string") return /^-?\d{1,20}$/.test(one) && choose(2) === 0 ? one : text(one);
    if (Array.isArray(one)) return `[${space()}${one.map(write).join(`${space()},${space()}`)}${space()}]`;
    if (typeof one !== "object" || one === null) return JSON.stringify(one);
    const fields = Object.entries(one)
      .map((entry) => ({ entry, rank: choose(1000) }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ entry: [key, inner] }) => `${text(key)}${space()}:${space()}${write(inner)}`);
    if (choose(20) === 0) fields.push('"later": [{"a": "\\n"}, 1.5e3, null, true]');
    if (choose(60) === 0 && fields.length > 0) fields.push(fields[0]!);
    return `{${space()}${fields.join(`${space()},${space()}`)}${space()}}`;
  };
  return `${space()}${write(value)}${space()}`;
};

test("spelled otherwise: spaces, escapes, other orders, bare numbers, unknown fields, a key twice", () => {
  fc.assert(
    fc.property(json, fc.array(fc.nat(999), { minLength: 20, maxLength: 200 }), (value, choices) => {
      let next = 0;
      compareAll(respelled(value, (below) => choices[next++ % choices.length]! % below));
    }),
    { numRuns: 200 * TIMES },
  );
});

test("with one value swapped for another", () => {
  const swapped = fc.tuple(json, fc.nat(), fc.jsonValue({ maxDepth: 2 })).map(([valid, position, other]) => {
    let count = 0;
    JSON.stringify(valid, (_key, value: unknown) => (count++, value));
    const target = position % count;
    count = 0;
    return JSON.stringify(valid, (_key, value: unknown) => (count++ === target ? other : value));
  });
  fc.assert(fc.property(swapped, compareAll), { numRuns: 300 * TIMES });
});

const TOKENS = [
  ..."0 -0 1 01 -1 1. .5 1.0 -0.0 0.1 1e3 1E+2 1e-2 1e 0.30000000000000004 1e400 5e-324 1.7976931348623157e308".split(
    " ",
  ),
  ..."123456789012345 1234567890123456 9007199254740993 2147483647 2147483648 -2147483648 -2147483649".split(" "),
  ..."4294967295 4294967296 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809".split(
    " ",
  ),
  ..."18446744073709551615 18446744073709551616 99999999999999999999 123456789012345678901 0.12345678901234567".split(
    " ",
  ),
  ..."- + NaN nul null tru true false [] {} [1] 1,2".split(" "),
];
const VALUES = [
  ...TOKENS,
  ...TOKENS.map((token) => `"${token}"`),
  '""',
  '" 5"',
  '"5 "',
  '"05"',
  '"Infinity"',
  '"-Infinity"',
  '"ab"',
  '"abc"',
  '"AbCd"',
  '"\\u0035"',
  '"a',
  '"\\x"',
  '"SPAN_KIND_CLIENT"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"\\ude00"',
  '"\\ud83d\\u0041"',
  '"\\u00e9\\u20ac\\b"',
  '"\t"',
];

const SPAN = '"traceId":"00000000000000000000000000000001","spanId":"0000000000000001"';
const inSpan = (fields: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN},${fields}}]}]}]}`;
const inMetric = (fields: string): string => `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{${fields}}]}]}]}`;
const inValue = (fields: string): string => inSpan(`"attributes":[{"key":"k","value":{${fields}}}]`);

test.each<[place: string, at: (value: string) => string]>([
  ["an enum", (value) => inSpan(`"kind":${value}`)],
  ["a time", (value) => inSpan(`"startTimeUnixNano":${value}`)],
  ["a count", (value) => inSpan(`"droppedAttributesCount":${value}`)],
  ["flags", (value) => inSpan(`"flags":${value}`)],
  ["an id", (value) => inSpan(`"parentSpanId":${value}`)],
  [
    "a needed id",
    (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":${value},"spanId":"0000000000000001"}]}]}]}`,
  ],
  ["a name", (value) => inSpan(`"name":${value}`)],
  ["a status", (value) => inSpan(`"status":${value}`)],
  ["a list", (value) => inSpan(`"events":${value}`)],
  ["an item", (value) => inSpan(`"links":[{},${value}]`)],
  ["a string value", (value) => inValue(`"stringValue":${value}`)],
  ["a boolean", (value) => inValue(`"boolValue":${value}`)],
  ["an integer", (value) => inValue(`"intValue":${value}`)],
  ["a double", (value) => inValue(`"doubleValue":${value}`)],
  ["bytes", (value) => inValue(`"bytesValue":${value}`)],
  ["one of two cases", (value) => inValue(`"intValue":${value},"stringValue":"s"`)],
  ["an sfixed64", (value) => inMetric(`"gauge":{"dataPoints":[{"asInt":${value}}]}`)],
  ["an optional double", (value) => inMetric(`"histogram":{"dataPoints":[{"sum":${value}}]}`)],
  ["a plain double", (value) => inMetric(`"summary":{"dataPoints":[{"sum":${value}}]}`)],
  ["fixed64 of a list", (value) => inMetric(`"histogram":{"dataPoints":[{"bucketCounts":["1",${value}]}]}`)],
  ["doubles of a list", (value) => inMetric(`"histogram":{"dataPoints":[{"explicitBounds":[${value},1]}]}`)],
  ["a sint32", (value) => inMetric(`"exponentialHistogram":{"dataPoints":[{"scale":${value}}]}`)],
  [
    "uint64 of a list",
    (value) => inMetric(`"exponentialHistogram":{"dataPoints":[{"positive":{"bucketCounts":[${value}]}}]}`),
  ],
  ["the kind of data", (value) => inMetric(`"gauge":${value},"sum":{}`)],
  ["a resource", (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN}}]}],"resource":${value}}]}`],
  ["a scope", (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN}}],"scope":${value}}]}]}`],
  ["a schema URL", (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN}}]}],"schemaUrl":${value}}]}`],
  ["a span", (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN}},${value}]}]}]}`],
  ["spans", (value) => `{"resourceSpans":[{"scopeSpans":[{"spans":${value}}]}]}`],
  ["a group", (value) => `{"resourceSpans":[${value}]}`],
  ["the whole", (value) => value],
])("%s in every form", (_place, at) => {
  for (const value of VALUES) compareAll(at(value));
});

test("values nested to the limit and past it", () => {
  for (const depth of [32, 33]) {
    const value = `${'{"arrayValue":{"values":['.repeat(depth - 1)}{"boolValue":false}${"]}}".repeat(depth - 1)}`;
    compareAll(inSpan(`"attributes":[{"key":"k","value":${value}}]`));
  }
});

test("text longer than what was put by for it, and invalid UTF-8 in it", () => {
  const long = `é\u0001€${"x".repeat(3_000)}`.repeat(100);
  compareAll(JSON.stringify({ resourceSpans: [{ schemaUrl: long, scopeSpans: [] }] }));
  compareAll(inSpan(`"name":${JSON.stringify(long)},"traceState":"s"`));
  compareAll(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(inSpan('"name":"ä"'))]));
  for (const bad of [
    [0xff],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xc0, 0x80],
    [0xf5, 0x80],
  ]) {
    const [before = "", after = ""] = inSpan('"name":"a*b"').split("*");
    compareAll(Buffer.concat([Buffer.from(before), Buffer.from(bad), Buffer.from(after)]));
  }
});

test("a resource or a schema URL that stands after its spans is theirs all the same", () => {
  const text =
    `{"resourceSpans":[{"scopeSpans":[{"spans":[{${SPAN}}],"schemaUrl":"s","scope":{"name":"n"}}],` +
    '"schemaUrl":"r","resource":{"attributes":[{"key":"k"}]}}]}';

  const [one] = kept(rawTracesFromJson(text), spanFromProtobuf);

  expect(one?.origin).toMatchObject({
    resource: { attributes: [{ key: "k" }] },
    resourceSchemaUrl: "r",
    scope: { name: "n" },
    scopeSchemaUrl: "s",
  });
  compareAll(text);
});

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("what is passed over is JSON and nothing else", () => {
  const pieces = fc.constantFrom(
    ...'{ } [ ] , : " a \\ \\u00e9 \\n 0 1 - . e + true null false \t'.split(" "),
    " ",
    "\u0001",
    '"k"',
  );
  const texts = fc.oneof(
    fc.json(),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
    mutated(fc.json().map((text) => Buffer.from(text))).map((bytes) => Buffer.from(bytes).toString()),
    fc.constantFrom(...VALUES),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text.trim());
      expect(skipJson(bytes, 0) === bytes.length).toBe(isJson(bytes.toString()));
    }),
    { numRuns: 3_000 * TIMES },
  );
});

test("what is passed over may be nested as deep as it likes", () => {
  expect(skipJson(Buffer.from(`${"[".repeat(100_000)}${"]".repeat(100_000)}`), 0)).toBe(200_000);
});
