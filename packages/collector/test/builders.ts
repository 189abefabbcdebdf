/**
 * Spans and log records for tests, in a line each: `span("b", { parent: "a", at: [2, 5] })`.
 *
 * Names stand for ids: equal names give equal ids, in any trace. `at` is in milliseconds after a fixed start. Everything
 * is on the wire, and the record is what normalizing reads off it.
 */
import { createHash } from "node:crypto";
import {
  type KeyValue,
  type Span,
  type SpanLink,
  logRecordToProtobuf,
  type Metric,
  metricToProtobuf,
  originToProtobuf,
  spanToProtobuf,
} from "@mayfly/otlp";
import type { SpanId, TraceId } from "../src/model/ids.ts";
import type { LogRecord } from "../src/model/log-record.ts";
import { dataPointsOf } from "../src/model/metric-point.ts";
import type { SpanOrigin, SpanRecord } from "../src/model/span.ts";
import { formatStitchKey, parseStitchKey } from "../src/model/stitch-key.ts";
import type { PlatformWord, Stage } from "../src/model/function-line.ts";
import { normalizedLog } from "../src/normalize/logs.ts";
import { spanOrigin } from "../src/normalize/origin.ts";
import { evidenceSpans } from "../src/normalize/platform-evidence.ts";
import { normalizedSpan } from "../src/normalize/spans.ts";
import type { Batch, Signal } from "../src/store/store.ts";

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
  const wire: Span = {
    traceId: traceId(spec.trace ?? "t"),
    spanId: spanId(name),
    traceState: "",
    parentSpanId: spec.parent === undefined ? "" : spanId(spec.parent),
    name,
    kind: spec.kind ?? 1,
    startTimeUnixNano: START + BigInt(startMs) * 1_000_000n,
    endTimeUnixNano: START + BigInt(endMs) * 1_000_000n,
    attributes: attributesOf(spec),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: (spec.links ?? []).map(link),
    droppedLinksCount: 0,
    ...(spec.error && { status: { message: "", code: 2 } }),
    flags: spec.isRemote ? 0x301 : 0x101,
  };
  return normalizedSpan(wire, originOf(spec.in ?? "f", spec.environment ?? ""), START);
};

/** The same span with other fields on the wire, read anew. */
export const rewired = ({ wire, origin }: SpanRecord, fields: Partial<Span>): SpanRecord =>
  normalizedSpan({ ...wire, ...fields }, origin, START);

/** What Lambda says of invocations of a function, at milliseconds after the start: `report` and the like. */
export const seen = (
  functionName: string,
  requestId: string,
  ...words: readonly (Partial<PlatformWord> & { readonly stage: Stage; readonly atMs: number })[]
): readonly SpanRecord[] =>
  evidenceSpans(
    words.map(({ atMs, ...word }) => ({ requestId, time: START + BigInt(atMs) * 1_000_000n, facts: {}, ...word })),
    functionName,
  ).map((wire) => normalizedSpan(wire, originOf(functionName, " platform"), START));

const attributesOf = (spec: SpanSpec): KeyValue[] => {
  const { request, produces, consumes, cold, unfinished, batch: count } = spec;
  // A span that says nothing of keys is read for those that others imply: a server's own request id.
  const saysNoKeys = request !== undefined && (spec.kind ?? 1) > 1;
  return [
    ...(request === undefined ? [] : [{ key: "faas.invocation_id", value: { stringValue: request } }]),
    ...(produces === undefined ? [] : [keyList("mayfly.keys.produced", produces)]),
    ...(consumes === undefined && !saysNoKeys ? [] : [keyList("mayfly.keys.consumed", consumes ?? [])]),
    ...(cold ? [{ key: "faas.coldstart", value: { boolValue: true } }] : []),
    ...(unfinished ? [{ key: "mayfly.unfinished", value: { boolValue: true } }] : []),
    ...(count === undefined ? [] : [{ key: "messaging.batch.message_count", value: { intValue: BigInt(count) } }]),
    ...Object.entries(spec.attributes ?? {}).map(([k, value]) => ({ key: k, value: { stringValue: value } })),
  ];
};

