/**
 * The store: what Mayfly needs of a database, in no database's words.
 *
 * A batch is durable when `append` resolves, and wholly there or not at all. Reads ask for many ids at once, so that an
 * engine across a network answers a walk in a few round trips. Reads give what is stored, in the order it arrived; they
 * do not join, rank or rewrite.
 *
 * Errors  StoreError (503): the disk refused, `cause` kept; nothing of the batch is stored.
 *         Calling anything after `close` is a bug and throws.
 */
import type { StitchKey } from "@mayfly/api";
import type { RawRecords } from "@mayfly/otlp";
import type { StoreErrorCode } from "../errors.ts";
import type { Word } from "../model/attribute-words.ts";
import type { SpanPath, TraceId } from "../model/ids.ts";
import type { LogFilter } from "../model/log-filter.ts";
import type { LogRecord } from "../model/log-record.ts";
import type { MetricKind, MetricPoint } from "../model/metric-point.ts";
import type { SpanRecord } from "../model/span.ts";
import type { StitchKeyIdentity } from "../model/stitch-key.ts";
import type { UnixNano } from "../model/time.ts";

export const SIGNALS = ["spans", "logs", "metrics"] as const;
export type Signal = (typeof SIGNALS)[number];

/** Everything that one request brought, as it arrived. */
export interface Batch {
  /** SHA-256 over path, content type and decoded body: a retry is the same request. */
  readonly requestDigest: Uint8Array;
  readonly receivedAt: UnixNano;
  readonly signal: Signal;
  readonly records: RawRecords;
  /** What was left out of `records`, by reason; of metrics, data points. */
  readonly rejected: Readonly<Record<string, number>>;
}

/** `duplicate`: the same request was stored within the last hour; nothing was stored again. */
export type AppendResult = "stored" | "duplicate";

export interface KeyHolder {
  readonly identity: StitchKeyIdentity;
  readonly key: StitchKey;
  readonly side: "produced" | "consumed";
  readonly traceId: TraceId;
  readonly path: SpanPath;
  /** The span that says it; of one that retention has removed, its ids, its start and its keys. */
  readonly by: SpanRecord;
}

export interface LinkHolder {
  readonly traceId: TraceId;
  readonly path: SpanPath;
  readonly target: SpanPath;
}

export interface WordSearch {
  readonly word: Word;
  /** Spans that start earlier may be left out. */
  readonly from?: UnixNano;
  /** With the word. */
  readonly maxSpans: number;
}

export interface ChangedTraces {
  readonly traceIds: readonly TraceId[];
  /** Where the next question goes on; the same as before when nothing has changed. */
  readonly checkpoint: string;
}

/** A part of the store that is gone. */
export interface Removal {
  readonly part: string;
  readonly mark: string;
  /** That had spans in it; absent where that is not known: any may have had. */
  readonly traceIds?: readonly TraceId[];
}

export interface LogQuery extends LogFilter {
  readonly traceIds?: readonly TraceId[];
  readonly requestIds?: readonly string[];
  readonly limit: number;
}

export interface LogSearch extends LogFilter {
  readonly limit: number;
  /** Of the answer before. */
  readonly cursor?: string;
}

export interface LogHits {
  readonly logs: readonly LogRecord[];
  /** There may be more: the limit was reached, or as much was read as one question may read. */
  readonly cursor?: string;
}

export interface MetricSearch {
  /** Of the metric. */
  readonly name: string;
  readonly functionName?: string;
  /** All on one point, or its resource. */
  readonly words: readonly Word[];
  /** Inclusive bounds on the point's time. */
  readonly from?: UnixNano;
  readonly to?: UnixNano;
  readonly limit: number;
  /** Of the answer before. */
  readonly cursor?: string;
}

export interface MetricHits {
  readonly points: readonly MetricPoint[];
  /** There may be more: the limit was reached, or as much was read as one question may read. */
  readonly cursor?: string;
}

export interface MetricSummary {
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly description: string;
  readonly points: number;
  readonly lastSeen: UnixNano;
}

export interface MetricNames {
  readonly metrics: readonly MetricSummary[];
  /** false: as much was read as one question may read; the numbers are of the latest arrivals. */
  readonly isAll: boolean;
}

/** received = stored + duplicate + rejected + dropped, at any time. */
export interface StoreStats {
  readonly spans: number;
  /** Exact up to 65,536, an estimate within a hundredth or so beyond; `invocations` too. */
  readonly traces: number;
  readonly logs: number;
  readonly metricPoints: number;
  /** Distinct request ids seen on spans. */
  readonly invocations: number;
  readonly receivedSpans: number;
  readonly duplicateSpans: number;
  readonly rejectedSpans: Readonly<Record<string, number>>;
  /** What was stored and is no more. */
  readonly droppedSpans: Readonly<Record<string, number>>;
  readonly receivedLogs: number;
  readonly duplicateLogs: number;
  readonly rejectedLogs: Readonly<Record<string, number>>;
  readonly droppedLogs: Readonly<Record<string, number>>;
  readonly receivedMetricPoints: number;
  readonly duplicateMetricPoints: number;
  readonly rejectedMetricPoints: Readonly<Record<string, number>>;
  readonly droppedMetricPoints: Readonly<Record<string, number>>;
  readonly bytesOnDisk: number;
  /** How many parts the store has, by the engine's own words for their state. */
  readonly partitions: Readonly<Record<string, number>>;
}

