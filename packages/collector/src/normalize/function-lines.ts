/**
 * Lines about a function → log records, and evidence spans of what they say about invocations, in the form in which
 * everything else arrives.
 *
 * In      lines in the order in which they were sent, and which function they are of. A line that names the function
 *         itself (platform.initStart) stands for all of its batch where nobody else says.
 * Out     each line as one log record: what it says, its time, its request id and level where it says them; and
 *         evidence (platform-evidence.ts).
 */
import {
  type AnyValue,
  type LogRecord,
  logRecordToProtobuf,
  type Origin,
  type PlainValue,
  type RawRecords,
  rawRecordsOf,
  type Resource,
  spanToProtobuf,
} from "@mayfly/otlp";
import { fieldsOf, timeOf } from "../model/json-fields.ts";
import type { FunctionIdentity } from "../model/function-identity.ts";
import type { FunctionLine } from "../model/function-line.ts";
import { isSpanId, isTraceId } from "../model/ids.ts";
import { isPlatformFailure } from "../model/platform-facts.ts";
import type { UnixNano } from "../model/time.ts";
import { anyValue, madeAttributes } from "./made-attributes.ts";
import { evidenceSpans } from "./platform-evidence.ts";
import {
  AWS_LOG_GROUP_NAMES,
  AWS_LOG_STREAM_NAMES,
  CLOUD_ACCOUNT_ID,
  CLOUD_PLATFORM,
  CLOUD_PLATFORM_AWS_LAMBDA,
  CLOUD_PROVIDER,
  CLOUD_PROVIDER_AWS,
  CLOUD_REGION,
  CLOUD_RESOURCE_ID,
  FAAS_INSTANCE,
  FAAS_INVOCATION_ID,
  FAAS_NAME,
  FAAS_VERSION,
  LOG_RECORD_UID,
  LOG_REQUEST_ID,
  LOG_SEQ,
} from "./semconv.ts";

export interface FunctionLines {
  readonly identity: FunctionIdentity;
  readonly lines: readonly FunctionLine[];
}

