/**
 * A platform's line of a log group in the text format → its type, by the Telemetry API's names, and what it says.
 *
 * Both styles: the old one tells a timeout and an exit in lines of their own, the new one in REPORT (`Status`,
 * `Error Type`). Fields are read by name, because their order and what stands between them differ.
 *
 *   REPORT RequestId: 8f50…  Duration: 128.83 ms  Billed Duration: 129 ms  Memory Size: 128 MB  Max Memory Used: 74 MB …
 *
 * A function can print such a line itself: then it lies about itself and nobody else.
 *
 * Source  Lambda developer guide, "Log formats"; REPORT lines as published.
 */
import type { PlatformWord, Stage, XrayTrace } from "../model/function-line.ts";
import { isSpanId } from "../model/ids.ts";
import type { PlatformFacts } from "../model/platform-facts.ts";
import type { UnixNano } from "../model/time.ts";
import { traceIdOfRoot } from "../model/xray-header.ts";
import { defined, measured, text } from "../model/json-fields.ts";
import { statusOf } from "./platform-record.ts";

export interface PlatformLine {
  readonly type: string;
  readonly requestId?: string;
  readonly word?: PlatformWord;
}

const TYPES: readonly (readonly [start: RegExp, type: string, stage?: Stage])[] = [
  [/^START RequestId: /, "platform.start", "start"],
  [/^END RequestId: /, "platform.end"],
  [/^REPORT RequestId: /, "platform.report", "report"],
  [/^INIT_START /, "platform.initStart"],
  [/^INIT_REPORT /, "platform.initReport"],
  [/^RESTORE_START /, "platform.restoreStart"],
  [/^RESTORE_REPORT /, "platform.restoreReport"],
  [/^EXTENSION\s+Name: /, "platform.extension"],
  [/^TELEMETRY\s+Name: /, "platform.telemetrySubscription"],
  [/^LOGS\s+Name: /, "platform.logsSubscription"],
];

const TIMED_OUT = /^\S+Z (\S+) (Task timed out after ([\d.]+) seconds)/;
const EXITED = /^RequestId: (\S+) (?:Error: )?(Runtime exited[^\r\n]*|Process exited before completing request)/;

export const platformLine = (line: string, time: UnixNano): PlatformLine | undefined => {
  const [, type, stage] = TYPES.find(([start]) => start.test(line)) ?? [];
  if (type === undefined) return faultLine(line, time);
  const requestId = text(REQUEST_ID.exec(line)?.[1]);
  const word = stage && wordOf(stage, line, time);
  return { type, ...(requestId !== undefined && { requestId }), ...(word && { word }) };
};

const REQUEST_ID = /^[A-Z]+ RequestId: (\S+)/;

const faultLine = (line: string, time: UnixNano): PlatformLine | undefined => {
  const [, timedOut, timeout, seconds] = TIMED_OUT.exec(line) ?? [];
  const [, exited, exit] = EXITED.exec(line) ?? [];
  const requestId = text(timedOut ?? exited);
  if (requestId === undefined) return undefined;
  const facts: PlatformFacts = timeout
    ? { status: "timeout", message: timeout, ...defined({ durationMs: measured(Number(seconds) * 1000) }) }
    : { status: "failure", errorType: "Runtime.ExitError", ...(exit && { message: exit }) };
  return { type: "platform.fault", requestId, word: { requestId, stage: "fault", time, facts } };
};

/** Longer names first: each ends as another begins. */
const FIELD =
  /(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration|Max Memory Used|Memory Size|Status|Error Type|RequestId|Version|XRAY TraceId|SegmentId|Sampled): (\S+)/g;

const wordOf = (stage: Stage, line: string, time: UnixNano): PlatformWord | undefined => {
  const fields = new Map([...line.matchAll(FIELD)].map(([, name = "", value = ""]) => [name, value]));
  const requestId = text(fields.get("RequestId"));
  if (requestId === undefined) return undefined;
  const number = (name: string): number | undefined => measured(Number(fields.get(name)));
  const trace = traceOf(fields);
  const facts = defined({
    version: text(fields.get("Version")),
    status: statusOf(fields.get("Status")),
    errorType: text(fields.get("Error Type")),
    durationMs: number("Duration"),
    billedDurationMs: number("Billed Duration"),
    memorySizeMb: number("Memory Size"),
    maxMemoryUsedMb: number("Max Memory Used"),
    initDurationMs: number("Init Duration"),
    restoreDurationMs: number("Restore Duration"),
    billedRestoreDurationMs: number("Billed Restore Duration"),
  });
  return { requestId, stage, time, facts, ...(trace && { trace }) };
};

const traceOf = (fields: ReadonlyMap<string, string>): XrayTrace | undefined => {
  const traceId = traceIdOfRoot(fields.get("XRAY TraceId") ?? "");
  const segmentId = (fields.get("SegmentId") ?? "").toLowerCase();
  const sampled = fields.get("Sampled");
  return traceId === undefined
    ? undefined
    : {
        traceId,
        ...(isSpanId(segmentId) && { segmentId }),
        ...(sampled !== undefined && { isSampled: sampled === "true" }),
      };
};
