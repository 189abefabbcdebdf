/** OTLP bytes → wire objects, or an InputError that names the place. */
import {
  DecodeError,
  decodeLogs,
  decodeLogsJson,
  decodeTraces,
  decodeTracesJson,
  type LogsData,
  type OtlpEncoding,
  type TracesData,
} from "@mayfly/otlp";
import { InputError } from "../errors.ts";

export const decodeTracesBody = (body: Uint8Array, encoding: OtlpEncoding): TracesData =>
  decoded(() => (encoding === "json" ? decodeTracesJson(body) : decodeTraces(body)));

export const decodeLogsBody = (body: Uint8Array, encoding: OtlpEncoding): LogsData =>
  decoded(() => (encoding === "json" ? decodeLogsJson(body) : decodeLogs(body)));

const decoded = <T>(decode: () => T): T => {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InputError("malformed-body", error.message, { cause: error });
  }
};
