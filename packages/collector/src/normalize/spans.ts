/**
 * An OTLP span → a span record. Its own ids were judged when it arrived; bad ids of parents and links only lose what they
 * would have pointed at, and the wire keeps them.
 *
 * Source  opentelemetry-proto trace.proto (Span.trace_id, Span.flags); W3C Trace Context 3.2.2.3-4.
 */
import type { StitchKey } from "@mayfly/api";
import type { KeyValue, Span, SpanLink, Status } from "@mayfly/otlp";
import { type SpanId, type TraceId, isSpanId, isTraceId, spanPath } from "../model/ids.ts";
import { EVIDENCE, type LinkTarget, type SpanOrigin, type SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { isMessageKey, kindOfRecord, spanKey } from "../model/stitch-key.ts";
import { type AttributeReader, type IdReader, attributeReader } from "./attributes.ts";
import { isInitSpan } from "./init.ts";
import {
  DATADOG_FUNCTION_ARN,
  DATADOG_REQUEST_ID,
  FAAS_COLDSTART,
  FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  MAYFLY_EVIDENCE,
  MAYFLY_LINK,
  MAYFLY_LINK_INVOCATION,
  MAYFLY_IN_PROGRESS,
  MAYFLY_UNFINISHED,
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_MESSAGE_ID,
} from "./semconv.ts";
import { CLIENT, PRODUCER } from "./span-kind.ts";
import { STITCH_KEY_ATTRIBUTES, STITCH_KEY_TELLING_ATTRIBUTES, stitchKeysOf } from "./stitch-keys.ts";

const REMOTE_IS_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;
const STATUS_ERROR = 2;

/** `receivedAt` stands in where the span says no time at all. */
export const normalizedSpan = (wire: Span, origin: SpanOrigin, receivedAt: UnixNano): SpanRecord => {
  const traceId = wire.traceId as TraceId;
  const spanId = wire.spanId as SpanId;
  const parentSpanId = isSpanId(wire.parentSpanId) ? wire.parentSpanId : undefined;
  const { requestId, isError, isUnfinished, produced, consumed, links, isColdStart, evidence, batchCount } =
    saidBy(wire);
  // One shape for all spans: whoever reads a field then finds it at once, and what is absent costs no copy.
  return {
    traceId,
    spanId,
    parentSpanId,
    path: spanPath(traceId, spanId),
    parentPath: parentSpanId && spanPath(traceId, parentSpanId),
    origin,
    start: wire.startTimeUnixNano || wire.endTimeUnixNano || receivedAt,
    wire,
    requestId,
    parentIsRemote: (wire.flags & REMOTE_IS_KNOWN) !== 0 && (wire.flags & PARENT_IS_REMOTE) !== 0,
    isError,
    isUnfinished,
    isColdStart,
    evidence,
    batchCount,
    produced,
    consumed,
    links,
  };
};

type Said = SpanIds & Pick<SpanRecord, "isColdStart" | "evidence" | "batchCount">;

/** By its attributes, its links and its status. */
const saidBy = (wire: Span): Said => {
  if (wire.links.length === 0 && !wire.attributes.some(tellsSomething))
    return wire.status?.code === STATUS_ERROR ? ONLY_THAT_IT_FAILED : NOTHING;
  const attributes = attributeReader(wire.attributes);
  const ids = spanIdsOf(wire, attributes);
  const seenBy = attributes.text(MAYFLY_EVIDENCE);
  return {
    requestId: ids.requestId,
    isError: ids.isError,
    isUnfinished: ids.isUnfinished,
    produced: ids.produced.map(spanKey),
    consumed: ids.consumed.map(spanKey),
    links: ids.links,
    isColdStart: attributes.isTrue(FAAS_COLDSTART) && !isInitSpan(wire),
    evidence: EVIDENCE.find((one) => one === seenBy),
    batchCount: batchCount(wire, attributes, ids.consumed),
  };
};

const NOTHING: Said = {
  requestId: undefined,
  isError: false,
  isUnfinished: false,
  produced: [],
  consumed: [],
  links: [],
  isColdStart: false,
  evidence: undefined,
  batchCount: 0,
};
const ONLY_THAT_IT_FAILED: Said = { ...NOTHING, isError: true };

/** Every attribute of a span that an id, a stitch key or its failure is read from (spanIdsOf). */
export const SPAN_ID_ATTRIBUTES: readonly string[] = [
  ...new Set([
    ...FAAS_INVOCATION_ID,
    FAAS_INVOKED_NAME,
    MAYFLY_UNFINISHED,
    MAYFLY_IN_PROGRESS,
    ...STITCH_KEY_ATTRIBUTES,
  ]),
];

/** Those of them that say something by themselves: a span with none of them, without links and a status, says nothing. */
export const SPAN_TELLING_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...FAAS_INVOCATION_ID,
  DATADOG_REQUEST_ID,
  MAYFLY_IN_PROGRESS,
  MAYFLY_UNFINISHED,
  ...STITCH_KEY_TELLING_ATTRIBUTES,
]);

