import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type StitchKey, dynamodbKey, formatStitchKeys, kinesisKey, s3ObjectKey, taskTokenKey } from "./keys.ts";

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

test("a Kinesis record is known in its stream and shard", () => {
  const key = kinesisKey("clicks", "shardId-000000000006", "495");
  expect(formatStitchKey(key)).toBe("kinesis-record|clicks/shardId-000000000006|495");
});

test("an item is known by its keys, in whatever order they stand and however their bytes are written", () => {
  const key = dynamodbKey("orders", { pk: { B: "AQID" }, sk: { N: "7" } });
  expect(dynamodbKey("orders", { sk: { N: "7" }, pk: { B: new Uint8Array([1, 2, 3]) } })).toEqual(key);
  expect(dynamodbKey("orders", { sk: { N: "7" }, pk: { B: Buffer.from([1, 2, 3]) } })).toEqual(key);
  expect(dynamodbKey("orders", { sk: { S: "7" }, pk: { B: "AQID" } })).not.toEqual(key);
  expect(key).toMatchObject({ kind: "dynamodb-record", scope: "orders", id: expect.stringMatching(/^[0-9a-f]{32}$/) });
});

test("a document client's key, in plain values, is the item's", () => {
  const key = dynamodbKey("orders", { pk: { S: "o-1" }, sk: { N: "12345678901234567890" } });
  const large = { value: "12345678901234567890", toAttributeValue: () => ({ N: "12345678901234567890" }) };
  expect(dynamodbKey("orders", { pk: "o-1", sk: 12345678901234567890n })).toEqual(key);
  expect(dynamodbKey("orders", { pk: "o-1", sk: large })).toEqual(key);
  expect(dynamodbKey("orders", { pk: "o-1", sk: 7 })).toEqual(
    dynamodbKey("orders", { pk: { S: "o-1" }, sk: { N: "7" } }),
  );
});

test("an object's version is the same with and without the quotes of an ETag", () => {
  expect(s3ObjectKey("b", "k", '"e1"')).toEqual(s3ObjectKey("b", "k", "e1"));
});

test("a task's token is not told, only its SHA-256", () => {
  expect(taskTokenKey("abc").id).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
