/** One bad record must not cost its sender the rest of the batch. */
import {
  type DecodeError,
  decodeLogs,
  decodeLogsJson,
  decodeTraces,
  decodeTracesJson,
  MAX_ANY_VALUE_DEPTH,
} from "@mayfly/otlp";
import { expect, test } from "vitest";
import { messageField, stringField, varintField } from "./protobuf-fields.ts";

const deepJson = (depth: number): object =>
  depth === 0 ? { stringValue: "x" } : { arrayValue: { values: [deepJson(depth - 1)] } };
const deepProtobuf = (depth: number): Buffer =>
  depth === 0 ? stringField(1, "x") : messageField(5, messageField(1, deepProtobuf(depth - 1)));

const tracesJson = (...spans: unknown[]): string =>
  JSON.stringify({ resourceSpans: [{}, { scopeSpans: [{ spans, schemaUrl: "https://scope" }] }] });
const logsJson = (...logRecords: unknown[]): string =>
  JSON.stringify({ resourceLogs: [{ scopeLogs: [{}, { logRecords }] }] });
/** Both signals number these fields alike; the scope's schema URL stands after its records. */
const protobuf = (...records: Buffer[]): Buffer =>
  messageField(
    1,
    messageField(
      2,
      Buffer.concat([...records.map((record) => messageField(2, record)), stringField(3, "https://scope")]),
    ),
  );

const attribute = (value: Buffer): Buffer => messageField(2, value);
const named = (name: string): Buffer => stringField(5, name);

const told = <T>(decode: (options: { onBadRecord: (error: DecodeError) => void }) => T) => {
  const bad: [code: string, path: string][] = [];
  const data = decode({ onBadRecord: ({ code, path }) => bad.push([code, path]) });
  return { data, bad };
};

test("spans of JSON that do not decode are told by place and code, and the others are read", () => {
  const tooDeep = { attributes: [{ key: "a", value: deepJson(MAX_ANY_VALUE_DEPTH) }] };
  const text = tracesJson({ name: "first" }, { traceId: 7 }, tooDeep, "no span", { name: "last" });

  const { data, bad } = told((options) => decodeTracesJson(text, options));

  const scope = data.resourceSpans[1]?.scopeSpans[0];
  expect(scope?.spans.map((span) => span.name)).toEqual(["first", "last"]);
  expect(scope?.schemaUrl).toBe("https://scope");
  expect(bad).toEqual([
    ["invalid-json", "resourceSpans[1].scopeSpans[0].spans[1].traceId"],
    [
      "value-too-deep",
      expect.stringMatching(/^resourceSpans\[1\]\.scopeSpans\[0\]\.spans\[2\]\.attributes\[0\]\.value/),
    ],
    ["invalid-json", "resourceSpans[1].scopeSpans[0].spans[3]"],
  ]);
});

test("spans of protobuf that do not decode are told by place and code, and the others are read", () => {
  const tooDeep = messageField(9, attribute(deepProtobuf(MAX_ANY_VALUE_DEPTH)));
  const bytes = protobuf(named("first"), varintField(5, 7n), tooDeep, Buffer.of(0x2a, 0x7f), named("last"));

  const { data, bad } = told((options) => decodeTraces(bytes, options));

  const scope = data.resourceSpans[0]?.scopeSpans[0];
  expect(scope?.spans.map((span) => span.name)).toEqual(["first", "last"]);
  expect(scope?.schemaUrl).toBe("https://scope");
  expect(bad).toEqual([
    ["invalid-protobuf", "resourceSpans[0].scopeSpans[0].spans[1]"],
    [
      "value-too-deep",
      expect.stringMatching(/^resourceSpans\[0\]\.scopeSpans\[0\]\.spans\[2\]\.attributes\[0\]\.value/),
    ],
    ["invalid-protobuf", "resourceSpans[0].scopeSpans[0].spans[3]"],
  ]);
});

test("so are log records, in both encodings", () => {
  const json = told((options) =>
    decodeLogsJson(logsJson({ body: deepJson(MAX_ANY_VALUE_DEPTH) }, { severityText: "INFO" }), options),
  );
  const binary = told((options) =>
    decodeLogs(protobuf(messageField(5, deepProtobuf(MAX_ANY_VALUE_DEPTH)), stringField(3, "INFO")), options),
  );

  expect(json.data.resourceLogs[0]?.scopeLogs[1]?.logRecords).toMatchObject([{ severityText: "INFO" }]);
  expect(json.bad).toEqual([
    ["value-too-deep", expect.stringMatching(/^resourceLogs\[0\]\.scopeLogs\[1\]\.logRecords\[0\]\.body/)],
  ]);
  expect(binary.data.resourceLogs[0]?.scopeLogs[0]?.logRecords).toMatchObject([{ severityText: "INFO" }]);
  expect(binary.bad).toEqual([
    ["value-too-deep", expect.stringMatching(/^resourceLogs\[0\]\.scopeLogs\[0\]\.logRecords\[0\]\.body/)],
  ]);
});

test("what is broken around the records is an error of the whole, whoever listens", () => {
  const nobody = (): never => {
    throw new Error("this is no record's fault");
  };
  const options = { onBadRecord: nobody };
  const whole = protobuf(named("first"));

  expect(() => decodeTracesJson('{"resourceSpans":[{"scopeSpans":{}}]}', options)).toThrow(
    "cannot decode resourceSpans[0].scopeSpans: expected an array",
  );
  expect(() => decodeTracesJson('{"resourceSpans":[', options)).toThrow("cannot decode the message");
  for (let end = 1; end < whole.length; end++) {
    expect(() => decodeTraces(whole.subarray(0, end), options)).toThrow("cannot decode");
  }
});

test("where nobody listens, a bad record is an error of the whole", () => {
  expect(() => decodeTracesJson(tracesJson({}, { traceId: 7 }))).toThrow(
    "cannot decode resourceSpans[1].scopeSpans[0].spans[1].traceId: expected a string, got 7",
  );
  expect(() => decodeTraces(protobuf(named("a"), varintField(5, 7n)))).toThrow(
    "cannot decode resourceSpans[0].scopeSpans[0].spans[1]: field 5 has wire type 0, expected 2",
  );
});
