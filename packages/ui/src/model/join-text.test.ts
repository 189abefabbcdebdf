import { expect, test } from "vitest";
import { join } from "../../test/fixtures/story.ts";
import { joinText, joinsByEvidence, placeholderText } from "./join-text.ts";

const ID = "059f36b4-87a3-44ab-83d2-661975830a7d";
const by = (kind: "sqs-message" | "sfn-execution" | "kinesis-record" | "kafka-record", id: string): string =>
  joinText(join("a", "b", { kind, key: { kind, id } }));
const withoutKey = (kind: "parent" | "link"): string => {
  const { key: _key, ...bare } = join("a", "b", { kind });
  return joinText(bare);
};

test("a join names its evidence and the beginning of the id", () => {
  expect(by("sqs-message", ID)).toBe("joined by SQS message id 059f36b4…");
});

test("an id that is short stands whole", () => {
  expect(by("kafka-record", "orders/0/41")).toBe("joined by Kafka offset orders/0/41");
});

test("an execution goes by its name, not by its ARN", () => {
  expect(by("sfn-execution", "arn:aws:states:eu-central-1:123456789012:execution:fulfilment:o-8841")).toBe(
    "joined by Step Functions execution o-8841",
  );
  expect(by("sfn-execution", `arn:aws:states:eu-central-1:123456789012:execution:fulfilment:${ID}`)).toBe(
    "joined by Step Functions execution 059f36b4…",
  );
});

test("a shared id says more than the context that was carried beside it", () => {
  expect(joinText(join("a", "b", { kind: "parent", key: { kind: "sqs-message", id: ID } }))).toBe(
    "joined by SQS message id 059f36b4…",
  );
});

test("without an id the context or the link is the evidence", () => {
  expect(withoutKey("parent")).toBe("joined by the trace context");
  expect(withoutKey("link")).toBe("joined by a span link");
});

test("a guess says that it is one", () => {
  expect(joinText(join("a", "b", { strength: "heuristic", key: { kind: "s3-object", id: "v1" } }))).toBe(
    "probably joined by S3 object version v1",
  );
  expect(joinText(join("a", "b", { strength: "strong" }))).toMatch(/^joined by/);
});

test("joins that tell of one hop stand together, those with another sender, id or proof apart", () => {
  const key = { kind: "sqs-message", id: ID } as const;
  const joins = [
    join("a", "invocation", { key }),
    join("a", "record", { key }),
    join("b", "record", { key }),
    join("a", "record", { key, strength: "heuristic" }),
    join("a", "record", { key: { ...key, id: "another" } }),
  ];
  expect(joinsByEvidence(joins)).toEqual([joins.slice(0, 2), [joins[2]], [joins[3]], [joins[4]]]);
});

test("a placeholder says what never came", () => {
  expect(placeholderText({ id: "p", reason: "missing-parent", spanId: "00f067aa0ba902b7" })).toBe(
    "the caller's span 00f067aa0ba902b7 never arrived",
  );
  expect(placeholderText({ id: "p", reason: "missing-parent" })).toBe("the caller's span never arrived");
  expect(placeholderText({ id: "p", reason: "unknown-producer", key: { kind: "sqs-message", id: ID } })).toBe(
    "nobody says who sent SQS message id 059f36b4…",
  );
  expect(placeholderText({ id: "p", reason: "unknown-producer" })).toBe("nobody says who sent this");
});
