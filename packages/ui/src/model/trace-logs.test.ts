import type { LogRecord } from "@mayfly/api";
import { expect, test } from "vitest";
import { logsOfTrace, ownFields } from "./trace-logs.ts";

const line = (body: string, ids: Partial<LogRecord>): LogRecord => ({
  timeUnixNano: "1",
  severityNumber: 9,
  severityText: "INFO",
  body,
  attributes: {},
  ...ids,
});

const ORDER = {
  traceIds: ["a", "shared"],
  requestIds: ["api-1", "payment-1"],
  spans: [
    { traceId: "a", spanId: "api" },
    { traceId: "a", spanId: "record" },
    { traceId: "shared", spanId: "batch" },
  ] as never,
};

const kept = (...records: LogRecord[]): unknown[] => logsOfTrace(records, ORDER).map(({ body }) => body);

test("a line is kept by its span, and without one by its invocation", () => {
  expect(
    kept(
      line("by span", { traceId: "a", spanId: "api", requestId: "api-1" }),
      line("by invocation", { requestId: "payment-1" }),
      line("by a span that never came", { traceId: "shared", spanId: "lost", requestId: "payment-1" }),
    ),
  ).toEqual(["by span", "by invocation", "by a span that never came"]);
});

test("what a batch logged for another transaction is not ours", () => {
  expect(kept(line("another order", { traceId: "b", spanId: "record-2", requestId: "payment-1" }))).toEqual([]);
});

test("another transaction's invocation that shares a trace id is not ours", () => {
  expect(kept(line("another fulfilment", { traceId: "shared", spanId: "x", requestId: "fulfil-9" }))).toEqual([]);
});

test("a line that names neither span nor invocation is ours when its trace is", () => {
  expect(kept(line("ours", { traceId: "a" }), line("nobody's", {}), line("theirs", { traceId: "b" }))).toEqual([
    "ours",
  ]);
});

test("fields that every line of a function shares are left out, annotations stay", () => {
  const attributes = {
    "service.name": "api",
    "faas.coldstart": false,
    "mayfly.trigger": "sqs",
    seq: 3,
    orderId: "o-1",
  };
  expect(ownFields(attributes)).toEqual([["orderId", "o-1"]]);
});