const keyList = (attribute: string, keys: readonly string[]): KeyValue => ({
  key: attribute,
  value: { arrayValue: { values: keys.map((text) => ({ stringValue: formatStitchKey(key(text)) })) } },
});

/** `sqs-message m1` or `kinesis-record scope id`. */
const key = (text: string): NonNullable<ReturnType<typeof parseStitchKey>> => {
  const [kind = "", ...rest] = text.split(" ");
  const parsed = parseStitchKey(`${kind}|${rest.length > 1 ? rest[0] : ""}|${rest.at(-1)}`);
  if (!parsed) throw new Error(`no stitch key: ${text}`);
  return parsed;
};

const link = (text: string): SpanLink => {
  const toInvocation = text.startsWith("invocation:");
  const [trace = "", name = ""] = text.replace("invocation:", "").split("/");
  return {
    traceId: traceId(trace),
    spanId: spanId(name),
    traceState: "",
    attributes: toInvocation ? [{ key: "mayfly.link", value: { stringValue: "invocation" } }] : [],
    droppedAttributesCount: 0,
    flags: 0,
  };
};

const originOf = (functionName: string, environment: string): SpanOrigin =>
  spanOrigin({
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
    scope: undefined,
    scopeSchemaUrl: "",
  });

export interface LogSpec {
  readonly trace?: string;
  readonly span?: string;
  readonly request?: string;
  readonly seq?: number;
  readonly uid?: string;
  readonly at?: number;
  /** Function name. Default `f`. */
  readonly in?: string;
  readonly severity?: number;
}

export const log = (body: string, spec: LogSpec): LogRecord =>
  normalizedLog(
    {
      timeUnixNano: START + BigInt(spec.at ?? 0) * 1_000_000n,
      observedTimeUnixNano: 0n,
      severityNumber: spec.severity ?? 9,
      severityText: "INFO",
      body: { stringValue: body },
      attributes: [
        ...(spec.request === undefined ? [] : [{ key: "requestId", value: { stringValue: spec.request } }]),
        ...(spec.seq === undefined ? [] : [{ key: "seq", value: { intValue: BigInt(spec.seq) } }]),
        ...(spec.uid === undefined ? [] : [{ key: "log.record.uid", value: { stringValue: spec.uid } }]),
      ],
      droppedAttributesCount: 0,
      flags: 0,
      traceId: spec.trace === undefined ? "" : traceId(spec.trace),
      spanId: spec.span === undefined ? "" : spanId(spec.span),
      eventName: "",
    },
    originOf(spec.in ?? "f", ""),
    START,
  );

export const batch = (spans: readonly SpanRecord[]): Batch =>
  batchOf(
    "spans",
    spans.map((one) => ({ record: spanToProtobuf(one.wire), origin: one.origin })),
  );

export const logBatch = (logs: readonly LogRecord[]): Batch =>
  batchOf(
    "logs",
    logs.map((one) => ({ record: logRecordToProtobuf(one.wire), origin: one.origin })),
  );

/** Data points count, not metrics. */
export const metricBatch = (metrics: readonly Metric[], functionName = "f"): Batch => {
  const origin = originOf(functionName, "");
  const stored = batchOf(
    "metrics",
    metrics.map((metric) => ({ record: metricToProtobuf(metric), origin })),
  );
  const items = metrics.reduce((sum, metric) => sum + dataPointsOf(metric).length, 0);
  return { ...stored, records: { ...stored.records, items } };
};

let batches = 0;
const batchOf = (
  signal: Signal,
  records: readonly { readonly record: Uint8Array; readonly origin: SpanOrigin }[],
): Batch => {
  const origins = [...new Set(records.map((one) => one.origin))];
  const slices = new Uint32Array(records.length * 3);
  let end = 0;
  for (const [row, { record, origin }] of records.entries())
    slices.set([end, (end += record.length), origins.indexOf(origin)], row * 3);
  return {
    requestDigest: createHash("sha256")
      .update(`batch ${(batches += 1)}`)
      .digest(),
    receivedAt: START,
    signal,
    records: {
      bytes: Buffer.concat(records.map((one) => one.record)),
      slices,
      origins: origins.map(originToProtobuf),
      items: records.length,
    },
    rejected: {},
  };
};
