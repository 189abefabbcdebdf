import type { StitchKeyKind } from "@mayfly/api";
import { expect, test } from "vitest";
import { formatStitchKey, parseStitchKey, stitchKeyIdentity } from "./stitch-key.ts";

const isSameKeyInOtherScope = (kind: StitchKeyKind): boolean =>
  stitchKeyIdentity({ kind, scope: "a", id: "1" }) === stitchKeyIdentity({ kind, scope: "b", id: "1" });

test.each(["kinesis-record", "dynamodb-record", "s3-object", "kafka-record", "cloudevent"] as const)(
  "a %s is unique in its stream, table, bucket, cluster or source only",
  (kind) => {
    expect(isSameKeyInOtherScope(kind)).toBe(false);
  },
);

test.each([
  "sqs-message",
  "sns-message",
  "eventbridge-event",
  "lambda-request",
  "http-request",
  "sfn-execution",
  "sfn-task-token",
  "s3-request",
  "pubsub-message",
  "xray-root",
] as const)("a %s is the same under whichever name it was seen", (kind) => {
  expect(isSameKeyInOtherScope(kind)).toBe(true);
});

test("what would break the format apart is escaped, and comes back", () => {
  const key = { kind: "s3-object", scope: "a|b", id: "50%\n文" } as const;
  expect(formatStitchKey(key)).toBe("s3-object|a%7Cb|50%25%0A文");
  expect(parseStitchKey(formatStitchKey(key))).toEqual(key);
});

test.each([
  "",
  "sqs-message",
  "sqs-message|q",
  "sqs-message|q|",
  "sqs-message|q|1|2",
  "no-such-kind|q|1",
  "sqs-message|q|%",
])("%j is no key", (text) => {
  expect(parseStitchKey(text)).toBeUndefined();
});
