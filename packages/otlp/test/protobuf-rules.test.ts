/** proto3's rules for messages that no encoder would write, but that decoders must read alike. */
import { decodeLogs, decodeTraces, MAX_ANY_VALUE_DEPTH, type AnyValue } from "@mayfly/otlp";
import { expect, test } from "vitest";
import { messageField, stringField, varintField } from "./protobuf-fields.ts";

const message = (...fields: Buffer[]): Buffer => Buffer.concat(fields);
const inResource = (...fields: Buffer[]): Buffer => messageField(1, message(...fields));
const inSpan = (...fields: Buffer[]): Buffer => inResource(messageField(2, messageField(2, message(...fields))));
const attribute = (...valueFields: Buffer[]): Buffer =>
  message(stringField(1, "k"), messageField(2, message(...valueFields)));

const decodeSpan = (...fields: Buffer[]) => decodeTraces(inSpan(...fields)).resourceSpans[0]?.scopeSpans[0]?.spans[0];
const decodeValue = (...fields: Buffer[]) => decodeSpan(messageField(9, attribute(...fields)))?.attributes[0]?.value;

test("no bytes are no spans", () => {
  expect(decodeTraces(Uint8Array.of())).toStrictEqual({ resourceSpans: [] });
  expect(decodeLogs(Uint8Array.of())).toStrictEqual({ resourceLogs: [] });
});

test("fields come in any order, and the last scalar wins", () => {
  const span = decodeSpan(stringField(5, "first"), stringField(3, "state"), stringField(5, "last"), varintField(6, 2n));

  expect(span).toMatchObject({ name: "last", traceState: "state", kind: 2 });
});

const twice = (fieldNumber: number, first: Buffer, second: Buffer): Buffer =>
  message(messageField(fieldNumber, first), messageField(fieldNumber, second));

test("a status, a value or a body that comes twice is merged", () => {
  const value = twice(
    2,
    messageField(5, messageField(1, varintField(3, 1n))),
    messageField(5, messageField(1, message())),
  );
  const logs = decodeLogs(inResource(messageField(2, messageField(2, twice(5, stringField(1, "a"), message())))));

  expect(decodeSpan(twice(15, stringField(2, "boom"), varintField(3, 2n)))?.status).toEqual({
    message: "boom",
    code: 2,
  });
  expect(decodeSpan(messageField(9, value))?.attributes[0]?.value).toEqual({
    arrayValue: { values: [{ intValue: 1n }, {}] },
  });
  expect(logs.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.body).toEqual({ stringValue: "a" });
});

test("a resource or a scope that comes twice is merged, in traces and in logs", () => {
  const bytes = inResource(
    twice(
      1,
      message(messageField(1, attribute(stringField(1, "a"))), varintField(2, 3n)),
      messageField(1, attribute(stringField(1, "b"))),
    ),
    messageField(2, twice(1, stringField(1, "shop"), stringField(2, "1.2.3"))),
  );

  for (const group of [decodeTraces(bytes).resourceSpans[0], decodeLogs(bytes).resourceLogs[0]]) {
    expect(group?.resource?.attributes.map(({ value }) => value)).toEqual([{ stringValue: "a" }, { stringValue: "b" }]);
    expect(group?.resource?.droppedAttributesCount).toBe(3);
  }
  expect(decodeTraces(bytes).resourceSpans[0]?.scopeSpans[0]?.scope).toMatchObject({ name: "shop", version: "1.2.3" });
  expect(decodeLogs(bytes).resourceLogs[0]?.scopeLogs[0]?.scope).toMatchObject({ name: "shop", version: "1.2.3" });
});

test("of a value's cases the last wins, and only the same case is merged", () => {
  const array = (text: string): Buffer => messageField(5, messageField(1, stringField(1, text)));

  expect(decodeValue(stringField(1, "a"), varintField(3, 7n))).toEqual({ intValue: 7n });
  expect(decodeValue(array("a"), array("b"))).toEqual({
    arrayValue: { values: [{ stringValue: "a" }, { stringValue: "b" }] },
  });
  expect(decodeValue(array("a"), varintField(3, 7n), array("b"))).toEqual({
    arrayValue: { values: [{ stringValue: "b" }] },
  });
  expect(decodeValue(messageField(6, messageField(1, message())), messageField(6, messageField(1, message())))).toEqual(
    {
      kvlistValue: { values: [{ key: "" }, { key: "" }] },
    },
  );
});

