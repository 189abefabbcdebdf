/**
 * Spans and log records for tests, in a line each: `span("b", { parent: "a", at: [2, 5] })`.
 *
 * Names stand for ids: equal names give equal ids, in any trace. `at` is in milliseconds after a fixed start.
 */
import { createHash } from "node:crypto";
import type { SpanId, TraceId } from "../src/model/ids.ts";
import type { LogRecord } from "../src/model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../src/model/span.ts";
import { parseStitchKey } from "../src/model/stitch-key.ts";
import type { Batch } from "../src/store/store.ts";

export const START = 1_767_225_600_000_000_000n;

export const traceId = (name: string): TraceId => digest(name).slice(0, 32) as TraceId;
export const spanId = (name: string): SpanId => digest(name).slice(0, 16) as SpanId;

const digest = (name: string): string => createHash("sha256").update(name).digest("hex");

export interface SpanSpec {
  /** Default `t`. */
  readonly trace?: string;
  readonly parent?: string;
  readonly isRemote?: boolean;
  /** Function name, one environment each unless `environment` says otherwise. Default `f`. */
  readonly in?: string;
  readonly environment?: string;
  readonly request?: string;
  readonly at?: readonly [startMs: number, endMs: number] | undefined;
  readonly kind?: number;
  readonly produces?: readonly string[];
  readonly consumes?: readonly string[];
  /** `trace/span`; `invocation:trace/span` for a record's link to its invocation. */
  readonly links?: readonly string[];
  readonly batch?: number;
  readonly error?: boolean;
  readonly cold?: boolean;
  readonly unfinished?: boolean;
  readonly attributes?: Readonly<Record<string, string>>;
}

export const span = (name: string, spec: SpanSpec = {}): SpanRecord => {
  const [startMs, endMs] = spec.at ?? [0, 1];
  const origin = originOf(spec.in ?? "f", spec.environment ?? "");
  return {
    traceId: traceId(spec.trace ?? "t"),
    spanId: spanId(name),
    ...(spec.parent !== undefined && { parentSpanId: spanId(spec.parent) }),
    origin,
    start: START + BigInt(startMs) * 1_000_000n,
    wire: {
      traceId: traceId(spec.trace ?? "t"),
      spanId: spanId(name),
      traceState: "",
      parentSpanId: spec.parent === undefined ? "" : spanId(spec.parent),
      name,
      kind: spec.kind ?? 1,
      startTimeUnixNano: START + BigInt(startMs) * 1_000_000n,
      endTimeUnixNano: START + BigInt(endMs) * 1_000_000n,
      attributes: Object.entries(spec.attributes ?? {}).map(([k, value]) => ({
        key: k,
        value: { stringValue: value },
      })),
      droppedAttributesCount: 0,
      events: [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      flags: spec.isRemote ? 0x301 : 0x101,
    },
    ...(spec.request !== undefined && { requestId: spec.request }),
    parentIsRemote: spec.isRemote ?? false,
    isError: spec.error ?? spec.unfinished ?? false,
    isUnfinished: spec.unfinished ?? false,
    isColdStart: spec.cold ?? false,
    batchCount: spec.batch ?? 0,
    produced: (spec.produces ?? []).map(key),
    consumed: (spec.consumes ?? []).map(key),
    links: (spec.links ?? []).map(link),
  };
};

/** `sqs-message m1` or `kinesis-record scope id`. */
const key = (text: string): NonNullable<ReturnType<typeof parseStitchKey>> => {
  const [kind = "", ...rest] = text.split(" ");
  const parsed = parseStitchKey(`${kind}|${rest.length > 1 ? rest[0] : ""}|${rest.at(-1)}`);
  if (!parsed) throw new Error(`no stitch key: ${text}`);
  return parsed;
};

const link = (text: string): SpanRecord["links"][number] => {
  const toInvocation = text.startsWith("invocation:");
  const [trace = "", name = ""] = text.replace("invocation:", "").split("/");
  return { traceId: traceId(trace), spanId: spanId(name), toInvocation };
};

const originOf = (functionName: string, environment: string): SpanOrigin => ({
  resource: {
    attributes: [
      { key: "service.name", value: { stringValue: functionName } },
      { key: "faas.name", value: { stringValue: functionName } },
      { key: "faas.instance", value: { stringValue: `${functionName}${environment}` } },
    ],
    droppedAttributesCount: 0,
    entityRefs: [],
  },
  resourceSchemaUrl: "",
  scopeSchemaUrl: "",
  resourceId: digest(`${functionName}${environment}`),
  serviceName: functionName,
  functionName,
});

export interface LogSpec {
  readonly trace?: string;
  readonly span?: string;
  readonly request?: string;
  readonly seq?: number;
  readonly at?: number;
}

export const log = (body: string, spec: LogSpec): LogRecord => {
  const ids = {
    ...(spec.trace !== undefined && { traceId: traceId(spec.trace) }),
    ...(spec.span !== undefined && { spanId: spanId(spec.span) }),
  };
  const time = START + BigInt(spec.at ?? 0) * 1_000_000n;
  return {
    time,
    origin: originOf("f", ""),
    wire: {
      timeUnixNano: time,
      observedTimeUnixNano: 0n,
      severityNumber: 9,
      severityText: "INFO",
      body: { stringValue: body },
      attributes: [],
      droppedAttributesCount: 0,
      flags: 0,
      traceId: "",
      spanId: "",
      eventName: "",
      ...ids,
    },
    ...ids,
    ...(spec.request !== undefined && { requestId: spec.request }),
    ...(spec.seq !== undefined && { seq: spec.seq }),
  };
};

let batches = 0;
export const batch = (spans: readonly SpanRecord[]): Batch => ({
  requestDigest: createHash("sha256")
    .update(`batch ${(batches += 1)}`)
    .digest(),
  receivedAt: START,
  spans,
  logs: [],
  rejectedSpans: {},
  rejectedLogs: {},
});