/** A part of the store that cannot be read; answers do without it until it is mended. */
export interface Damage {
  readonly partition: number;
  readonly code: StoreErrorCode;
  readonly message: string;
}

export interface StoreWriter {
  append(batch: Batch): Promise<AppendResult>;
  stats(): Promise<StoreStats>;
  /** Resolves when a write would succeed now; rejects with StoreError when not. */
  checkWritable(): Promise<void>;
  close(): Promise<void>;
}

/** What stitching asks, step by step. */
export interface StepReader {
  /** All spans of these traces, in order of arrival; at most `limit` in all. */
  spansOfTraces(traceIds: readonly TraceId[], limit: number): Promise<readonly SpanRecord[]>;
  /** Spans that produced or consumed any of these keys, in order of arrival; at most `limit` in all. */
  holdersOfKeys(identities: readonly StitchKeyIdentity[], limit: number): Promise<readonly KeyHolder[]>;
  /** Links from other spans to spans of these traces; at most `limit` in all. */
  linksToTraces(traceIds: readonly TraceId[], limit: number): Promise<readonly LinkHolder[]>;
}

/** What leads to a story, from whatever id somebody has. */
export interface SeedReader {
  /** Keys of any kind whose id is exactly this text (the `{id}` of a URL); at most `limit`. */
  keysWithId(id: string, limit: number): Promise<readonly StitchKey[]>;
  /** Traces that hold a span of this invocation, newest first; at most `limit`. */
  tracesOfRequest(requestId: string, limit: number): Promise<readonly TraceId[]>;
  /** Matching either list, oldest first; of one that came twice (lineName) the first. */
  logs(query: LogQuery): Promise<readonly LogRecord[]>;
}

/** As `asOfNow`; it remembers what it was asked, so that an answer that was made of it can be kept. */
export interface Inquiry extends StepReader, SeedReader {
  /**
   * Once all is asked: whether a new inquiry would be told the same. Cheap, and sure where it is true; false is also what two texts of
   * one hash make of it. It may be asked again later.
   */
  readonly isCurrent: () => Promise<boolean>;
  /** Of all records that it told by now, as they are stored; of one that it told twice, twice. */
  readonly bytes: number;
}

export interface StoreReader extends StepReader, SeedReader {
  /** For the many steps of one question: all that is stored by now, and of what arrives later perhaps nothing. */
  asOfNow(): StepReader;
  inquire(): Inquiry;
  /**
   * Traces with a span that holds this word, each once, in no order; perhaps a few others, too. undefined: more than `maxSpans`
   * spans hold it, or to tell would be to read more than one question may.
   */
  tracesWith(search: WordSearch): Promise<readonly TraceId[] | undefined>;
  /**
   * Traces that got spans after this checkpoint, oldest change first; from the beginning without one. `limit` bounds the
   * work, and it goes no further than `maxTraces`.
   */
  changedTraces(after: string | undefined, limit: number, maxTraces?: number): Promise<ChangedTraces>;
  /** What was removed and is not forgotten yet, one part after the other. `mark`: of the last part that was told of. */
  removalAfter(mark: string | undefined): Promise<Removal | undefined>;
  /** All that needs to know of it does. */
  forgetRemoval(removal: Removal): Promise<void>;
  /** Of these traces, those that surely have no span here. Cheap: no span is read. */
  absentTraces(traceIds: readonly TraceId[]): Promise<readonly TraceId[]>;
  /** How many stored spans lie after this checkpoint; all without one. Cheap: counts are read, no spans. */
  spansAfter(checkpoint: string | undefined): Promise<number>;
  /**
   * Newest first among what arrived in one stretch, the latest stretch first; bounded work, so an answer may be empty and
   * still have a cursor. One that came twice in a stretch (lineName) once. What arrives later changes no later page.
   */
  logsWith(search: LogSearch): Promise<LogHits>;
  /** Data points of one metric, in the order of `logsWith`; equal ones of one resource once. */
  metricPoints(search: MetricSearch): Promise<MetricHits>;
  /** The metrics that have points between these times, in no order, each name, kind and unit once; bounded work. */
  metricNames(bounds: { readonly from?: UnixNano; readonly to?: UnixNano }): Promise<MetricNames>;
  /** What was found to be damaged since this reader was opened: files when they are opened, blocks when they are read. */
  damage(): Promise<readonly Damage[]>;

  close(): Promise<void>;
}

/** Both, for whoever has no reason to keep them apart. */
export interface Store extends StoreWriter, StoreReader {
  close(): Promise<void>;
}