test("a value set to its case's default is not the null value, and neither is no value", () => {
  const bare = decodeSpan(messageField(9, stringField(1, "k")));

  expect(decodeValue(Buffer.of(0x0a, 0x00))).toEqual({ stringValue: "" });
  expect(decodeValue(Buffer.of(0x18, 0x00))).toEqual({ intValue: 0n });
  expect(decodeValue()).toEqual({});
  expect(bare?.attributes).toStrictEqual([{ key: "k" }]);
});

test("an empty message is there, an absent one is not", () => {
  expect(decodeSpan(messageField(15, message()))?.status).toStrictEqual({ message: "", code: 0 });
  expect(decodeSpan()).not.toHaveProperty("status");
});

test("unknown fields of every wire type are skipped, everywhere", () => {
  const unknown = message(
    varintField(1000, 5n),
    stringField(1001, "later"),
    Buffer.of(0x99, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8),
    Buffer.of(0x9d, 0x3f, 1, 2, 3, 4),
  );
  const span = decodeSpan(
    unknown,
    stringField(5, "name"),
    messageField(9, message(unknown, attribute(stringField(1, "v"), unknown), unknown)),
    messageField(11, message(unknown, stringField(2, "event"))),
    messageField(13, message(unknown, stringField(3, "link"))),
    messageField(15, message(unknown, varintField(3, 2n))),
  );

  expect(span).toMatchObject({
    name: "name",
    attributes: [{ key: "k", value: { stringValue: "v" } }],
    events: [{ name: "event" }],
    links: [{ traceState: "link" }],
    status: { code: 2 },
  });
});

test("an enum value without a name is kept, negative ones too", () => {
  expect(decodeSpan(varintField(6, 99n))?.kind).toBe(99);
  expect(decodeSpan(varintField(6, -1n))?.kind).toBe(-1);
});

test("ids are spelled in hex whatever their length", () => {
  const span = decodeSpan(messageField(1, Buffer.of(0xab)), messageField(2, Buffer.alloc(0)));

  expect(span).toMatchObject({ traceId: "ab", spanId: "" });
});

const nested = (depth: number): Buffer =>
  depth === 1 ? stringField(1, "deep") : messageField(5, messageField(1, nested(depth - 1)));
const depthOf = (value: AnyValue | undefined): number =>
  value !== undefined && "arrayValue" in value ? 1 + depthOf(value.arrayValue.values[0]) : 1;

test("values lie in one another to the limit and no deeper", () => {
  expect(depthOf(decodeValue(nested(MAX_ANY_VALUE_DEPTH)))).toBe(MAX_ANY_VALUE_DEPTH);
  expect(() => decodeValue(nested(MAX_ANY_VALUE_DEPTH + 1))).toThrow(
    /attributes\[0\]\.value(\.arrayValue\.values\[0\]){32}: values nested deeper than 32 at byte \d+ of \d+$/,
  );
});

test("a value in a map counts as one deeper too", () => {
  const inMaps = (depth: number): Buffer =>
    depth === 1 ? stringField(1, "deep") : messageField(6, messageField(1, attribute(inMaps(depth - 1))));

  expect(() => decodeValue(inMaps(MAX_ANY_VALUE_DEPTH))).not.toThrow();
  expect(() => decodeValue(inMaps(MAX_ANY_VALUE_DEPTH + 1))).toThrow("values nested deeper than 32");
});

test("many repeats of a singular message cost no more than their bytes", () => {
  const repeat = messageField(5, messageField(1, varintField(3, 1n)));
  const value = decodeValue(Buffer.concat(Array.from({ length: 200_000 }, () => repeat)));

  expect(value !== undefined && "arrayValue" in value && value.arrayValue.values.length).toBe(200_000);
});
