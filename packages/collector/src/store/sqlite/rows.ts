/**
 * Records ↔ rows. What arrived is kept in OTLP's JSON mapping, which says everything that the wire can; what
 * normalizing read off it stands beside it, so that reading needs no second opinion.
 */
import {
  logRecordFromJson,
  logRecordToJson,
  resourceFromJson,
  resourceToJson,
  scopeFromJson,
  scopeToJson,
  spanFromJson,
  spanToJson,
} from "@mayfly/otlp";
import type { LogRecord } from "../../model/log-record.ts";
import type { SpanOrigin, SpanRecord } from "../../model/span.ts";
import type { UnixNano } from "../../model/time.ts";

/** The origin has a row of its own. */
const ELSEWHERE = { origin: undefined };

/** The start is written only where the wire has another, which is almost never. */
export const encodeSpan = (span: SpanRecord): string => {
  const start = span.start === span.wire.startTimeUnixNano ? undefined : String(span.start);
  return JSON.stringify({ ...span, ...ELSEWHERE, start, wire: spanToJson(span.wire) });
};

export const decodeSpan = (body: string, origin: SpanOrigin): SpanRecord => {
  const { wire, start, ...facts } = JSON.parse(body) as Omit<SpanRecord, "origin" | "start" | "wire"> & {
    wire: unknown;
    start?: string;
  };
  const span = spanFromJson(wire);
  return { ...facts, origin, start: start === undefined ? span.startTimeUnixNano : BigInt(start), wire: span };
};

export const encodeLog = (log: LogRecord): string =>
  JSON.stringify({ ...log, ...ELSEWHERE, time: String(log.time), wire: logRecordToJson(log.wire) });

export const decodeLog = (body: string, origin: SpanOrigin): LogRecord => {
  const { wire, time, ...facts } = JSON.parse(body) as Omit<LogRecord, "origin" | "wire" | "time"> & {
    wire: unknown;
    time: string;
  };
  return { ...facts, time: BigInt(time), origin, wire: logRecordFromJson(wire) };
};

export const encodeOrigin = ({ resource, scope, ...facts }: SpanOrigin): string =>
  JSON.stringify({
    ...facts,
    ...(resource && { resource: resourceToJson(resource) }),
    ...(scope && { scope: scopeToJson(scope) }),
  });

export const decodeOrigin = (body: string): SpanOrigin => {
  const { resource, scope, ...facts } = JSON.parse(body) as Omit<SpanOrigin, "resource" | "scope"> & {
    resource?: unknown;
    scope?: unknown;
  };
  return {
    ...facts,
    ...(resource !== undefined && { resource: resourceFromJson(resource) }),
    ...(scope !== undefined && { scope: scopeFromJson(scope) }),
  };
};

/** SQLite's INTEGER ends at 2^63-1; a later time (a broken clock) sorts last, its body stays exact. */
const LAST_NANO = 2n ** 63n - 1n;
export const sqlNano = (time: UnixNano): bigint => (time > LAST_NANO ? LAST_NANO : time);

export const idBlob = (hex: string): Buffer => Buffer.from(hex, "hex");
