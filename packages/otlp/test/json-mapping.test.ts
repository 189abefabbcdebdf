/** What OTLP-JSON asks of readers, and what senders do all the same. */
import {
  decodeLogsJson,
  decodeTracesJson,
  MAX_ANY_VALUE_DEPTH,
  logRecordFromJson,
  resourceFromJson,
  resourceToJson,
  scopeFromJson,
  scopeToJson,
  spanFromJson,
  spanToJson,
  tracesToJson,
} from "@mayfly/otlp";
import { describe, expect, test } from "vitest";

const valueOf = (value: unknown) => spanFromJson({ attributes: [{ key: "k", value }] }).attributes[0]?.value;
const inTraces = (span: unknown): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{}, span] }] }] });

describe("reading", () => {
  test("an empty object is an empty message, with every default in place", () => {
    expect(decodeTracesJson("{}")).toStrictEqual({ resourceSpans: [] });
    expect(decodeLogsJson("{}")).toStrictEqual({ resourceLogs: [] });
    expect(spanFromJson({})).toStrictEqual({
      traceId: "",
      spanId: "",
      traceState: "",
      parentSpanId: "",
      name: "",
      kind: 0,
      startTimeUnixNano: 0n,
      endTimeUnixNano: 0n,
      attributes: [],
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      flags: 0,
    });
  });

  test("null is the same as absent, for every kind of field", () => {
    const span = { traceId: null, name: null, kind: null, startTimeUnixNano: null, attributes: null, flags: null };

    expect(spanFromJson({ ...span, status: null, events: null })).toStrictEqual(spanFromJson({}));
    expect(valueOf(null)).toBeUndefined();
    expect(valueOf({ stringValue: null, intValue: 7 })).toEqual({ intValue: 7n });
  });

  test("unknown fields are ignored, and snake_case names are unknown", () => {
    expect(spanFromJson({ later: [{ a: 1 }], trace_id: "aa", name: "n" })).toEqual(spanFromJson({ name: "n" }));
  });

  test("ids are hex in any case and come out in lower case", () => {
    expect(spanFromJson({ traceId: "5B8EFFF798038103D269B633813FC60C", spanId: "eee19B7EC3C1B174" })).toMatchObject({
      traceId: "5b8efff798038103d269b633813fc60c",
      spanId: "eee19b7ec3c1b174",
    });
  });

  test("a time is a string or a number, exact either way", () => {
    const text =
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1767225600315000001,"endTimeUnixNano":"1767225600420000003"}]}]}]}';

    expect(decodeTracesJson(text).resourceSpans[0]?.scopeSpans[0]?.spans[0]).toMatchObject({
      startTimeUnixNano: 1_767_225_600_315_000_001n,
      endTimeUnixNano: 1_767_225_600_420_000_003n,
    });
  });

  test("enums are numbers, known or not, or the names of the .proto files", () => {
    expect(spanFromJson({ kind: 99 }).kind).toBe(99);
    expect(spanFromJson({ kind: "SPAN_KIND_CONSUMER" }).kind).toBe(5);
    expect(spanFromJson({ status: { code: "STATUS_CODE_ERROR" } }).status?.code).toBe(2);
    expect(logRecordFromJson({ severityNumber: "SEVERITY_NUMBER_TRACE" }).severityNumber).toBe(1);
    expect(logRecordFromJson({ severityNumber: "SEVERITY_NUMBER_WARN2" }).severityNumber).toBe(14);
    expect(logRecordFromJson({ severityNumber: "SEVERITY_NUMBER_FATAL4" }).severityNumber).toBe(24);
  });

  test.each([
    [{ stringValue: "" }, { stringValue: "" }],
    [{ boolValue: false }, { boolValue: false }],
    [{ intValue: "-9223372036854775808" }, { intValue: -9_223_372_036_854_775_808n }],
    [{ intValue: -0 }, { intValue: 0n }],
    [{ intValue: 1e300 }, { doubleValue: 1e300 }],
    [{ intValue: 2 ** 63 }, { doubleValue: 2 ** 63 }],
    [{ intValue: 9_223_372_036_854_776_000n }, { doubleValue: 2 ** 63 }],
    [{ doubleValue: 1 }, { doubleValue: 1 }],
    [{ doubleValue: "NaN" }, { doubleValue: Number.NaN }],
    [{ doubleValue: "-Infinity" }, { doubleValue: Number.NEGATIVE_INFINITY }],
    [{ doubleValue: "-1.5e-7" }, { doubleValue: -1.5e-7 }],
    [{ doubleValue: 9_007_199_254_740_993n }, { doubleValue: 9_007_199_254_740_992 }],
    [{ bytesValue: "AP8=" }, { bytesValue: Uint8Array.of(0, 255) }],
    [{ bytesValue: "_-8" }, { bytesValue: Uint8Array.of(255, 239) }],
    [{ arrayValue: {} }, { arrayValue: { values: [] } }],
    [{ kvlistValue: { values: [{ key: "a" }] } }, { kvlistValue: { values: [{ key: "a" }] } }],
    [{ stringValueStrindex: 3 }, {}],
    [{}, {}],
  ])("value case %#", (json, value) => {
    expect(valueOf(json)).toStrictEqual(value);
  });
});

