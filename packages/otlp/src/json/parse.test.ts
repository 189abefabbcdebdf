import { afterEach, expect, test, vi } from "vitest";
import { DecodeError } from "../decode-error.ts";
import { parseJson } from "./parse.ts";

afterEach(() => vi.restoreAllMocks());

test.each(["1767225600315000001", "-9223372036854775808", "18446744073709551615", "9007199254740993"])(
  "the bare integer %s keeps every digit",
  (digits) => {
    expect(parseJson(`{"a": ${digits}, "b": [ ${digits}]}`)).toEqual({ a: BigInt(digits), b: [BigInt(digits)] });
  },
);

test("other numbers stay numbers beside a long integer", () => {
  const numbers = "[1767225600315000001, 1, -0, 0.1234567890123456, 12345678901234567.5, 1e20, 123456789012345678901]";

  expect(parseJson(numbers)).toEqual([
    1_767_225_600_315_000_001n,
    1,
    -0,
    0.123_456_789_012_345_6,
    12_345_678_901_234_568,
    1e20,
    123_456_789_012_345_680_000,
  ]);
});

test("digits inside a string are text, even where they look like a value", () => {
  expect(parseJson('{"a": "n: 1767225600315000001", "b": "1767225600315000001"}')).toEqual({
    a: "n: 1767225600315000001",
    b: "1767225600315000001",
  });
});

test("text without a long bare integer is parsed without a reviver", () => {
  const parse = vi.spyOn(JSON, "parse");

  parseJson('{"startTimeUnixNano": "1767225600315000001", "kind": 2, "ratio": 0.12345678901234567}');
  parseJson('{"startTimeUnixNano": 1767225600315000001}');

  expect(parse.mock.calls.map((call) => call.length)).toEqual([1, 2]);
});

test("bytes may begin with a byte order mark and hold invalid UTF-8", () => {
  const bytes = Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from('["a'), Buffer.of(0xff), Buffer.from('"]')]);

  expect(parseJson(bytes)).toEqual(["a\ufffd"]);
});

test("a key named __proto__ is a key like any other", () => {
  const value = parseJson('{"__proto__": {"polluted": 1}, "long": 1767225600315000001}');

  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(value).not.toHaveProperty("polluted");
});

test.each([
  ["nothing", ""],
  ["half an object", '{"resourceSpans": ['],
  ["a lone minus", "[-]"],
  [
    "nesting deeper than the stack, with a long integer",
    `${"[".repeat(200_000)}1767225600315000001${"]".repeat(200_000)}`,
  ],
])("%s is a DecodeError", (_what, text) => {
  expect(() => parseJson(text)).toThrow(DecodeError);
});
