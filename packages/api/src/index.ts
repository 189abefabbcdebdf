/**
 * The collector's HTTP contract, as types only. The collector answers with these, the UI reads these, and neither
 * imports the other.
 *
 * Wall times are decimal strings of Unix nanoseconds (they pass 2^53); durations are numbers of nanoseconds (exact up
 * to 104 days). Ids are lower-case hex. An absent value is an absent key, never null, except `costUsd`.
 */

export type * from "./functions.ts";
export type * from "./live.ts";
export type * from "./metrics.ts";

/** Decimal digits of Unix nanoseconds. @pattern ^[0-9]{1,20}$ */
export type UnixNanoString = string;

/** @integer */
export type Integer = number;

/** How many. @integer @minimum 0 */
export type Count = number;

/** A length of time in nanoseconds; exact up to 104 days. @integer @minimum 0 */
export type DurationNs = number;

/** Attribute values as read by people: an int64 past 2^53 is a decimal string, bytes are base64. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

export type Attributes = { readonly [key: string]: AttributeValue };

export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";

export interface Status {
  readonly code: "unset" | "ok" | "error";
  readonly message?: string;
}

export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanEvent {
  readonly timeUnixNano: UnixNanoString;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface SpanLink extends SpanRef {
  readonly attributes: Attributes;
}

export interface Span extends SpanRef {
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly serviceName?: string;
  /** `faas.name` of the resource, else `service.name`. */
  readonly functionName?: string;
  /** The invocation it ran in: `faas.invocation_id` of the span itself or of its local root. */
  readonly requestId?: string;
  readonly startTimeUnixNano: UnixNanoString;
  /** Never negative: an end before its start counts as the start. */
  readonly durationNs: DurationNs;
  readonly status: Status;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /**
   * In a stitched trace: its clock differs from the others', and by theirs it started so much later (negative: earlier) than
   * `startTimeUnixNano`. All other times of a stitched trace are corrected by it.
   */
  readonly clockOffsetNs?: Integer;
  /** In a stitched trace: how long it ran while nothing that it caused did. */
  readonly selfTimeNs?: DurationNs;
  /** Of an invocation's span: what Lambda says of the invocation. */
  readonly platform?: PlatformReport;
  /** Made of what Lambda, or X-Ray, saw of an invocation; in a stitched trace: the invocation sent no spans itself. */
  readonly evidence?: "platform" | "xray";
}

/** What Lambda says of one invocation, in Lambda's own measures. What it did not say is absent. */
export interface PlatformReport {
  readonly status?: "success" | "failure" | "error" | "timeout";
  readonly errorType?: string;
  /** In its own words: "Task timed out after 3.00 seconds". */
  readonly message?: string;
  /** It was killed because it used all the memory it was given. */
  readonly outOfMemory?: true;
  readonly durationMs?: number;
  /** What is paid for; since August 2025 with the init. */
  readonly billedDurationMs?: number;
  readonly memorySizeMb?: number;
  readonly maxMemoryUsedMb?: number;
  /** The environment was started for it. */
  readonly initDurationMs?: number;
  readonly restoreDurationMs?: number;
  /** Beside the billed duration, not in it. */
  readonly billedRestoreDurationMs?: number;
  readonly producedBytes?: number;
  /** By Lambda's clock. */
  readonly startTimeUnixNano: UnixNanoString;
}

/** The kinds of evidence for a join: carried context first, then the ids that the platform shows to both sides. */
export type JoinKind = "parent" | "link" | StitchKeyKind;

export type StitchKeyKind =
  | "sqs-message"
  | "sns-message"
  | "eventbridge-event"
  | "lambda-request"
  | "http-request"
  | "sfn-execution"
  | "sfn-task-token"
  | "kinesis-record"
  | "dynamodb-record"
  | "s3-request"
  | "s3-object"
  | "kafka-record"
  | "pubsub-message"
  | "cloudevent"
  | "xray-root";

export interface StitchKey {
  readonly kind: StitchKeyKind;
  /** Where the id was seen (queue, bus, stream); part of the identity only for the kinds that say so. */
  readonly scope?: string;
  readonly id: string;
}

export interface PlaceholderRef {
  readonly placeholder: string;
}

/** A directed edge: `from` is the span that sent, `to` the local root of the unit that received. */
export interface Join {
  readonly from: SpanRef | PlaceholderRef;
  readonly to: SpanRef;
  /** The strongest evidence. */
  readonly kind: JoinKind;
  /** The shared platform id whenever one is known, also beside a carried parent. */
  readonly key?: StitchKey;
  readonly strength: "exact" | "strong" | "heuristic";
  /** `continues`: the consumer works for this one producer; `links`: it works for many (a batch). */
  readonly relation: "continues" | "links";
  /** One sentence for people: why we believe it. */
  readonly reason: string;
}

export type GapReason =
  | "missing-parent"
  | "unknown-producer"
  | "ambiguous-producer"
  | "batch-without-records"
  | "no-consumer"
  | "no-message-id"
  | "uninstrumented-function"
  | "dropped-context"
  | "xray-only-context"
  | "stale-context"
  | "sampled-out";

