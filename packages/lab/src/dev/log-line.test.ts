import { expect, test } from "vitest";
import { readableError, readableLine } from "./log-line.ts";

const AT = "2026-01-31T12:00:00.000Z";

test("a text line of Lambda loses its time and request id, and gets its line breaks back", () => {
  expect(readableLine(`${AT}\t6f3e\tINFO\torder placed\r  of one lamp`)).toEqual({
    level: "INFO",
    message: "order placed\n  of one lamp",
    fields: [],
    stack: [],
  });
});

test("a JSON line becomes a sentence with the fields that are its own", () => {
  const line = {
    level: "WARN",
    timestamp: AT,
    requestId: "6f3e",
    service: "shop",
    function: "api",
    traceId: "0af7",
    seq: 3,
    message: "slow",
    items: 2,
    sku: "lamp-brass",
    note: "two words",
    of: { a: 1 },
  };
  expect(readableLine(JSON.stringify(line))).toEqual({
    level: "WARN",
    message: "slow",
    fields: ["items=2", "sku=lamp-brass", 'note="two words"', 'of={"a":1}'],
    stack: [],
  });
});

test("an error on a JSON line shows its type, its message once, and the frames that are the user's", () => {
  const error = {
    errorType: "RangeError",
    errorMessage: "no price",
    stackTrace: [
      "RangeError: no price",
      "    at priceOf (/shop/src/price.ts:4:9)",
      "    at node:internal/modules/run_main:9:1",
      "    at observe (/shop/node_modules/@mayfly/sdk/dist/index.js:1:1)",
    ],
  };
  const line = (message: string): string => JSON.stringify({ level: "ERROR", message, ...error });
  const stack = ["    at priceOf (/shop/src/price.ts:4:9)"];

  expect(readableLine(line("cannot place"))).toMatchObject({ message: "cannot place  RangeError: no price", stack });
  expect(readableLine(line("no price"))).toMatchObject({ message: "RangeError: no price", stack });
});

test("what the end of the invocation tells anyway is left out", () => {
  const body = '{"errorType":"Error","errorMessage":"no","trace":["Error: no"]}';
  expect(readableLine(`${AT}\t6f3e\tERROR\tInvoke Error ${body}`)).toBeUndefined();
  expect(readableLine(`${AT}\t6f3e\tERROR\tInvoke Error \t${body}`)).toBeUndefined();
  expect(readableLine(`${AT}\t-\tERROR\t${body}`)).toBeUndefined();
  expect(readableLine('{"level":"INFO","message":"invocation end","outcome":"success"}')).toBeUndefined();
});

test.each([
  "plain",
  "",
  "{not json",
  '{"a":1}',
  '{"level":"loud","message":"x"}',
  "2026-01-31 12:00 INFO x",
  "[1]",
  "\x1b[31mred\x1b[0m",
])("what is neither stays as it is: %j", (line) => {
  expect(readableLine(line)).toEqual({ message: line, fields: [], stack: [] });
});

test("an error of any shape has a message", () => {
  expect(readableError({})).toEqual({ message: "an error without a message", stack: [] });
  expect(readableError({ errorMessage: "x", stack: "Error: x\n    at f (/a.ts:1:1)" })).toEqual({
    message: "x",
    stack: ["    at f (/a.ts:1:1)"],
  });
  expect(readableError({ errorType: 5, errorMessage: null, trace: 7 })).toMatchObject({ stack: [] });
});
