/** Random OTLP messages in the shape of src/types.ts, every field of the field table among them. */
import * as fc from "fast-check";
import type { LogsData, TracesData } from "@mayfly/otlp";
import { type Field, fieldsOf, isMessageName, MESSAGES } from "./field-table.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("", "__proto__", "constructor"));
const hex = fc.uint8Array({ maxLength: 17 }).map((bytes) => Buffer.from(bytes).toString("hex"));

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  id: fc.oneof(fc.constant(""), hex),
  bytes: fc.uint8Array({ maxLength: 9 }),
  bool: fc.boolean(),
  enum: fc.oneof(fc.nat(24), fc.integer()),
  double: fc.double(),
  uint32: fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff })),
  fixed32: fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff })),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt(-300n, 300n)),
  fixed64: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
};

const messages = fc.letrec<Record<string, unknown>>((tie) => {
  const arbitrary = ({ type, isRepeated }: Field): fc.Arbitrary<unknown> => {
    const one = isMessageName(type) ? tie(type) : (SCALARS[type] ?? fc.constant(undefined));
    return isRepeated ? fc.array(one, { maxLength: 3 }) : one;
  };
  const message = (fields: readonly Field[]): fc.Arbitrary<unknown> =>
    fc.record(Object.fromEntries(fields.map((field) => [field.name, arbitrary(field)])), {
      requiredKeys: fields.filter((field) => field.isRepeated || !isMessageName(field.type)).map(({ name }) => name),
      noNullPrototype: true,
    });
  const oneof = (fields: readonly Field[]): fc.Arbitrary<unknown> =>
    fc.oneof(
      { depthIdentifier: "value", maxDepth: 4 },
      fc.constant({}),
      ...fields.map((field) => arbitrary(field).map((value) => ({ [field.name]: value }))),
    );
  return Object.fromEntries(
    Object.entries(MESSAGES).map(([name, fields]) => [
      name,
      name === "AnyValue" ? oneof(fieldsOf(fields)) : message(fieldsOf(fields)),
    ]),
  );
});

export const tracesData = messages["TracesData"] as fc.Arbitrary<TracesData>;
export const logsData = messages["LogsData"] as fc.Arbitrary<LogsData>;
