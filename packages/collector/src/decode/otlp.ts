/**
 * OTLP bytes → wire objects. A record that does not decode is left out and counted by reason; what is broken around
 * the records is an InputError that names the place.
 */
import {
  DecodeError,
  type DecodeOptions,
  decodeLogs,
  decodeLogsJson,
  decodeTraces,
  decodeTracesJson,
  type LogsData,
  type OtlpEncoding,
  type TracesData,
} from "@mayfly/otlp";
import { InputError } from "../errors.ts";

type Malformed = "malformed-span" | "malformed-log-record";
type RecordRejection = Malformed | "value-too-deep";

export interface Decoded<T> {
  readonly data: T;
  readonly rejected: Readonly<Partial<Record<RecordRejection, number>>>;
  /** Where and why the first of the rejected did not decode. */
  readonly firstProblem?: string;
}

export const decodeTracesBody = (body: Uint8Array, encoding: OtlpEncoding): Decoded<TracesData> =>
  decoded("malformed-span", (options) =>
    encoding === "json" ? decodeTracesJson(body, options) : decodeTraces(body, options),
  );

export const decodeLogsBody = (body: Uint8Array, encoding: OtlpEncoding): Decoded<LogsData> =>
  decoded("malformed-log-record", (options) =>
    encoding === "json" ? decodeLogsJson(body, options) : decodeLogs(body, options),
  );

const decoded = <T>(malformed: Malformed, decode: (options: DecodeOptions) => T): Decoded<T> => {
  const rejected: Partial<Record<RecordRejection, number>> = {};
  let firstProblem: string | undefined;
  const onBadRecord = (error: DecodeError): void => {
    const reason = error.code === "value-too-deep" ? error.code : malformed;
    rejected[reason] = (rejected[reason] ?? 0) + 1;
    firstProblem ??= error.message;
  };
  try {
    const data = decode({ onBadRecord });
    return { data, rejected, ...(firstProblem !== undefined && { firstProblem }) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InputError("malformed-body", error.message, { cause: error });
  }
};
