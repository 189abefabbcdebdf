/**
 * Wire objects → protobuf, driven by the table of fields and in its order.
 *
 * What is at its default is left out, as proto3 encoders do, unless presence says something. An id that is no hex is
 * left out, as nothing on the wire could say it. Enum values of 32 bits may be negative.
 */
import { type Field, type Message, MESSAGES, type MessageName } from "../schema.ts";
import type { LogRecord, Metric, Origin, Span } from "../types.ts";
import { ProtobufWriter } from "./writer.ts";

export const spanToProtobuf = (span: Span): Uint8Array => encoded("Span", span);
export const logRecordToProtobuf = (record: LogRecord): Uint8Array => encoded("LogRecord", record);
export const metricToProtobuf = (metric: Metric): Uint8Array => encoded("Metric", metric);

/** A ResourceSpans, ResourceLogs or ResourceMetrics, which number these fields alike, with one scope and no records. */
export const originToProtobuf = ({ resource, resourceSchemaUrl, scope, scopeSchemaUrl }: Origin): Uint8Array =>
  encoded("ResourceSpans", {
    resource,
    schemaUrl: resourceSchemaUrl,
    scopeSpans: [{ scope, schemaUrl: scopeSchemaUrl, spans: [] }],
  });

const encoded = (name: MessageName, value: object): Uint8Array => {
  const writer = new ProtobufWriter();
  writeMessage(writer, MESSAGES[name], value);
  return new Uint8Array(writer.written());
};

/** Only its fields: neither tag nor length. */
export const writeMessage = (writer: ProtobufWriter, { fields }: Message, value: object): void => {
  const values = value as Readonly<Record<string, unknown>>;
  for (const field of fields) {
    const one = values[field.name];
    if (one === undefined) continue;
    if (field.isRepeated) writeList(writer, field, one as readonly unknown[]);
    else writeField(writer, field, one, !field.hasPresence);
  }
};

const writeList = (writer: ProtobufWriter, field: Field, values: readonly unknown[]): void => {
  if (values.length === 0) return;
  if (field.type === "fixed64") writer.packedFixed64(field.number, values as readonly bigint[]);
  else if (field.type === "double") writer.packedDouble(field.number, values as readonly number[]);
  else if (field.type === "uint64") writer.packedUint64(field.number, values as readonly bigint[]);
  else for (const value of values) writeField(writer, field, value, false);
};

const writeField = (writer: ProtobufWriter, { number, type }: Field, value: unknown, skipsDefault: boolean): void => {
  if (typeof type === "object") {
    const start = writer.begin(number);
    writeMessage(writer, type, value as object);
    return writer.end(start);
  }
  if (skipsDefault && (value === "" || value === 0n || value === false || Object.is(value, 0))) return;
  switch (type) {
    case "string":
      return writer.string(number, value as string);
    case "id":
      return isHex(value as string) ? writer.bytes(number, Buffer.from(value as string, "hex")) : undefined;
    case "bytes":
      return writer.bytes(number, value as Uint8Array);
    case "bool":
      return writer.uint32(number, Number(value));
    case "uint32":
      return writer.uint32(number, value as number);
    case "sint32":
      return writer.sint32(number, value as number);
    case "int64":
    case "uint64":
      return writer.int64(number, value as bigint);
    case "fixed32":
      return writer.fixed32(number, value as number);
    case "fixed64":
    case "sfixed64":
      return writer.fixed64(number, value as bigint);
    case "double":
      return writer.double(number, value as number);
    case "SpanKind":
    case "StatusCode":
    case "SeverityNumber":
    case "AggregationTemporality":
      return writer.int64(number, BigInt(value as number));
  }
};

const HEX = /^(?:[0-9a-fA-F]{2})+$/;
const isHex = (text: string): boolean => HEX.test(text);