/** A place where the story is known to be incomplete. */
export interface Gap {
  readonly reason: GapReason;
  /** The span beside which the story breaks off. */
  readonly at: SpanRef;
  readonly key?: StitchKey;
  /** One sentence for people: what is missing. */
  readonly message: string;
  /** One sentence for people: how to mend it. */
  readonly advice: string;
  /** Of `ambiguous-producer`: the spans that may have sent it, latest first; the ten latest where there are more. */
  readonly candidates?: readonly GapCandidate[];
}

/** A span, in whatever trace. */
export interface GapCandidate extends SpanRef {
  /** The function that it ran in, where one is known. */
  readonly name: string;
}

/** Stands for a span or a producer that the evidence names and nobody sent. */
export interface Placeholder {
  readonly id: string;
  readonly reason: "missing-parent" | "unknown-producer";
  readonly traceId?: string;
  readonly spanId?: string;
  readonly key?: StitchKey;
}

interface TraceHead {
  /** `<traceId>.<spanId>` of the root unit's local root, or the id of the placeholder at the root. */
  readonly id: string;
  readonly traceIds: readonly string[];
  readonly requestIds: readonly string[];
  readonly name: string;
  readonly startTimeUnixNano: UnixNanoString;
  readonly durationNs: DurationNs;
  readonly spanCount: Count;
  readonly errorCount: Count;
  /** In causal order, each once. */
  readonly functions: readonly string[];
  /** null until priced. */
  readonly costUsd: number | null;
  /** False while late data may still change it. */
  readonly settled: boolean;
}

export interface TraceSummary extends TraceHead {
  readonly coldStarts: Count;
  readonly gapCount: Count;
  /** True when a bound cut the walk: there is more than is counted here. */
  readonly truncated?: boolean;
}

/**
 * A stretch of the critical path. `work`: the span ran, and nothing that it caused and that ended later; `wait`: it had not
 * begun, what it received was under way; `init`: its environment was started for it.
 */
export interface PathStep extends SpanRef {
  readonly is: "work" | "wait" | "init";
  readonly startTimeUnixNano: UnixNanoString;
  readonly durationNs: DurationNs;
}

export interface TraceDetail extends TraceHead {
  /** Earliest first; 1,000 with the first page, up to 20,000 with each that follows. */
  readonly spans: readonly Span[];
  /** Those that lead to the spans of this page. */
  readonly joins: readonly Join[];
  readonly gaps: readonly Gap[];
  /** Where not all of them are listed: how many there are. */
  readonly gapCount?: Integer;
  readonly placeholders?: readonly Placeholder[];
  /**
   * What set the duration: from the root's start to the last end, in time order, each step where the one before ends. With
   * the first page of a stitched trace; steps too short to be seen are told as part of the one before.
   */
  readonly criticalPath?: readonly PathStep[];
  /** Asked for a batch: the ids of the stitched traces it worked for. */
  readonly memberOf?: readonly string[];
  /** Asked for an id that several stitched traces know: the others, newest first. */
  readonly alternatives?: readonly string[];
  /** True when a bound cut the answer; `cursor` asks for the rest. */
  readonly truncated?: boolean;
  readonly cursor?: string;
}

/** What an answer that is made of rows may lack: they are worked out beside what arrives. */
export interface Behind {
  /** Stored spans that are in no row yet; absent where there are none. */
  readonly spansBehind?: Count;
  /** Why their rows cannot be written now. */
  readonly problem?: string;
}

