/**
 * Wire objects ← protobuf, driven by the table of fields. proto3's rules: the last scalar wins, messages that come twice
 * are merged (in place, see mutable.ts), of a oneof's cases the last one stays.
 */
import { type EnumName, type Field, type Message, MESSAGES, type ScalarType } from "../schema.ts";
import { readAttribute } from "./attributes.ts";
import { FIXED64, type ProtobufReader, VARINT } from "./reader.ts";

type Values = Record<string, unknown>;

/** Reads the message just entered. */
export const readMessage = (reader: ProtobufReader, message: Message, before?: Values): Values => {
  const values = before ?? emptyMessage(message);
  const fields = FIELDS[message.id]!;
  while (reader.next()) {
    const field = fields[reader.fieldNumber];
    if (field === undefined) continue;
    if (field.isRepeated) readInto(reader, field, values[field.name] as unknown[]);
    else {
      if (field.isCase) dropOtherCases(message, field, values);
      const { name, type } = field;
      values[name] =
        typeof type === "object" ? readInner(reader, name, type, values[name] as Values) : readScalar(reader, type);
    }
  }
  return values;
};

/** By field number. */
const FIELDS: readonly (readonly (Field | undefined)[])[] = Object.values(MESSAGES).map(({ fields }) => {
  const byNumber: (Field | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return byNumber;
});

export const emptyMessage = ({ fields }: Message): Values => {
  const values: Values = {};
  for (const field of fields) {
    if (field.isRepeated) values[field.name] = [];
    else if (!field.hasPresence && typeof field.type === "string") values[field.name] = defaultOf(field.type);
  }
  return values;
};

const defaultOf = (type: string): unknown => {
  switch (type) {
    case "string":
    case "id":
      return "";
    case "bool":
      return false;
    case "fixed64":
    case "sfixed64":
    case "uint64":
    case "int64":
      return 0n;
    default:
      return 0;
  }
};

const dropOtherCases = ({ fields }: Message, { name }: Field, values: Values): void => {
  for (const other of fields) if (other.isCase && other.name !== name) delete values[other.name];
};

const readInto = (reader: ProtobufReader, field: Field, list: unknown[]): void => {
  const { name, type } = field;
  if (type === MESSAGES.KeyValue) list.push(readAttribute(reader, name, list.length));
  else if (typeof type === "object") list.push(readInner(reader, name, type, undefined, list.length));
  else if (type === "uint64") reader.packable(VARINT, () => list.push(reader.uint64()));
  else if (type === "fixed64") reader.packable(FIXED64, () => list.push(reader.fixed64()));
  else if (type === "double") reader.packable(FIXED64, () => list.push(reader.double()));
  else list.push(readScalar(reader, type));
};

const readInner = (reader: ProtobufReader, name: string, type: Message, before?: Values, index?: number): Values => {
  const outer = reader.enter(name, index);
  const values = readMessage(reader, type, before);
  reader.leave(outer);
  return values;
};

const readScalar = (reader: ProtobufReader, type: ScalarType | EnumName): unknown => {
  switch (type) {
    case "string":
      return reader.string();
    case "id":
      return reader.hex();
    case "bool":
      return reader.bool();
    case "uint32":
      return reader.uint32();
    case "sint32":
      return reader.sint32();
    case "int64":
      return reader.int64();
    case "uint64":
      return reader.uint64();
    case "fixed32":
      return reader.fixed32();
    case "fixed64":
      return reader.fixed64();
    case "sfixed64":
      return reader.sfixed64();
    case "double":
      return reader.double();
    case "bytes":
      return reader.bytes();
    case "SpanKind":
    case "StatusCode":
    case "SeverityNumber":
    case "AggregationTemporality":
      return reader.int32();
  }
};
