/**
 * A platform record of the Telemetry API, or of a log group in JSON → what it says of an invocation, or of where it
 * comes from. Unknown types and fields are nothing new: Lambda adds some every year.
 *
 * Source  Lambda Telemetry API, event schema 2025-01-29 and older; `billedRestoreDurationMs` as OpenTelemetry reads it.
 */
import type { PlainValue } from "@mayfly/otlp";
import type { FunctionIdentity } from "../model/function-identity.ts";
import type { PlatformWord, Stage, XrayTrace } from "../model/function-line.ts";
import { isSpanId } from "../model/ids.ts";
import { PLATFORM_STATUSES, type PlatformFacts, type PlatformStatus } from "../model/platform-facts.ts";
import type { UnixNano } from "../model/time.ts";
import { parseXrayHeader } from "../model/xray-header.ts";
import { defined, type Fields, fieldsOf, measured, text, textOf } from "../model/json-fields.ts";

const STAGES: ReadonlyMap<string, Stage> = new Map([
  ["platform.start", "start"],
  ["platform.runtimeDone", "done"],
  ["platform.report", "report"],
]);
/** Those that name the function. */
const NAMING: ReadonlySet<string> = new Set(["platform.initStart", "platform.restoreStart"]);

export const wordOfRecord = (type: string, record: PlainValue, time: UnixNano): PlatformWord | undefined => {
  const stage = STAGES.get(type);
  const fields = fieldsOf(record);
  const requestId = text(fields?.["requestId"]);
  if (stage === undefined || fields === undefined || requestId === undefined) return undefined;
  const trace = traceOf(fieldsOf(fields["tracing"]));
  return { requestId, stage, time, facts: factsOf(fields), ...(trace && { trace }) };
};

export const identityOfRecord = (type: string, record: PlainValue): FunctionIdentity | undefined => {
  const fields = NAMING.has(type) ? fieldsOf(record) : undefined;
  if (fields === undefined) return undefined;
  return defined({
    functionName: text(fields["functionName"]),
    functionVersion: text(fields["functionVersion"]),
    instanceId: text(fields["instanceId"]),
  });
};

const factsOf = (fields: Fields): PlatformFacts => {
  const metrics = fieldsOf(fields["metrics"]) ?? {};
  const number = (name: string): number | undefined => measured(metrics[name]);
  return defined({
    status: statusOf(fields["status"]),
    errorType: text(fields["errorType"]),
    version: text(fields["version"]),
    durationMs: number("durationMs"),
    billedDurationMs: number("billedDurationMs"),
    memorySizeMb: number("memorySizeMB"),
    maxMemoryUsedMb: number("maxMemoryUsedMB"),
    initDurationMs: number("initDurationMs"),
    restoreDurationMs: number("restoreDurationMs"),
    billedRestoreDurationMs: number("billedRestoreDurationMs"),
    producedBytes: measured(metrics["producedBytes"], Number.MAX_SAFE_INTEGER),
  });
};

const traceOf = (tracing: Fields | undefined): XrayTrace | undefined => {
  const trace = parseXrayHeader(textOf(tracing?.["value"]));
  const segmentId = textOf(tracing?.["spanId"]).toLowerCase();
  return trace && { ...trace, ...(isSpanId(segmentId) && { segmentId }) };
};

export const statusOf = (value: PlainValue | undefined): PlatformStatus | undefined =>
  PLATFORM_STATUSES.find((status) => status === value);
