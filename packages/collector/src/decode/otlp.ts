/**
 * OTLP bytes → raw records. A record that is not sound is left out and counted by reason; what is broken around the
 * records is an InputError that names the place.
 */
import {
  DecodeError,
  type DecodeOptions,
  type OtlpEncoding,
  type OtlpSignal,
  type RawRecords,
  rawLogsFromJson,
  rawMetricsFromJson,
  rawTracesFromJson,
  skimLogs,
  skimMetrics,
  skimTraces,
} from "@mayfly/otlp";
import { InputError } from "../errors.ts";

export interface Decoded {
  readonly records: RawRecords;
  readonly rejected: Readonly<Record<string, number>>;
  /** Where and why the first of the rejected is not sound. */
  readonly firstProblem?: string;
}

interface Reading {
  readonly protobuf: (body: Uint8Array, options: DecodeOptions) => RawRecords;
  readonly json: (body: Uint8Array, options: DecodeOptions) => RawRecords;
  /** What the ledger calls a record that does not decode. */
  readonly malformed: string;
}

const READINGS: Readonly<Record<OtlpSignal, Reading>> = {
  traces: { protobuf: skimTraces, json: rawTracesFromJson, malformed: "malformed-span" },
  logs: { protobuf: skimLogs, json: rawLogsFromJson, malformed: "malformed-log-record" },
  metrics: { protobuf: skimMetrics, json: rawMetricsFromJson, malformed: "malformed-metric" },
};

/** Codes of single records that are told apart in the ledger. */
const REASONS: ReadonlySet<string> = new Set(["value-too-deep", "invalid-trace-id", "invalid-span-id"]);

export const decodeBody = (signal: OtlpSignal, body: Uint8Array, encoding: OtlpEncoding): Decoded => {
  const { malformed, ...read } = READINGS[signal];
  const rejected: Record<string, number> = {};
  let firstProblem: string | undefined;
  const onBadRecord = (error: DecodeError, items: number): void => {
    const reason = REASONS.has(error.code) ? error.code : malformed;
    rejected[reason] = (rejected[reason] ?? 0) + items;
    firstProblem ??= error.message;
  };
  try {
    const records = read[encoding](body, { onBadRecord });
    return { records, rejected, ...(firstProblem !== undefined && { firstProblem }) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new InputError("malformed-body", error.message, { cause: error });
  }
};
