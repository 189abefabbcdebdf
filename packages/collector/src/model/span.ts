/**
 * A span as Mayfly works with it: the wire span, untouched, in its surroundings, with what stitching needs read off
 * it once, when it arrived.
 */
import type { StitchKey } from "@mayfly/api";
import type * as otlp from "@mayfly/otlp";
import type { SpanId, SpanPath, TraceId } from "./ids.ts";
import type { UnixNano } from "./time.ts";

/** Resource and scope of a span, shared by all spans that came with them. */
export interface SpanOrigin {
  readonly resource?: otlp.Resource;
  readonly resourceSchemaUrl: string;
  readonly scope?: otlp.InstrumentationScope;
  readonly scopeSchemaUrl: string;
  /** Digest of the resource alone (attributes in the order sent): equal for spans of one execution environment. */
  readonly resourceId: string;
  readonly serviceName?: string;
  /** `faas.name`, else `service.name`. */
  readonly functionName?: string;
}

/** The `mayfly.link` attribute of a link: `invocation` points from a record span to the invocation it ran in. */
export interface LinkTarget {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly toInvocation: boolean;
  /** Of the message that carried the context, where the link says it. */
  readonly messageId?: string;
}

/** Who saw an invocation from outside: Lambda itself, or X-Ray. */
export const EVIDENCE = ["platform", "xray"] as const;
export type Evidence = (typeof EVIDENCE)[number];

export interface SpanRecord {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly parentSpanId?: SpanId | undefined;
  readonly path: SpanPath;
  /** As it names it: whether that is here or not. */
  readonly parentPath?: SpanPath | undefined;
  readonly origin: SpanOrigin;
  /** `startTimeUnixNano`, else `endTimeUnixNano`, else the time of arrival: 0 is how OTLP says that none was set. */
  readonly start: UnixNano;
  /** As it arrived; what `?format=otlp` gives back. */
  readonly wire: otlp.Span;
  /** `faas.invocation_id` (or an older spelling) on this very span. */
  readonly requestId?: string | undefined;
  /** The sender said so (flag 0x200 of known flags). */
  readonly parentIsRemote: boolean;
  /** Its status says so, or it did not finish. */
  readonly isError: boolean;
  /**
   * Sent as it stood near the function's timeout (`mayfly.unfinished`), or imported while it ran (`mayfly.in_progress`); where it ended
   * after all, it comes again without.
   */
  readonly isUnfinished: boolean;
  readonly isColdStart: boolean;
  /** Made here of what somebody saw of an invocation, and not sent by it. */
  readonly evidence?: Evidence | undefined;
  /** `messaging.batch.message_count`, else how many messages of the commonest kind it consumed. */
  readonly batchCount: number;
  readonly produced: readonly StitchKey[];
  readonly consumed: readonly StitchKey[];
  readonly links: readonly LinkTarget[];
}
