/** Wire objects ← parsed JSON and → JSON, driven by the table of fields. Where two cases of a oneof are set, the first counts. */
import { emptyMessage } from "../protobuf/message.ts";
import { type EnumName, type Field, type Message, MESSAGES, type ScalarType } from "../schema.ts";
import { DecodeError } from "../decode-error.ts";
import { attributeFromJson, attributeToJson } from "./attributes.ts";
import { ENUMS } from "./enums.ts";
import {
  boolField,
  bytesField,
  doubleField,
  enumField,
  type Fields,
  fieldsOf,
  idField,
  int32Field,
  int64Field,
  isSet,
  listField,
  messageField,
  stringField,
  uint32Field,
  uint64Field,
} from "./fields.ts";
import { doubleToJson, type JsonObject, type JsonValue } from "./values.ts";

type Values = Record<string, unknown>;

export const messageFromJson = (value: unknown, message: Message): Values => {
  const json = fieldsOf(value);
  const values = emptyMessage(message);
  let hasCase = false;
  for (const field of message.fields) {
    const { name, type, isRepeated, isCase } = field;
    if (!isSet(json, name) || (isCase && hasCase)) continue;
    if (isRepeated) values[name] = listField(json, name, (item) => itemFromJson(item, field));
    else if (typeof type === "object") values[name] = messageField(json, name, (inner) => messageFromJson(inner, type));
    else values[name] = scalarFromJson(json, name, type);
    hasCase ||= isCase;
  }
  return values;
};

const itemFromJson = (item: unknown, { type }: Field): unknown => {
  if (type === MESSAGES.KeyValue) return attributeFromJson(item);
  if (typeof type === "object") return messageFromJson(item, type);
  if (item === null) throw new DecodeError("invalid-json", "", "expected a value, got null");
  return scalarFromJson({ "": item }, "", type);
};

const scalarFromJson = (json: Fields, name: string, type: ScalarType | EnumName): unknown => {
  switch (type) {
    case "string":
      return stringField(json, name);
    case "id":
      return idField(json, name);
    case "bytes":
      return bytesField(json, name);
    case "bool":
      return boolField(json, name);
    case "uint32":
    case "fixed32":
      return uint32Field(json, name);
    case "sint32":
      return int32Field(json, name);
    case "int64":
    case "sfixed64":
      return int64Field(json, name);
    case "uint64":
    case "fixed64":
      return uint64Field(json, name);
    case "double":
      return doubleField(json, name);
    case "SpanKind":
    case "StatusCode":
    case "SeverityNumber":
    case "AggregationTemporality":
      return enumField(json, name, ENUMS[type]);
  }
};

export const messageToJson = (value: object, { fields }: Message): JsonObject => {
  const values = value as Readonly<Values>;
  const json: Record<string, JsonValue> = {};
  for (const field of fields) {
    const one = values[field.name];
    if (one === undefined) continue;
    if (!field.isRepeated) {
      if (field.hasPresence || !isDefault(one)) json[field.name] = valueToJson(one, field);
    } else if ((one as readonly unknown[]).length > 0) {
      json[field.name] = (one as readonly unknown[]).map((item) => valueToJson(item, field));
    }
  }
  return json;
};

/** -0 is not the default: it has bits. */
const isDefault = (value: unknown): boolean => value === "" || value === 0n || value === false || Object.is(value, 0);

const valueToJson = (value: unknown, { type }: Field): JsonValue => {
  if (type === MESSAGES.KeyValue) return attributeToJson(value as Parameters<typeof attributeToJson>[0]);
  if (typeof type === "object") return messageToJson(value as object, type);
  if (type === "double") return doubleToJson(value as number);
  return typeof value === "bigint" ? String(value) : (value as JsonValue);
};