describe("refusing", () => {
  test.each([
    [{ startTimeUnixNano: "soon" }, 'startTimeUnixNano: expected an unsigned 64-bit integer, got "soon"'],
    [{ startTimeUnixNano: -1 }, "startTimeUnixNano: expected an unsigned 64-bit integer, got -1"],
    [{ endTimeUnixNano: "18446744073709551616" }, "endTimeUnixNano: expected an unsigned 64-bit integer, got"],
    [{ kind: "SERVER" }, 'kind: expected an enum number or name, got "SERVER"'],
    [{ kind: 2.5 }, "kind: expected an enum number or name, got 2.5"],
    [{ flags: 4_294_967_296 }, "flags: expected an unsigned 32-bit integer, got 4294967296"],
    [{ name: 7 }, "name: expected a string, got 7"],
    [{ name: ["a"] }, "name: expected a string, got an array"],
    [{ traceId: {} }, "traceId: expected a string, got an object"],
    [{ attributes: {} }, "attributes: expected an array, got an object"],
    [{ events: [{}, { attributes: [null] }] }, "events[1].attributes[0]: expected an object, got null"],
    [{ status: [] }, "status: expected an object, got an array"],
    [
      { attributes: [{ value: { boolValue: "true" } }] },
      'attributes[0].value.boolValue: expected a boolean, got "true"',
    ],
    [
      { attributes: [{ value: { intValue: "1.5" } }] },
      'attributes[0].value.intValue: expected a 64-bit integer, got "1.5"',
    ],
    [{ attributes: [{ value: { doubleValue: "" } }] }, 'attributes[0].value.doubleValue: expected a number, got ""'],
    [{ attributes: [{ value: { bytesValue: "a b" } }] }, 'attributes[0].value.bytesValue: expected base64, got "a b"'],
    [
      { attributes: [{ value: { arrayValue: { values: [{}, { kvlistValue: { values: 1 } }] } } }] },
      "attributes[0].value.arrayValue.values[1].kvlistValue.values: expected an array, got 1",
    ],
  ])("%j is refused by its path", (span, problem) => {
    expect(() => decodeTracesJson(inTraces(span))).toThrow(
      `cannot decode resourceSpans[0].scopeSpans[0].spans[1].${problem}`,
    );
  });

  test.each(["null", "[]", "7", '"text"'])("%s is no message", (text) => {
    expect(() => decodeTracesJson(text)).toThrow("cannot decode the message: expected an object, got");
  });

  test("a long value is shown by its beginning", () => {
    expect(() => spanFromJson({ kind: "x".repeat(10_000) })).toThrow(/got "x{40}"$/);
  });

  const nested = (depth: number): unknown =>
    depth === 1 ? { stringValue: "deep" } : { arrayValue: { values: [nested(depth - 1)] } };

  const inMaps = (depth: number): unknown =>
    depth === 1 ? { stringValue: "deep" } : { kvlistValue: { values: [{ key: "k", value: inMaps(depth - 1) }] } };

  test("values nested past the limit are refused, and deep nesting in unknown fields is not even looked at", () => {
    expect(() => valueOf(nested(MAX_ANY_VALUE_DEPTH))).not.toThrow();
    expect(() => valueOf(nested(MAX_ANY_VALUE_DEPTH + 1))).toThrow("values nested deeper than 32");
    expect(() => valueOf(inMaps(MAX_ANY_VALUE_DEPTH))).not.toThrow();
    expect(() => valueOf(inMaps(MAX_ANY_VALUE_DEPTH + 1))).toThrow("values nested deeper than 32");
    expect(decodeTracesJson(`{"later":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toEqual({ resourceSpans: [] });
  });
});

describe("writing", () => {
  test("defaults are left out, and empty messages stay", () => {
    const traces = {
      resourceSpans: [
        {
          resource: resourceFromJson({}),
          schemaUrl: "",
          scopeSpans: [{ scope: scopeFromJson({}), schemaUrl: "", spans: [spanFromJson({ status: {} })] }],
        },
      ],
    };

    expect(JSON.stringify(tracesToJson(traces))).toBe(
      '{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"status":{}}]}]}]}',
    );
  });

  test("a value's case is written even at its default", () => {
    const values = [
      { stringValue: "" },
      { boolValue: false },
      { intValue: "0" },
      { doubleValue: 0 },
      { bytesValue: "" },
    ];
    const attributes = values.map((value) => ({ key: "k", value }));

    expect(spanToJson(spanFromJson({ attributes }))).toEqual({ attributes });
  });

  test("what JSON has no number for is written by name", () => {
    const doubles = ["NaN", "Infinity", "-Infinity", "-0", 0.1];
    const attributes = doubles.map((doubleValue) => ({ key: "k", value: { doubleValue } }));

    expect(JSON.stringify(spanToJson(spanFromJson({ attributes })))).toBe(JSON.stringify({ attributes }));
  });

  test("a resource and a scope come back from their own JSON", () => {
    const resource = {
      attributes: [{ key: "service.name", value: { stringValue: "orders" } }],
      droppedAttributesCount: 1,
      entityRefs: [{ schemaUrl: "https://example.test", type: "service", idKeys: ["a"], descriptionKeys: ["b", "c"] }],
    };
    const scope = { name: "shop", version: "1", attributes: [{ key: "n", value: { intValue: "7" } }] };

    expect(resourceToJson(resourceFromJson(resource))).toEqual(resource);
    expect(scopeToJson(scopeFromJson(scope))).toEqual(scope);
  });
});
