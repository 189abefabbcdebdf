/**
 * What an OTLP/HTTP receiver answers, in the encoding it was asked in: the Export…ServiceResponse of a success, the
 * google.rpc.Status of a refusal.
 *
 * A full success says nothing: no bytes in protobuf, `{}` in JSON. Rejecting none with a message is a warning.
 *
 * Source  opentelemetry-proto docs/specification.md, "OTLP/HTTP Response"; collector/{trace,logs,metrics}/v1/*_service.proto;
 *         googleapis google/rpc/status.proto
 */
import { compact } from "./json/values.ts";
import { ProtobufWriter } from "./protobuf/writer.ts";

export type OtlpEncoding = "protobuf" | "json";
export type OtlpSignal = keyof typeof REJECTED;

export interface PartialSuccess {
  readonly rejected: number;
  readonly errorMessage: string;
}

export interface RpcStatus {
  /** A google.rpc.Code; 0 leaves it out, as HTTP's own status already says it. */
  readonly code: number;
  readonly message: string;
}

const REJECTED = { traces: "rejectedSpans", logs: "rejectedLogRecords", metrics: "rejectedDataPoints" } as const;

export const encodeExportResponse = (
  encoding: OtlpEncoding,
  signal: OtlpSignal,
  partialSuccess?: PartialSuccess,
): Uint8Array => {
  if (partialSuccess === undefined) return Buffer.from(encoding === "json" ? "{}" : "");
  const { rejected, errorMessage } = partialSuccess;
  if (encoding === "protobuf")
    return inProtobuf((writer) => {
      const start = writer.begin(1);
      numberAndText(writer, rejected, errorMessage);
      writer.end(start);
    });
  return jsonBytes({ partialSuccess: compact({ [REJECTED[signal]]: BigInt(rejected), errorMessage }) });
};

export const encodeStatus = (encoding: OtlpEncoding, { code, message }: RpcStatus): Uint8Array =>
  encoding === "json"
    ? jsonBytes(compact({ code, message }))
    : inProtobuf((writer) => numberAndText(writer, code, message));

/** Both answers number them alike. */
const numberAndText = (writer: ProtobufWriter, number: number, text: string): void => {
  if (number !== 0) writer.int64(1, BigInt(number));
  if (text !== "") writer.string(2, text);
};

const inProtobuf = (write: (writer: ProtobufWriter) => void): Uint8Array => {
  const writer = new ProtobufWriter();
  write(writer);
  return writer.written();
};

const jsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
