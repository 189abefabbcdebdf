import { expect, test } from "vitest";
import { MAX_MESSAGE_BYTES } from "../../limits.ts";
import { withAttributes, withEntryAttributes } from "./message-attributes.ts";

const CARRIER = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
/** Name, type and value. */
const OURS = "traceparent".length + "String".length + CARRIER.traceparent.length;

const carries = (message: object): boolean =>
  "MessageAttributes" in message && Object.hasOwn(message.MessageAttributes as object, "traceparent");

test.each(MAX_MESSAGE_BYTES)("a message that ours would push over %d bytes goes without, and is counted", (limit) => {
  const fits = { MessageBody: "x".repeat(limit - OURS) };
  const doesNot = { MessageBody: "x".repeat(limit - OURS + 1) };
  expect(withAttributes(fits, CARRIER, 10)).toMatchObject({ skipped: 0, input: { MessageAttributes: {} } });
  expect(withAttributes(doesNot, CARRIER, 10)).toEqual({ skipped: 1, input: doesNot });
});

test("a message that is over the small limit by itself may be for a queue that allows more", () => {
  const { input, skipped } = withAttributes({ MessageBody: "x".repeat(300_000) }, CARRIER, 10);
  expect({ skipped, carries: carries(input) }).toEqual({ skipped: 0, carries: true });
});

test("what counts are bytes, and the application's own attributes count too", () => {
  const [limit = 0] = MAX_MESSAGE_BYTES;
  const wide = { MessageBody: "ü".repeat((limit - OURS) / 2 + 1) };
  expect(withAttributes(wide, CARRIER, 10).skipped).toBe(1);
  const attribute = { DataType: "String", StringValue: "y".repeat(100) };
  const full = { MessageBody: "x".repeat(limit - OURS - 50), MessageAttributes: { own: attribute } };
  expect(withAttributes(full, CARRIER, 10).skipped).toBe(1);
});

test("the entries of a batch share one limit", () => {
  const [limit = 0] = MAX_MESSAGE_BYTES;
  const entry = (bytes: number) => ({ MessageBody: "x".repeat(bytes) });
  const roomy = { Entries: [entry(1_000), entry(1_000)] };
  const tight = { Entries: [entry(limit / 2), entry(limit / 2 - OURS)] };
  const done = withEntryAttributes(roomy, "Entries", CARRIER, 10);
  expect((done.input["Entries"] as object[]).every(carries)).toBe(true);
  expect(withEntryAttributes(tight, "Entries", CARRIER, 10)).toEqual({ skipped: 2, input: tight });
});
