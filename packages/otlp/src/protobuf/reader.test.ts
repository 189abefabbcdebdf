import { expect, test } from "vitest";
import { DecodeError } from "../decode-error.ts";
import { ProtobufReader } from "./reader.ts";
import { messageField, stringField } from "../../test/protobuf-fields.ts";

const at = (...bytes: number[]): ProtobufReader => {
  const reader = new ProtobufReader(Uint8Array.from(bytes));
  reader.next();
  return reader;
};

const failure = (read: () => unknown): DecodeError => {
  try {
    read();
  } catch (error) {
    if (error instanceof DecodeError) return error;
  }
  throw new Error("expected a DecodeError");
};

test("a varint may take ten bytes, and its low bits are what a 32-bit field keeps", () => {
  const minusTwo = [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];

  expect(at(...minusTwo).int64()).toBe(-2n);
  expect(at(...minusTwo).int32()).toBe(-2);
  expect(at(...minusTwo).uint32()).toBe(4_294_967_294);
  expect(at(...minusTwo).bool()).toBe(true);
});

test.each([
  [[0x7f], 127n],
  [[0x80, 0x01], 128n],
  [[0xff, 0xff, 0xff, 0xff, 0x0f], 2n ** 32n - 1n],
  [[0x80, 0x80, 0x80, 0x80, 0x10], 2n ** 32n],
  [[0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 2n ** 35n],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 2n ** 63n - 1n],
  [[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], -(2n ** 63n)],
  [[0x81, 0x80, 0x80, 0x00], 1n],
])("varint %j is %s", (bytes, value) => {
  expect(at(0x08, ...bytes).int64()).toBe(value);
});

test("a boolean is true for any bit, high ones too", () => {
  expect(at(0x08, 0x80, 0x80, 0x80, 0x80, 0x10).bool()).toBe(true);
  expect(at(0x08, 0x80, 0x00).bool()).toBe(false);
});

test("a varint past ten bytes is refused, whatever it holds", () => {
  const error = failure(() => at(0x08, ...Array.from({ length: 10 }, () => 0x80), 0x01));

  expect(error.message).toBe("cannot decode the message: varint longer than 10 bytes at byte 1 of 12");
});

test("fixed-width values are little-endian and unsigned", () => {
  expect(at(0x09, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).fixed64()).toBe(2n ** 64n - 2n);
  expect(at(0x0d, 0xfe, 0xff, 0xff, 0xff).fixed32()).toBe(2 ** 32 - 2);
  expect(at(0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf).double()).toBe(-1);
});

test("invalid UTF-8 becomes replacement characters, and a byte order mark stays", () => {
  expect(at(0x0a, 0x03, 0x61, 0xff, 0x62).string()).toBe("a\ufffdb");
  expect(at(0x0a, 0x03, 0xef, 0xbb, 0xbf).string()).toBe("\ufeff");
});

test("the value's bytes are named, and copied when asked for", () => {
  const bytes = Uint8Array.of(0x0a, 0x02, 0x01, 0x02);
  const reader = new ProtobufReader(bytes);
  reader.next();
  const copy = reader.bytes();
  bytes.fill(0);

  expect([reader.start, reader.end]).toEqual([2, 4]);
  expect(copy).toStrictEqual(Uint8Array.of(1, 2));
});

test("it reads a view into a larger buffer", () => {
  const whole = Buffer.concat([Buffer.from("noise"), stringField(1, "name"), Buffer.from("noise")]);
  const reader = new ProtobufReader(whole.subarray(5, 11));
  reader.next();

  expect(reader.string()).toBe("name");
  expect(reader.next()).toBe(false);
});

test("a message left early is left at its end", () => {
  const reader = new ProtobufReader(
    Buffer.concat([
      messageField(1, Buffer.concat([stringField(1, "a"), stringField(2, "b")])),
      stringField(2, "after"),
    ]),
  );
  reader.next();
  const outer = reader.enter("first");
  reader.next();
  reader.leave(outer);
  reader.next();

  expect(reader.string()).toBe("after");
});

test.each([
  ["a group", [0x0b, 0x0c], "unsupported wire type 3 of field 1 at byte 0 of 2"],
  ["wire type 7", [0x0f], "unsupported wire type 7 of field 1 at byte 0 of 1"],
  ["field number 0", [0x02, 0x00], "illegal tag at byte 0 of 2"],
  ["a tag of more than 32 bits", [0x88, 0x80, 0x80, 0x80, 0x10, 0x00], "illegal tag at byte 0 of 6"],
  ["a cut tag", [0x88], "truncated varint at byte 0 of 1"],
  ["a cut varint", [0x08, 0x80], "truncated varint at byte 1 of 2"],
  ["a cut fixed64", [0x09, 0, 0, 0], "truncated value of field 1 at byte 1 of 4"],
  ["a cut fixed32", [0x0d, 0, 0, 0], "truncated value of field 1 at byte 1 of 4"],
  ["a string longer than its message", [0x0a, 0x05, 0x61], "truncated value of field 1 at byte 2 of 3"],
  [
    "a length of 2^63",
    [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    "truncated value of field 1 at byte 11 of 11",
  ],
])("%s is refused with its place", (_what, bytes, problem) => {
  expect(failure(() => at(...bytes)).problem).toBe(problem);
});

test.each(["uint32", "int64", "bool", "fixed32", "string", "bytes", "hex"] as const)(
  "%s of another wire type is refused",
  (read) => {
    const fixed64 = at(0x09, 0, 0, 0, 0, 0, 0, 0, 0);

    expect(failure(() => fixed64[read]()).problem).toMatch(/^field 1 has wire type 1, expected \d at byte 1 of 9$/);
  },
);

test("an inner message may not reach past the outer one, and the error names the way to it", () => {
  const bytes = Buffer.concat([messageField(1, messageField(2, Buffer.of(0x0a, 0x05))), stringField(3, "long enough")]);
  const reader = new ProtobufReader(bytes);
  reader.next();
  reader.enter("resourceSpans", 4);
  reader.next();
  reader.enter("resource");

  const error = failure(() => reader.next());

  expect(error).toMatchObject({ code: "invalid-protobuf", path: "resourceSpans[4].resource", offset: 6 });
  expect(error.message).toBe(
    `cannot decode resourceSpans[4].resource: truncated value of field 1 at byte 6 of ${bytes.length}`,
  );
});
