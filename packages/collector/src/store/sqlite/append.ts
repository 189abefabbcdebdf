/**
 * One batch → rows, inside the caller's transaction: the records, the indexes over them and the ledger's counters
 * change together or not at all.
 */
import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { LogRecord } from "../../model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../../model/span.ts";
import { stitchKeyIdentity } from "../../model/stitch-key.ts";
import type { AppendResult, Batch } from "../store.ts";
import { createLedger } from "./ledger.ts";
import { createRequestMemory } from "./request-memory.ts";
import { encodeLog, encodeOrigin, encodeSpan, idBlob, sqlNano } from "./rows.ts";

export const createAppend = (db: Database): ((batch: Batch) => AppendResult) => {
  const ledger = createLedger(db);
  const isRepeated = createRequestMemory(db);
  const insertSpan = createSpanInsert(db);
  const insertLog = createLogInsert(db);
  const originId = createOriginInsert(db);

  const store = (batch: Batch): AppendResult => {
    const idOf = memo(originId);
    const added = { traces: 0, invocations: 0, logs: 0 };
    for (const span of batch.spans) {
      const { isNewTrace, isNewInvocation } = insertSpan(span, idOf(span.origin));
      added.traces += Number(isNewTrace);
      added.invocations += Number(isNewInvocation);
    }
    for (const log of batch.logs) added.logs += Number(insertLog(log, idOf(log.origin)));
    ledger.count("spans", batch.spans.length);
    ledger.count("traces", added.traces);
    ledger.count("invocations", added.invocations);
    ledger.count("logs", added.logs);
    ledger.count("duplicateLogs", batch.logs.length - added.logs);
    return "stored";
  };

  const skip = (batch: Batch): AppendResult => {
    ledger.count("duplicateSpans", batch.spans.length);
    ledger.count("duplicateLogs", batch.logs.length);
    return "duplicate";
  };

  return (batch) => {
    ledger.countReceived(batch);
    return isRepeated(batch.requestDigest, batch.receivedAt) ? skip(batch) : store(batch);
  };
};

const memo = (originId: (origin: SpanOrigin) => bigint): ((origin: SpanOrigin) => bigint) => {
  const known = new Map<SpanOrigin, bigint>();
  return (origin) => {
    const id = known.get(origin) ?? originId(origin);
    known.set(origin, id);
    return id;
  };
};

const createOriginInsert = (db: Database): ((origin: SpanOrigin) => bigint) => {
  const find = db.prepare<[Buffer], bigint>("SELECT id FROM origins WHERE digest = ?").pluck().safeIntegers();
  const insert = db.prepare<[Buffer, string]>("INSERT INTO origins (digest, body) VALUES (?, ?)").safeIntegers();
  return (origin) => {
    const body = encodeOrigin(origin);
    const digest = createHash("sha256").update(body).digest();
    return find.get(digest) ?? BigInt(insert.run(digest, body).lastInsertRowid);
  };
};

interface Novelty {
  readonly isNewTrace: boolean;
  readonly isNewInvocation: boolean;
}

const createSpanInsert = (db: Database): ((span: SpanRecord, originId: bigint) => Novelty) => {
  const insert = db.prepare("INSERT INTO spans (trace_id, origin_id, body) VALUES (?, ?, ?)");
  const findTrace = db
    .prepare<[Buffer], bigint>("SELECT start_ns FROM traces WHERE trace_id = ?")
    .pluck()
    .safeIntegers();
  const putTrace = db.prepare("REPLACE INTO traces (trace_id, start_ns) VALUES (?, ?)");
  const findRequest = db.prepare("SELECT 1 FROM trace_requests WHERE request_id = ? LIMIT 1");
  const insertRequest = db.prepare("INSERT OR IGNORE INTO trace_requests (request_id, trace_id) VALUES (?, ?)");
  const insertKey = db.prepare(
    "INSERT INTO keys (identity, side, kind, scope, id, trace_id, span_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const insertLink = db.prepare(
    "INSERT INTO links (target_trace_id, target_span_id, trace_id, span_id) VALUES (?, ?, ?, ?)",
  );

  const indexTrace = (traceId: Buffer, start: bigint): boolean => {
    const known = findTrace.get(traceId);
    if (known === undefined || start < known) putTrace.run(traceId, start);
    return known === undefined;
  };
  const indexRequest = (requestId: string | undefined, traceId: Buffer): boolean => {
    if (requestId === undefined) return false;
    const isNew = findRequest.get(requestId) === undefined;
    insertRequest.run(requestId, traceId);
    return isNew;
  };

  return (span, originId) => {
    const traceId = idBlob(span.traceId);
    const spanId = idBlob(span.spanId);
    insert.run(traceId, originId, encodeSpan(span));
    for (const side of ["produced", "consumed"] as const) {
      for (const key of span[side]) {
        insertKey.run(stitchKeyIdentity(key), side, key.kind, key.scope ?? null, key.id, traceId, spanId);
      }
    }
    for (const link of span.links) insertLink.run(idBlob(link.traceId), idBlob(link.spanId), traceId, spanId);
    return {
      isNewTrace: indexTrace(traceId, sqlNano(span.start)),
      isNewInvocation: indexRequest(span.requestId, traceId),
    };
  };
};

/** false: the same line is there already (index logs_once). */
const createLogInsert = (db: Database): ((log: LogRecord, originId: bigint) => boolean) => {
  const insert = db.prepare(
    "INSERT OR IGNORE INTO logs (time_ns, trace_id, request_id, line_seq, origin_id, body) VALUES (?, ?, ?, ?, ?, ?)",
  );
  return (log, originId) => {
    const traceId = log.traceId === undefined ? null : idBlob(log.traceId);
    const line = [log.requestId ?? null, log.seq ?? null] as const;
    return insert.run(sqlNano(log.time), traceId, ...line, originId, encodeLog(log)).changes > 0;
  };
};