/** `GET /api/traces` */
export interface TraceList extends Behind {
  readonly traces: readonly TraceSummary[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** One run of a function, told by its invocation span, or by what Lambda says of it; the spans themselves are in its stitched trace. */
export interface InvocationAttempt extends SpanRef {
  /** The transaction that it belongs to; a batch's own, whose members are in `memberOf`. */
  readonly stitchedTraceId: string;
  readonly memberOf?: readonly string[];
  readonly name: string;
  readonly functionName?: string;
  /** `faas.version` of the resource. */
  readonly version?: string;
  /** `faas.trigger`. */
  readonly trigger?: string;
  readonly startTimeUnixNano: UnixNanoString;
  readonly durationNs: DurationNs;
  readonly status: Status;
  readonly coldStart: boolean;
  /** `mayfly.init_duration_ms`: how long the environment took to start, where this invocation waited for it. */
  readonly initDurationMs?: number;
  /** `faas.max_memory` of the resource, in bytes. */
  readonly maxMemoryBytes?: Count;
  readonly platform?: PlatformReport;
  /** No span of it has arrived: it is known by what Lambda, or X-Ray, saw of it. */
  readonly evidence?: "platform" | "xray";
  /** Its own spans, those of its records included. */
  readonly spanCount: Count;
  readonly errorCount: Count;
  readonly consumed: readonly StitchKey[];
  readonly produced: readonly StitchKey[];
}

/** `GET /api/invocations/{requestId}`. Retries of an asynchronous event keep the request id: those are its attempts. */
export interface Invocation {
  readonly requestId: string;
  /** Earliest first. */
  readonly attempts: readonly InvocationAttempt[];
}

/** `GET /api/traces/stats`: the traces that the same filters list, counted. */
export interface TraceStats extends Behind {
  readonly count: Count;
  readonly errorCount: Count;
  /** True where there are more than were looked at: the numbers are of the newest, back to `lookedBackToUnixNano`. */
  readonly truncated?: boolean;
  readonly lookedBackToUnixNano?: UnixNanoString;
  /** Absent where there is no trace. */
  readonly durationNs?: { readonly [percentile in "p50" | "p90" | "p95" | "p99"]: DurationNs };
  /** Steps of equal ratio, from the shortest to the longest. */
  readonly durations: readonly (TraceCounts & { readonly fromNs: DurationNs; readonly toNs: DurationNs })[];
  /** Steps of equal length, oldest first. */
  readonly times: readonly (TraceCounts & {
    readonly fromUnixNano: UnixNanoString;
    readonly toUnixNano: UnixNanoString;
  })[];
  /** The values of most traces first; a trace counts for each value that it has. */
  readonly facets: {
    readonly [field in "function" | "status" | "error" | "cold" | "trigger" | "service"]: readonly {
      readonly value: string;
      readonly count: Count;
    }[];
  };
}

interface TraceCounts {
  readonly count: Count;
  readonly errorCount: Count;
}

/** `GET /api/suggest` */
export interface Suggestions {
  readonly suggestions: readonly Suggestion[];
}

export interface Suggestion {
  readonly kind: "field" | "attribute" | "value";
  readonly text: string;
  /** Of a value that was suggested where no field was named: the field. */
  readonly of?: string;
  readonly meaning?: string;
  readonly count?: Count;
}

export interface LogRecord {
  readonly timeUnixNano: UnixNanoString;
  /** 1-24, in fours: trace, debug, info, warn, error, fatal; 0 when unset. */
  readonly severityNumber: Integer;
  readonly severityText?: string;
  readonly body: AttributeValue;
  /** Of an event its name; of a record of Lambda's own its type, such as `platform.report`. */
  readonly eventName?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly requestId?: string;
  readonly functionName?: string;
  readonly attributes: Attributes;
}

/** `GET /api/logs` */
export interface LogList {
  /** Asked for by id, oldest first; else newest first. */
  readonly logs: readonly LogRecord[];
  /** Asked for by id: there are more than `limit`. */
  readonly truncated?: boolean;
  /** There may be more. */
  readonly cursor?: string;
}

export interface DamagedPartition {
  readonly partition: Count;
  readonly code: string;
  readonly message: string;
}

/** `GET /api/stats`: the ledger. received = stored + duplicate + rejected + dropped. */
export interface Stats {
  readonly spans: Count;
  readonly traces: Count;
  readonly logs: Count;
  readonly invocations: Count;
  readonly receivedSpans: Count;
  readonly duplicateSpans: Count;
  readonly rejectedSpans: { readonly [reason: string]: Count };
  readonly droppedSpans: { readonly [reason: string]: Count };
  /** OTLP requests refused whole, by error code, since `startedAt`; what was in them is not known. */
  readonly refusedRequests: { readonly [code: string]: Count };
  readonly receivedLogs: Count;
  readonly duplicateLogs: Count;
  readonly rejectedLogs: { readonly [reason: string]: Count };
  readonly droppedLogs: { readonly [reason: string]: Count };
  readonly metricPoints: Count;
  readonly receivedMetricPoints: Count;
  readonly duplicateMetricPoints: Count;
  readonly rejectedMetricPoints: { readonly [reason: string]: Count };
  readonly droppedMetricPoints: { readonly [reason: string]: Count };
  /** Stored spans that the list of traces does not show yet: its rows are worked out beside what arrives. */
  readonly spansBehind: Count;
  readonly bytesOnDisk: Count;
  /** Set aside, and missing from every answer; files when they are opened, what is in them when it is read. */
  readonly damagedPartitions: readonly DamagedPartition[];
  readonly startedAt: UnixNanoString;
  readonly version: string;
}

/** `GET /api/session`, `POST /api/login` */
export interface Session {
  /** False: nobody needs a key here. */
  readonly needsKey: boolean;
  /** The key that the caller is known by. */
  readonly key?: { readonly name: string; readonly scope: "ingest" | "read" | "admin" };
}

/** `POST /v1/lambda/telemetry` */
export interface TelemetryReceipt {
  /** Records that were kept. */
  readonly records: Count;
  /** Those that were not, by reason. */
  readonly rejected: { readonly [reason: string]: Count };
}

/** `POST /v1/firehose`: what Amazon Data Firehose expects of any answer. */
export interface FirehoseReceipt {
  /** Of the request. */
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly timestamp: Count;
  /** Why it failed. */
  readonly errorMessage?: string;
}

/** The body of every answer that is not 2xx, outside the routes that take telemetry in a form of somebody else's. */
export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** With `bad-query`: where in `q`, in UTF-16 units; `end` is after the last. */
    readonly at?: { readonly start: Count; readonly end: Count };
  };
}
