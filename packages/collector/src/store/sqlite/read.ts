/**
 * Rows → records. Lists of ids travel as one JSON parameter (`json_each`), so that a statement is the same for one id
 * and for ten thousand, and no list meets SQLite's bound on parameters.
 *
 * Every statement searches an index; sqlite-store.test.ts asks the planner.
 */
import type { Database } from "better-sqlite3";
import type { StitchKey, StitchKeyKind } from "@mayfly/api";
import { StoreError } from "../../errors.ts";
import type { SpanId, TraceId } from "../../model/ids.ts";
import type { SpanOrigin, SpanRecord } from "../../model/span.ts";
import type { StitchKeyIdentity } from "../../model/stitch-key.ts";
import { holdsWord } from "../../model/attribute-words.ts";
import type {
  ChangedTraces,
  KeyHolder,
  LinkHolder,
  LogQuery,
  SpanHits,
  SpanSearch,
  Store,
  TraceEntry,
  TraceEntryQuery,
} from "../store.ts";
import { decodeLog, decodeOrigin, decodeSpan, idBlob, sqlNano } from "./rows.ts";

type Reads = Pick<
  Store,
  | "spansOfTraces"
  | "holdersOfKeys"
  | "keysWithId"
  | "tracesOfRequest"
  | "linksToTraces"
  | "traceEntries"
  | "spansWith"
  | "changedTraces"
  | "logs"
>;
type ManySpans = "spansOfTraces" | "spansWith";
/** The same without promises, because SQLite answers at once; but for spans, of which there may be many. */
export type SqliteReads = Pick<Reads, ManySpans> & {
  [name in Exclude<keyof Reads, ManySpans>]: (...args: Parameters<Reads[name]>) => Awaited<ReturnType<Reads[name]>>;
};

export const createReads = (db: Database): SqliteReads => {
  const originOf = createOriginRead(db);
  return {
    spansOfTraces: createSpanRead(db, originOf),
    logs: createLogRead(db, originOf),
    holdersOfKeys: createHolderRead(db),
    keysWithId: createKeyRead(db),
    tracesOfRequest: createRequestRead(db),
    linksToTraces: createLinkRead(db),
    traceEntries: createEntryRead(db),
    spansWith: createSpanSearch(db, originOf),
    changedTraces: createChangeRead(db),
  };
};

