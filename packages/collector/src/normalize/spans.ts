/**
 * OTLP spans → span records.
 *
 * Out     every span whose ids name it, in the order sent; the others counted by reason, so that a bad span does not
 *         sink its batch. Bad ids of parents and links only lose what they would have pointed at; the wire keeps them.
 * Source  opentelemetry-proto trace.proto (Span.trace_id, Span.flags); W3C Trace Context 3.2.2.3-4.
 */
import type { StitchKey } from "@mayfly/api";
import type { Span, SpanLink, TracesData } from "@mayfly/otlp";
import { isSpanId, isTraceId } from "../model/ids.ts";
import type { LinkTarget, SpanOrigin, SpanRecord } from "../model/span.ts";
import type { UnixNano } from "../model/time.ts";
import { isMessageKey } from "../model/stitch-key.ts";
import { type AttributeReader, attributeReader } from "./attributes.ts";
import { spanOrigin } from "./origin.ts";
import {
  FAAS_COLDSTART,
  FAAS_INVOCATION_ID,
  FAAS_INVOKED_NAME,
  MAYFLY_LINK,
  MAYFLY_LINK_INVOCATION,
  MAYFLY_UNFINISHED,
  MESSAGING_BATCH_MESSAGE_COUNT,
} from "./semconv.ts";
import { CLIENT, INTERNAL, PRODUCER } from "./span-kind.ts";
import { stitchKeysOf } from "./stitch-keys.ts";

type SpanRejection = "invalid-trace-id" | "invalid-span-id";

export interface NormalizedSpans {
  readonly spans: readonly SpanRecord[];
  readonly rejected: Readonly<Partial<Record<SpanRejection, number>>>;
}

export const normalizeSpans = (data: TracesData, receivedAt: UnixNano): NormalizedSpans => {
  const spans: SpanRecord[] = [];
  const rejected: Partial<Record<SpanRejection, number>> = {};
  for (const { resource, schemaUrl: resourceSchemaUrl, scopeSpans } of data.resourceSpans) {
    for (const { scope, schemaUrl: scopeSchemaUrl, spans: wires } of scopeSpans) {
      const origin = spanOrigin({ resource, resourceSchemaUrl, scope, scopeSchemaUrl });
      for (const wire of wires) {
        const record = spanRecord(wire, origin, receivedAt);
        if (typeof record === "string") rejected[record] = (rejected[record] ?? 0) + 1;
        else spans.push(record);
      }
    }
  }
  return { spans, rejected };
};

const REMOTE_IS_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;
const STATUS_ERROR = 2;

const spanRecord = (wire: Span, origin: SpanOrigin, receivedAt: UnixNano): SpanRecord | SpanRejection => {
  const { traceId, spanId, parentSpanId } = wire;
  if (!isTraceId(traceId)) return "invalid-trace-id";
  if (!isSpanId(spanId)) return "invalid-span-id";
  const attributes = attributeReader(wire.attributes);
  const requestId = requestIdOf(wire, attributes);
  const keys = stitchKeysOf(wire, attributes);
  const isUnfinished = attributes.isTrue(MAYFLY_UNFINISHED);
  return {
    traceId,
    spanId,
    ...(isSpanId(parentSpanId) && { parentSpanId }),
    origin,
    start: wire.startTimeUnixNano || wire.endTimeUnixNano || receivedAt,
    wire,
    ...(requestId !== undefined && { requestId }),
    parentIsRemote: (wire.flags & REMOTE_IS_KNOWN) !== 0 && (wire.flags & PARENT_IS_REMOTE) !== 0,
    isError: isUnfinished || wire.status?.code === STATUS_ERROR,
    isUnfinished,
    isColdStart: attributes.isTrue(FAAS_COLDSTART) && !isInit(wire),
    batchCount: batchCount(wire, attributes, keys.consumed),
    ...keys,
    links: wire.links.flatMap(linkTarget),
  };
};

/** Our SDK's span of the init phase: it has the mark as well, and is no second cold start. */
const isInit = ({ kind, name }: Span): boolean => kind === INTERNAL && name === "init";

/** A caller of Lambda carries the request id of the function it called, not its own. */
const requestIdOf = (wire: Span, attributes: AttributeReader): string | undefined =>
  wire.kind === CLIENT && attributes.text(FAAS_INVOKED_NAME) !== undefined
    ? undefined
    : attributes.text(...FAAS_INVOCATION_ID);

/** One record can bring several ids, each of another kind (EventBridge in SNS in SQS), so kinds are counted apart. */
const batchCount = (wire: Span, attributes: AttributeReader, consumed: readonly StitchKey[]): number => {
  const said =
    wire.kind === PRODUCER || wire.kind === CLIENT ? undefined : attributes.count(MESSAGING_BATCH_MESSAGE_COUNT);
  const byKind = Map.groupBy(consumed.filter(isMessageKey), (key) => key.kind);
  return said ?? Math.max(0, ...[...byKind.values()].map((keys) => keys.length));
};

const linkTarget = ({ traceId, spanId, attributes }: SpanLink): LinkTarget[] => {
  if (!isTraceId(traceId) || !isSpanId(spanId)) return [];
  const toInvocation = attributeReader(attributes).text(MAYFLY_LINK) === MAYFLY_LINK_INVOCATION;
  return [{ traceId, spanId, toInvocation }];
};
