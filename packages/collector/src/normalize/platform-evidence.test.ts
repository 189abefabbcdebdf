import { anyValueToPlain } from "@mayfly/otlp";
import { describe, expect, test } from "vitest";
import { START } from "../../test/builders.ts";
import type { PlatformWord, Stage } from "../model/function-line.ts";
import type { PlatformFacts } from "../model/platform-facts.ts";
import { evidenceSpans } from "./platform-evidence.ts";

const MS = 1_000_000n;

const word = (
  stage: Stage,
  atMs: number,
  facts: PlatformFacts = {},
  more: Partial<PlatformWord> = {},
): PlatformWord => ({
  requestId: "r",
  stage,
  time: START + BigInt(atMs) * MS,
  facts,
  ...more,
});

const told = (words: readonly PlatformWord[]) =>
  evidenceSpans(words, "orders").map((span) => ({
    ...span,
    at: [span.startTimeUnixNano, span.endTimeUnixNano].map((time) => Number((time - START) / 1_000n) / 1_000),
    attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, anyValueToPlain(value)])),
  }));

describe("the lines of one invocation are one span", () => {
  test("from its start, as long as the report says", () => {
    const [span, ...others] = told([
      word("start", 5, { version: "7" }),
      word("done", 109, { status: "success", durationMs: 104.2, producedBytes: 52 }),
      word("report", 115, { status: "success", durationMs: 108, billedDurationMs: 409, initDurationMs: 300.5 }),
    ]);
    expect(others).toEqual([]);
    expect(span).toMatchObject({
      name: "orders",
      kind: 2,
      at: [5, 113],
      attributes: {
        "mayfly.evidence": "platform",
        "faas.invocation_id": "r",
        "faas.coldstart": true,
        "mayfly.keys.consumed": ["lambda-request||r"],
        "aws.lambda.status": "success",
        "aws.lambda.duration_ms": 108,
        "aws.lambda.billed_duration_ms": 409,
        "aws.lambda.init_duration_ms": 300.5,
        "aws.lambda.produced_bytes": 52,
      },
    });
    expect(span).not.toHaveProperty("status");
  });

  test("as long before its report, where nobody told its start", () => {
    expect(told([word("report", 200, { durationMs: 108 })])[0]?.at).toEqual([92, 200]);
  });

  test("a point in time, where it has only begun", () => {
    expect(told([word("start", 5)])[0]?.at).toEqual([5, 5]);
  });

  test("whether its fault is told before its report or after", () => {
    const fault = word("fault", 3_000, {
      status: "timeout",
      message: "Task timed out after 3.00 seconds",
      durationMs: 3_000,
    });
    const report = word("report", 3_001, { durationMs: 3_000.2, billedDurationMs: 3_000 });
    for (const words of [
      [word("start", 0), fault, report],
      [word("start", 0), report, fault],
    ]) {
      const spans = told(words);
      expect(spans).toMatchObject([
        {
          at: [0, 3_000.2],
          status: { code: 2, message: "Task timed out after 3.00 seconds" },
          attributes: {
            "aws.lambda.status": "timeout",
            "error.type": "timeout",
            "aws.lambda.billed_duration_ms": 3_000,
          },
        },
      ]);
    }
  });
});

test("attempts of one request are spans of their own", () => {
  const attempts = told([
    word("start", 0),
    word("report", 10, { status: "error", durationMs: 10 }),
    word("start", 60_000),
    word("report", 60_010, { status: "success", durationMs: 10 }),
    word("report", 180_010, { durationMs: 10 }),
  ]);
  expect(attempts.map(({ at }) => at)).toEqual([
    [0, 10],
    [60_000, 60_010],
    [180_000, 180_010],
  ]);
  expect(new Set(attempts.map(({ spanId }) => spanId)).size).toBe(3);
});

describe("ids", () => {
  const trace = {
    traceId: "6956b3000123456789abcdef01234567",
    parentId: "89abcdef01234567",
    segmentId: "1a2b3c4d5e6f7081",
  };

  test("are X-Ray's where the header tells them, and the sender's segment is linked to", () => {
    const [span] = told([word("start", 0, {}, { trace }), word("report", 9, { durationMs: 9 })]);
    expect(span).toMatchObject({
      traceId: trace.traceId,
      spanId: trace.segmentId,
      parentSpanId: "",
      links: [{ traceId: trace.traceId, spanId: trace.parentId }],
      attributes: { "mayfly.keys.consumed": ["lambda-request||r", "xray-root||1-6956b300-0123456789abcdef01234567"] },
    });
  });

  test("are else made of the request, so that lines which come twice make the same span", () => {
    const [first] = told([word("start", 0)]);
    expect(told([word("start", 0)])[0]).toEqual(first);
    expect(first?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(told([word("start", 1)])[0]?.spanId).not.toBe(first?.spanId);
    expect(told([word("start", 1)])[0]?.traceId).toBe(first?.traceId);
  });
});
