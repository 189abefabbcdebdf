/**
 * A segment document, as BatchGetTraces gives it → the segment and its subsegments, one after the other.
 *
 * In      JSON text of a segment with subsegments nested to any depth, or of a subsegment sent alone.
 * Out     Segment[], enclosing before enclosed; what is wrong is a problem each, and the rest is there.
 * Errors  none.
 * Source  AWS X-Ray developer guide, "Segment documents".
 */
import { isSpanId, type SpanId, type TraceId } from "../../model/ids.ts";
import type { UnixNano } from "../../model/time.ts";
import { traceIdOfRoot } from "../../model/xray-header.ts";
import { type Fields, fieldsOf, isTrue, textOf } from "../json-fields.ts";
import { Seconds, unixNanoOf } from "./seconds.ts";

export interface Segment {
  readonly traceId: TraceId;
  readonly id: SpanId;
  readonly parentId?: SpanId;
  readonly name: string;
  readonly start: UnixNano;
  /** Absent while it is in progress. */
  readonly end?: UnixNano;
  readonly isSubsegment: boolean;
  /** As they stand in the document, not judged. */
  readonly fields: Fields;
}

export interface ReadDocument {
  readonly segments: readonly Segment[];
  readonly problems: readonly string[];
}

/** More than any document has room for: a trace is at most 500 kB. */
const MAX_SEGMENTS = 10_000;

export const readDocument = (text: string, traceId: TraceId): ReadDocument => {
  const document = parsed(text);
  if (document === undefined)
    return { segments: [], problems: ["is no JSON object, or is nested too deep to be read"] };
  const segments: Segment[] = [];
  const problems: string[] = [];
  const own = traceIdOfRoot(textOf(document["trace_id"]) ?? "") ?? traceId;
  const open: { readonly fields: Fields; readonly above?: SpanId }[] = [{ fields: document }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { fields, above } = next;
    const segment = segmentOf(fields, own, above);
    if (typeof segment === "string") {
      problems.push(segment);
      continue;
    }
    if (segments.push(segment) === MAX_SEGMENTS) {
      problems.push(`has more than ${MAX_SEGMENTS} subsegments`);
      break;
    }
    for (const one of listOf(fields["subsegments"]).toReversed()) {
      const below = fieldsOf(one);
      if (below === undefined) problems.push(`subsegment of ${segment.id} is no object`);
      else open.push({ fields: below, above: segment.id });
    }
  }
  return { segments, problems };
};

const TIMES = new Set(["start_time", "end_time"]);

const parsed = (text: string): Fields | undefined => {
  try {
    const keepDigits = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
      typeof value === "number" && TIMES.has(key) ? new Seconds(context?.source ?? String(value)) : value;
    return fieldsOf(JSON.parse(text, keepDigits));
  } catch {
    return undefined; // not JSON, or deeper than the stack
  }
};

const segmentOf = (fields: Fields, traceId: TraceId, above: SpanId | undefined): Segment | string => {
  const id = (textOf(fields["id"]) ?? "").toLowerCase();
  if (!isSpanId(id)) return `has an id that is not 16 hex digits: ${quoted(fields["id"])}`;
  const start = timeOf(fields["start_time"]);
  if (start === undefined) return `segment ${id} has no start_time: ${quoted(fields["start_time"])}`;
  const end = isTrue(fields["in_progress"]) ? undefined : timeOf(fields["end_time"]);
  const parentId = above ?? (textOf(fields["parent_id"]) ?? "").toLowerCase();
  return {
    traceId,
    id,
    ...(isSpanId(parentId) && parentId !== id && { parentId }),
    name: textOf(fields["name"]) ?? "segment",
    start,
    ...(end !== undefined && { end }),
    isSubsegment: above !== undefined || fields["type"] === "subsegment",
    fields,
  };
};

export const timeOf = (value: unknown): UnixNano | undefined => {
  if (value instanceof Seconds) return unixNanoOf(value.digits);
  return typeof value === "string" ? unixNanoOf(value) : undefined;
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const quoted = (value: unknown): string => (JSON.stringify(value) ?? "absent").slice(0, 60);
