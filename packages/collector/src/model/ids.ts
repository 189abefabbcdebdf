/**
 * Trace and span ids, branded so that one cannot stand where the other belongs.
 *
 * Shapes  TraceId 32, SpanId 16 lower-case hex digits, never all zero (W3C Trace Context, sections 3.2.2.3-4).
 */
declare const brand: unique symbol;

export type TraceId = string & { readonly [brand]: "TraceId" };
export type SpanId = string & { readonly [brand]: "SpanId" };

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

export const isTraceId = (text: string): text is TraceId => TRACE_ID.test(text);
export const isSpanId = (text: string): text is SpanId => SPAN_ID.test(text);

/** Names one span among all: `<traceId>.<spanId>`. Also the id of a unit (its local root's). */
export type SpanPath = `${TraceId}.${SpanId}`;

export const spanPath = (traceId: TraceId, spanId: SpanId): SpanPath => `${traceId}.${spanId}`;

export const traceOf = (path: SpanPath): TraceId => path.slice(0, 32) as TraceId;
