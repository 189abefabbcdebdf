import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type StitchKey, formatStitchKeys } from "./keys.ts";

const formatStitchKey = (key: StitchKey): string => formatStitchKeys([key])[0] ?? "";

test("a key is its kind, its scope and its id", () => {
  const key: StitchKey = { kind: "sqs-message", scope: "arn:aws:sqs:eu-west-1:111122223333:orders", id: "m-1" };
  expect(formatStitchKey(key)).toBe("sqs-message|arn:aws:sqs:eu-west-1:111122223333:orders|m-1");
});

test("a key without a scope has an empty one", () => {
  expect(formatStitchKey({ kind: "lambda-request", id: "r-1" })).toBe("lambda-request||r-1");
});

test.each([
  ["a|b", "a%7Cb"],
  ["100%", "100%25"],
  ["a\nb\u0000", "a%0Ab%00"],
  ["\u007f", "%7F"],
  ["$default/é 中 #?&=", "$default/é 中 #?&="],
])("only what would break the form is escaped: %j", (text, escaped) => {
  expect(formatStitchKey({ kind: "sns-message", scope: text, id: text })).toBe(`sns-message|${escaped}|${escaped}`);
});

test("whatever scope and id are, they come back from the three parts", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(text, text, (scope, id) => {
      const parts = formatStitchKey({ kind: "eventbridge-event", scope, id }).split("|");
      expect(parts.map(decodeURIComponent)).toEqual(["eventbridge-event", scope, id]);
    }),
  );
});

test("an id that no platform would have given is left out, its neighbours keep their order", () => {
  const key = (id: string): StitchKey => ({ kind: "sqs-message", id });
  expect(formatStitchKeys([key("a"), key("x".repeat(2_049)), key("b")])).toEqual(["sqs-message||a", "sqs-message||b"]);
});