const TELLING_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...SPAN_TELLING_ATTRIBUTES,
  MAYFLY_EVIDENCE,
  FAAS_COLDSTART,
  MESSAGING_BATCH_MESSAGE_COUNT,
]);

const tellsSomething = ({ key }: KeyValue): boolean => TELLING_ATTRIBUTES.has(key);

/** What a span can be found by, and whether it failed. */
export type SpanIds = Pick<SpanRecord, "requestId" | "produced" | "consumed" | "links" | "isError" | "isUnfinished">;

/** What that is read from, beside SPAN_ID_ATTRIBUTES. */
type IdSource = Pick<Span, "kind" | "links"> & { readonly status?: Pick<Status, "code"> | undefined };

export const spanIdsOf = (wire: IdSource, attributes: IdReader): SpanIds => {
  const requestId = requestIdOf(wire, attributes);
  const wasCutOff = attributes.isTrue(MAYFLY_UNFINISHED);
  return {
    requestId,
    isError: wasCutOff || wire.status?.code === STATUS_ERROR,
    isUnfinished: wasCutOff || attributes.isTrue(MAYFLY_IN_PROGRESS),
    ...stitchKeysOf(wire, attributes),
    links: wire.links.length === 0 ? [] : wire.links.flatMap(linkTarget),
  };
};

/** A caller of Lambda carries the request id of the function it called, not its own. */
const requestIdOf = (wire: IdSource, attributes: IdReader): string | undefined =>
  wire.kind === CLIENT && attributes.text(FAAS_INVOKED_NAME) !== undefined
    ? undefined
    : (attributes.text(...FAAS_INVOCATION_ID) ?? datadogRequestId(attributes));

/** Its name is too common to be believed without the function's beside it. */
const datadogRequestId = (attributes: IdReader): string | undefined =>
  attributes.text(DATADOG_FUNCTION_ARN) === undefined ? undefined : attributes.text(DATADOG_REQUEST_ID);

/** One record can bring several ids, each of another kind (EventBridge in SNS in SQS), so kinds are counted apart. */
const batchCount = (wire: Span, attributes: AttributeReader, consumed: readonly StitchKey[]): number => {
  const said =
    wire.kind === PRODUCER || wire.kind === CLIENT ? undefined : attributes.count(MESSAGING_BATCH_MESSAGE_COUNT);
  if (said !== undefined || consumed.length === 0) return said ?? 0;
  const byKind = Map.groupBy(consumed.filter(isMessageKey), kindOfRecord);
  return Math.max(0, ...[...byKind.values()].map((keys) => keys.length));
};

const linkTarget = ({ traceId, spanId, attributes }: SpanLink): LinkTarget[] => {
  if (!isTraceId(traceId) || !isSpanId(spanId)) return [];
  const reader = attributeReader(attributes);
  const toInvocation = reader.text(MAYFLY_LINK) === MAYFLY_LINK_INVOCATION;
  const messageId = reader.text(...MESSAGING_MESSAGE_ID);
  return [{ traceId, spanId, toInvocation, ...(messageId !== undefined && { messageId }) }];
};
