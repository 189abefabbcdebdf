/** An encoder we did not write: protobufjs by reflection, its descriptors made from the field table. */
import protobuf from "protobufjs";
import {
  ANSWERS,
  DROPPED,
  type Field,
  fieldsOf,
  isMessageName,
  MESSAGES,
  type MessageName,
  ONEOFS,
} from "./field-table.ts";

type Plain = Readonly<Record<string, unknown>>;

const WIRE_TYPES: Readonly<Record<string, string>> = { id: "bytes", enum: "int32" };

const descriptor = (name: string, fields: readonly Field[]): protobuf.IType => ({
  fields: Object.fromEntries(
    fields.map(({ name: field, number, type, isRepeated }) => [
      field,
      { id: number, type: WIRE_TYPES[type] ?? type, ...(isRepeated && { rule: "repeated" }) },
    ]),
  ),
  oneofs: Object.fromEntries([
    ...(isMessageName(name) && ONEOFS[name] !== undefined ? [["oneof", { oneof: [...ONEOFS[name]] }]] : []),
    // proto3 optional is a oneof of one
    ...fields
      .filter((field) => field.isOptional && !(isMessageName(name) && ONEOFS[name]?.includes(field.name)))
      .map(({ name: field }) => [`_${field}`, { oneof: [field] }]),
  ]),
});

const descriptors = (messages: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, descriptor(name, fieldsOf(fields))]));

const root = protobuf.Root.fromJSON({
  nested: descriptors({
    ...MESSAGES,
    ...ANSWERS,
    KeyValue: { ...MESSAGES.KeyValue, ...DROPPED.KeyValue },
    AnyValue: { ...MESSAGES.AnyValue, ...DROPPED.AnyValue },
  }),
});

/** `message` as src/types.ts shapes it. */
export const encodeWithProtobufjs = (name: MessageName, message: object): Uint8Array =>
  root.lookupType(name).encode(toProtobufjs(name, message)).finish();

export const decodeWithProtobufjs = (name: keyof typeof ANSWERS | MessageName, bytes: Uint8Array): object => {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number, bytes: String, defaults: Object.hasOwn(MESSAGES, name) });
};

const toProtobufjs = (name: MessageName, message: object): Plain => {
  const types = new Map(fieldsOf(MESSAGES[name]).map(({ name: field, type }) => [field, type]));
  return Object.fromEntries(
    Object.entries(message).map(([field, value]: [string, unknown]) => {
      const convert = (item: unknown): unknown => toProtobufjsValue(types.get(field) ?? "", item);
      return [field, Array.isArray(value) ? value.map(convert) : convert(value)];
    }),
  );
};

const toProtobufjsValue = (type: string, value: unknown): unknown => {
  if (typeof value === "bigint") return { low: Number(BigInt.asIntN(32, value)), high: Number(value >> 32n) };
  if (type === "id" && typeof value === "string") return Buffer.from(value, "hex");
  return isMessageName(type) && typeof value === "object" && value !== null ? toProtobufjs(type, value) : value;
};