export const READ_STATEMENTS = {
  origin: "SELECT body FROM origins WHERE id = ?",
  spanSeqs: `SELECT seq FROM spans
    WHERE trace_id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY seq LIMIT ?`,
  spans: "SELECT origin_id, body FROM spans WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq",
  spansBefore: "SELECT seq, origin_id, body FROM spans WHERE seq < ? ORDER BY seq DESC LIMIT ?",
  changes: "SELECT seq, trace_id FROM spans WHERE seq > ? ORDER BY seq LIMIT ?",
  logs: `SELECT origin_id, body FROM logs
    WHERE trace_id IN (SELECT unhex(value) FROM json_each(?)) OR request_id IN (SELECT value FROM json_each(?))
    ORDER BY time_ns, seq LIMIT ?`,
  holders: `SELECT identity, side, kind, scope, id, trace_id, span_id FROM keys
    WHERE identity IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
  /** Of the names that one key was seen under, the first. */
  keys: "SELECT kind, scope, id, min(seq) FROM keys WHERE id = ? GROUP BY identity ORDER BY min(seq) LIMIT ?",
  tracesOfRequest: `SELECT trace_id FROM trace_requests JOIN traces USING (trace_id)
    WHERE request_id = ? ORDER BY start_ns DESC, trace_id DESC LIMIT ?`,
  links: `SELECT target_trace_id, target_span_id, trace_id, span_id FROM links
    WHERE target_trace_id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY seq LIMIT ?`,
  entries: `SELECT trace_id, start_ns FROM traces
    WHERE start_ns BETWEEN ? AND ? AND (start_ns, trace_id) < (?, ?) ORDER BY start_ns DESC, trace_id DESC LIMIT ?`,
} as const;

interface RecordRow {
  readonly origin_id: number;
  readonly body: string;
}

type OriginRead = (id: number) => SpanOrigin;

/** Origins never change, and spans that share one should share the object. */
const createOriginRead = (db: Database): OriginRead => {
  const select = db.prepare<[number], string>(READ_STATEMENTS.origin).pluck();
  const known = new Map<number, SpanOrigin>();
  const decoded = (id: number): SpanOrigin => {
    const body = select.get(id);
    if (body === undefined) throw new StoreError("store-failed", `mayfly.db is damaged: origin ${id} is missing`);
    return decodeOrigin(body);
  };
  return (id) => {
    const origin = known.get(id) ?? decoded(id);
    if (known.size >= MAX_KNOWN_ORIGINS) known.clear();
    known.set(id, origin);
    return origin;
  };
};
const MAX_KNOWN_ORIGINS = 10_000;

/** Decoding a span takes some 20 µs: after this many whoever else waits is served. */
const SPANS_PER_TURN = 1_000;

const createSpanRead = (db: Database, originOf: OriginRead): SqliteReads["spansOfTraces"] => {
  const selectSeqs = db.prepare<[string, number], number>(READ_STATEMENTS.spanSeqs).pluck();
  const select = db.prepare<[string], RecordRow>(READ_STATEMENTS.spans);
  return async (traceIds, limit) => {
    const seqs = selectSeqs.all(JSON.stringify(traceIds), limit);
    const spans: SpanRecord[] = [];
    for (let from = 0; from < seqs.length; from += SPANS_PER_TURN) {
      if (from > 0) await new Promise((resolve) => void setImmediate(resolve));
      for (const row of select.all(JSON.stringify(seqs.slice(from, from + SPANS_PER_TURN))))
        spans.push(decodeSpan(row.body, originOf(row.origin_id)));
    }
    return spans;
  };
};

/** One question reads no more spans than this. */
const MOST_SEARCHED = 20_000;

/** There is no index over words here: spans are read, latest first. */
const createSpanSearch = (db: Database, originOf: OriginRead): SqliteReads["spansWith"] => {
  const select = db.prepare<[number, number], RecordRow & { seq: number }>(READ_STATEMENTS.spansBefore);
  return async ({ words, from = 0n, to = LAST.start, limit, cursor }: SpanSearch): Promise<SpanHits> => {
    const spans: SpanRecord[] = [];
    let before = Number(cursor ?? Number.MAX_SAFE_INTEGER);
    for (let read = 0; read < MOST_SEARCHED; read += SPANS_PER_TURN) {
      if (read > 0) await new Promise((resolve) => void setImmediate(resolve));
      const rows = select.all(before, SPANS_PER_TURN);
      for (const { seq, body, origin_id } of rows) {
        const span = decodeSpan(body, originOf(origin_id));
        before = seq;
        if (span.start < from || span.start > to || !words.every((word) => holdsWord(span, word))) continue;
        spans.push(span);
        if (spans.length >= limit) return { spans, cursor: String(before) };
      }
      if (rows.length < SPANS_PER_TURN) return { spans };
    }
    return { spans, cursor: String(before) };
  };
};

const createChangeRead = (db: Database): SqliteReads["changedTraces"] => {
  const select = db.prepare<[number, number], { seq: number; trace_id: Buffer }>(READ_STATEMENTS.changes);
  return (after = "0", limit): ChangedTraces => {
    const rows = select.all(Number(after), limit);
    return {
      traceIds: [...new Set(rows.map((row) => traceIdOf(row.trace_id)))],
      checkpoint: String(rows.at(-1)?.seq ?? after),
    };
  };
};

const createLogRead = (db: Database, originOf: OriginRead): SqliteReads["logs"] => {
  const select = db.prepare<[string, string, number], RecordRow>(READ_STATEMENTS.logs);
  return ({ traceIds = [], requestIds = [], limit }: LogQuery) =>
    select
      .all(JSON.stringify(traceIds), JSON.stringify(requestIds), limit)
      .map((row) => decodeLog(row.body, originOf(row.origin_id)));
};

interface KeyRow {
  readonly kind: StitchKeyKind;
  readonly scope: string | null;
  readonly id: string;
}

const stitchKey = ({ kind, scope, id }: KeyRow): StitchKey => ({ kind, ...(scope !== null && { scope }), id });

const createHolderRead = (db: Database): SqliteReads["holdersOfKeys"] => {
  type Row = KeyRow & { identity: StitchKeyIdentity; side: KeyHolder["side"]; trace_id: Buffer; span_id: Buffer };
  const select = db.prepare<[string, number], Row>(READ_STATEMENTS.holders);
  return (identities, limit) =>
    select.all(JSON.stringify(identities), limit).map((row) => ({
      identity: row.identity,
      key: stitchKey(row),
      side: row.side,
      ...spanRef(row.trace_id, row.span_id),
    }));
};

const createKeyRead = (db: Database): SqliteReads["keysWithId"] => {
  const select = db.prepare<[string, number], KeyRow>(READ_STATEMENTS.keys);
  return (id, limit) => select.all(id, limit).map(stitchKey);
};

const createRequestRead = (db: Database): SqliteReads["tracesOfRequest"] => {
  const select = db.prepare<[string, number], Buffer>(READ_STATEMENTS.tracesOfRequest).pluck();
  return (requestId, limit) => select.all(requestId, limit).map(traceIdOf);
};

const createLinkRead = (db: Database): SqliteReads["linksToTraces"] => {
  type Row = { target_trace_id: Buffer; target_span_id: Buffer; trace_id: Buffer; span_id: Buffer };
  const select = db.prepare<[string, number], Row>(READ_STATEMENTS.links);
  return (traceIds, limit): LinkHolder[] =>
    select.all(JSON.stringify(traceIds), limit).map((row) => ({
      ...spanRef(row.trace_id, row.span_id),
      target: spanRef(row.target_trace_id, row.target_span_id),
    }));
};

const createEntryRead = (db: Database): SqliteReads["traceEntries"] => {
  type Row = { trace_id: Buffer; start_ns: bigint };
  const select = db.prepare<unknown[], Row>(READ_STATEMENTS.entries).safeIntegers();
  return ({ from = 0n, to = LAST.start, after = LAST, limit }: TraceEntryQuery): TraceEntry[] => {
    const last = after.start < to ? after.start : to; // so that a late page does not begin its search at the first
    return select
      .all(sqlNano(from), sqlNano(last), sqlNano(after.start), idBlob(after.traceId), limit)
      .map((row) => ({ traceId: traceIdOf(row.trace_id), start: row.start_ns }));
  };
};

/** Sorts behind every entry there can be: the id is longer than any. */
const LAST: TraceEntry = { start: 2n ** 64n, traceId: "ff".repeat(17) as TraceId };

const traceIdOf = (blob: Buffer): TraceId => blob.toString("hex") as TraceId;

const spanRef = (traceId: Buffer, spanId: Buffer): { readonly traceId: TraceId; readonly spanId: SpanId } => ({
  traceId: traceIdOf(traceId),
  spanId: spanId.toString("hex") as SpanId,
});
