import type { KeyValue, LogRecord } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { normalizedLog } from "./logs.ts";

const RECEIVED_AT = 99n;

const record = (fields: Partial<LogRecord>) => {
  const wire: LogRecord = {
    timeUnixNano: 0n,
    observedTimeUnixNano: 0n,
    severityNumber: 9,
    severityText: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
    traceId: "",
    spanId: "",
    eventName: "",
    ...fields,
  };
  return normalizedLog(wire, { resourceId: "", resourceSchemaUrl: "", scopeSchemaUrl: "" }, RECEIVED_AT);
};

const text = (key: string, stringValue: string): KeyValue => ({ key, value: { stringValue } });

test("its time is the event's, else the observer's, else the arrival's", () => {
  expect(record({ timeUnixNano: 1n, observedTimeUnixNano: 2n }).time).toBe(1n);
  expect(record({ observedTimeUnixNano: 2n }).time).toBe(2n);
  expect(record({}).time).toBe(RECEIVED_AT);
});

test("ids that name no span are left out, and the record stays", () => {
  const kept = record({ traceId: "00", spanId: "0".repeat(16) });
  expect(kept).toBeDefined();
  expect(kept).not.toHaveProperty("traceId");
  expect(kept).not.toHaveProperty("spanId");
});

test("the invocation is found by either name, and the line by its number, whole or double", () => {
  expect(record({ attributes: [text("faas.invocation_id", "r")] }).requestId).toBe("r");
  expect(record({ attributes: [text("requestId", "r")] }).requestId).toBe("r");
  expect(record({ attributes: [{ key: "seq", value: { intValue: 3n } }] }).seq).toBe(3);
  expect(record({ attributes: [{ key: "seq", value: { doubleValue: 3 } }] }).seq).toBe(3);
  expect(record({ attributes: [text("seq", "3")] })).not.toHaveProperty("seq");
});