export interface NormalizedLines {
  readonly logs: RawRecords;
  readonly evidence: RawRecords;
  /** Lines that cannot be kept, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
}

export const normalizedLines = (groups: readonly FunctionLines[], receivedAt: UnixNano): NormalizedLines => {
  const made = groups.map((group) => {
    const origin = originOf(group);
    const logs = group.lines.map((line) => logRecord(line, receivedAt));
    return {
      origin,
      logs,
      spans: evidenceSpans(
        group.lines.flatMap((line) => line.word ?? []),
        nameOf(group),
      ),
    };
  });
  const tooDeep = made.flatMap(({ logs }) => logs).filter((log) => log === undefined).length;
  return {
    logs: rawRecordsOf(
      made.map(({ origin, logs }) => ({
        origin,
        records: logs.flatMap((log) => (log ? [logRecordToProtobuf(log)] : [])),
      })),
    ),
    evidence: rawRecordsOf(made.map(({ origin, spans }) => ({ origin, records: spans.map(spanToProtobuf) }))),
    rejected: tooDeep > 0 ? { "value-too-deep": tooDeep } : {},
  };
};

const SCOPE = { name: "mayfly.platform", version: "", attributes: [], droppedAttributesCount: 0 };

const originOf = (group: FunctionLines): Origin => ({
  resource: resourceOf(wholeIdentity(group)),
  resourceSchemaUrl: "",
  scope: SCOPE,
  scopeSchemaUrl: "",
});

/** What the sender says goes before what the lines say. */
const wholeIdentity = ({ identity, lines }: FunctionLines): FunctionIdentity => {
  const named = lines.find((line) => line.identity)?.identity;
  return { ...named, ...identity };
};

const nameOf = (group: FunctionLines): string => wholeIdentity(group).functionName ?? "invocation";

const resourceOf = (identity: FunctionIdentity): Resource => ({
  attributes: madeAttributes({
    [CLOUD_PROVIDER]: CLOUD_PROVIDER_AWS,
    [CLOUD_PLATFORM]: CLOUD_PLATFORM_AWS_LAMBDA,
    [CLOUD_REGION]: identity.region,
    [CLOUD_ACCOUNT_ID]: identity.accountId,
    [CLOUD_RESOURCE_ID]: identity.functionArn,
    [FAAS_NAME]: identity.functionName,
    [FAAS_VERSION]: identity.functionVersion,
    [FAAS_INSTANCE]: identity.logStream ?? identity.instanceId,
    [AWS_LOG_GROUP_NAMES]: identity.logGroup === undefined ? undefined : [identity.logGroup],
    [AWS_LOG_STREAM_NAMES]: identity.logStream === undefined ? undefined : [identity.logStream],
  }),
  droppedAttributesCount: 0,
  entityRefs: [],
});

const logRecord = (line: FunctionLine, receivedAt: UnixNano): LogRecord | undefined => {
  const { time } = line;
  const said = line.type === "function" || line.type === "extension" ? printed(line.body) : undefined;
  const body = anyValue(said?.message ?? line.body);
  const attributes = madeAttributes({
    [FAAS_INVOCATION_ID[0]]: line.requestId ?? said?.requestId,
    [LOG_RECORD_UID]: line.id,
  });
  const fields = said?.fields.map(([key, value]) => ({ key, value: anyValue(value) })) ?? [];
  if (body === undefined || fields.some(({ value }) => value === undefined)) return undefined;
  const severity = said?.severity ?? (isFailure(line) ? "ERROR" : "INFO");
  return {
    timeUnixNano: said?.time ?? time,
    observedTimeUnixNano: receivedAt,
    severityNumber: SEVERITIES.get(severity) ?? 0,
    severityText: severity,
    body,
    attributes: [...attributes, ...(fields as readonly { key: string; value: AnyValue }[])],
    droppedAttributesCount: 0,
    flags: 0,
    traceId: said?.traceId ?? "",
    spanId: said?.spanId ?? "",
    eventName: said ? "" : line.type,
  };
};

/** Phases without an invocation say their status too. */
const isFailure = ({ word, type, body }: FunctionLine): boolean => {
  if (word) return isPlatformFailure(word.facts);
  if (!/^platform\.(?:init|restore)/.test(type)) return false;
  const status = typeof body === "string" ? /\bStatus: (\w+)/.exec(body)?.[1] : fieldsOf(body)?.["status"];
  return typeof status === "string" && status !== "success";
};

const SEVERITIES: ReadonlyMap<string, number> = new Map([
  ["TRACE", 1],
  ["DEBUG", 5],
  ["INFO", 9],
  ["WARN", 13],
  ["ERROR", 17],
  ["FATAL", 21],
]);

interface Printed {
  readonly message?: PlainValue;
  readonly severity: string;
  readonly time?: UnixNano;
  readonly requestId?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  /** What else is in a line of JSON. */
  readonly fields: readonly (readonly [string, PlainValue])[];
}

/** `<time>\t<request id>\tINFO\t<text>`, as Lambda's Node.js runtime writes; `[INFO]\t<time>\t<request id>\t<text>`, as Python's. */
const NODE_LINE = /^\S+Z\t(?<requestId>[\w-]{1,128})\t(?<level>[A-Z]+)\t/;
const PYTHON_LINE = /^\[(?<level>[A-Z]+)\]\t\S+Z\t(?<requestId>[\w-]{1,128})\t/;

const printed = (body: PlainValue): Printed => {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    return printedObject(body as { readonly [key: string]: PlainValue });
  }
  const line = typeof body === "string" ? body : "";
  const { requestId, level = "" } = (NODE_LINE.exec(line) ?? PYTHON_LINE.exec(line))?.groups ?? {};
  return { severity: knownLevel(level), ...(requestId !== undefined && { requestId }), fields: [] };
};

/** Lambda's JSON format and ours: the fields that say what a log record says elsewhere go there. */
const printedObject = (line: { readonly [key: string]: PlainValue }): Printed => {
  const { message, timestamp, level, traceId, spanId, ...rest } = line;
  const time = timeOf(timestamp);
  const hasTrace = typeof traceId === "string" && isTraceId(traceId);
  const hasSpan = hasTrace && typeof spanId === "string" && isSpanId(spanId);
  const kept = {
    ...(time !== undefined || timestamp === undefined ? {} : { timestamp }),
    ...(hasTrace || traceId === undefined ? {} : { traceId }),
    ...(hasSpan || spanId === undefined ? {} : { spanId }),
    ...rest,
  };
  return {
    ...(message !== undefined && { message }),
    severity: knownLevel(typeof level === "string" ? level.toUpperCase() : ""),
    ...(time !== undefined && { time }),
    ...(hasTrace && { traceId }),
    ...(hasSpan && { spanId }),
    // A line without a message is its own body.
    fields: Object.entries(kept).filter(([key]) => message !== undefined || IDS.has(key)),
  };
};

/** What lines are found by, and told apart. */
const IDS: ReadonlySet<string> = new Set([LOG_REQUEST_ID, LOG_SEQ]);

const knownLevel = (level: string): string => {
  const named = PYTHON_LEVELS.get(level) ?? level;
  return SEVERITIES.has(named) ? named : "INFO";
};

const PYTHON_LEVELS: ReadonlyMap<string, string> = new Map([
  ["WARNING", "WARN"],
  ["CRITICAL", "FATAL"],
]);
