/** Random OTLP messages in the shape of src/types.ts, every field of the field table among them. */
import * as fc from "fast-check";
import type { LogRecord, LogsData, Metric, MetricsData, Origin, ResourceSpans, Span, TracesData } from "@mayfly/otlp";
import { type Field, fieldsOf, isMessageName, type MessageName, MESSAGES, ONEOFS } from "./field-table.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("", "__proto__", "constructor"));
const idOf = (bytes: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 9, arbitrary: fc.uint8Array({ minLength: bytes, maxLength: bytes }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 17 }) },
    )
    .map((id) => Buffer.from(id).toString("hex"));

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: text,
  bytes: fc.uint8Array({ maxLength: 9 }),
  bool: fc.boolean(),
  enum: fc.oneof(fc.nat(24), fc.integer()),
  double: fc.double(),
  uint32: fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff })),
  fixed32: fc.oneof(fc.constant(0), fc.nat({ max: 0xffffffff })),
  sint32: fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 })),
  uint64: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt(0n, 300n)),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt(-300n, 300n)),
  fixed64: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
};

const messages = fc.letrec<Record<string, unknown>>((tie) => {
  const scalar = ({ name, type }: Field): fc.Arbitrary<unknown> =>
    type === "id" ? idOf(name === "traceId" ? 16 : 8) : (SCALARS[type] ?? fc.constant(undefined));
  const arbitrary = (field: Field): fc.Arbitrary<unknown> => {
    const { type, isRepeated } = field;
    const one = isMessageName(type) ? tie(type) : scalar(field);
    return isRepeated ? fc.array(one, { maxLength: 3 }) : one;
  };
  const record = (fields: readonly Field[]): fc.Arbitrary<object> =>
    fc.record(Object.fromEntries(fields.map((field) => [field.name, arbitrary(field)])), {
      requiredKeys: fields
        .filter((field) => field.isRepeated || !(isMessageName(field.type) || field.isOptional))
        .map(({ name }) => name),
      noNullPrototype: true,
    });
  const oneof = (fields: readonly Field[]): fc.Arbitrary<object> =>
    fc.oneof(
      { depthIdentifier: "value", maxDepth: 4 },
      fc.constant({}),
      ...fields.map((field) => arbitrary(field).map((value) => ({ [field.name]: value }))),
    );
  const message = (name: MessageName): fc.Arbitrary<object> => {
    const fields = fieldsOf(MESSAGES[name]);
    const cases = fields.filter((field) => ONEOFS[name]?.includes(field.name));
    if (cases.length === 0) return record(fields);
    const others = fields.filter((field) => !cases.includes(field));
    if (others.length === 0) return oneof(cases);
    return fc.tuple(record(others), oneof(cases)).map(([plain, one]) => ({ ...plain, ...one }));
  };
  return Object.fromEntries((Object.keys(MESSAGES) as MessageName[]).map((name) => [name, message(name)]));
});

export const tracesData = messages["TracesData"] as fc.Arbitrary<TracesData>;
export const logsData = messages["LogsData"] as fc.Arbitrary<LogsData>;
export const metricsData = messages["MetricsData"] as fc.Arbitrary<MetricsData>;
export const span = messages["Span"] as fc.Arbitrary<Span>;
export const logRecord = messages["LogRecord"] as fc.Arbitrary<LogRecord>;
export const metric = messages["Metric"] as fc.Arbitrary<Metric>;
export const origin: fc.Arbitrary<Origin> = fc
  .tuple(messages["ResourceSpans"] as fc.Arbitrary<ResourceSpans>, messages["ScopeSpans"] as fc.Arbitrary<Scope>)
  .map(([{ resource, schemaUrl }, { scope, schemaUrl: scopeSchemaUrl }]) => ({
    resourceSchemaUrl: schemaUrl,
    scopeSchemaUrl,
    ...(resource && { resource }),
    ...(scope && { scope }),
  }));

type Scope = ResourceSpans["scopeSpans"][number];

/** Overwrites, inserts or removes a few bytes, or cuts the rest off. */
export const mutated = (valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([bytes, mutations]) =>
      mutations.reduce<Uint8Array>((current, [position, kind, byte]) => {
        const at = position % (current.length + 1);
        const before = current.subarray(0, at);
        if (kind === 0) return before;
        return Buffer.concat([before, Buffer.of(byte), current.subarray(kind === 1 ? at : at + kind - 1)]);
      }, bytes),
    );
