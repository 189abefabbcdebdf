/** A span for the wire from what an importer knows of it; the rest is what OTLP calls unset. */
import type { Span } from "@mayfly/otlp";
import type { SpanId, TraceId } from "../model/ids.ts";

export interface KnownOfSpan extends Partial<Span> {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly name: string;
  readonly startTimeUnixNano: bigint;
}

/** Low bit: sampled. The next: it is known whether the parent is remote. The last: it is. */
export const LOCAL_PARENT = 0x101;
export const REMOTE_PARENT = 0x301;

export const wireSpan = (known: KnownOfSpan): Span => ({
  traceState: "",
  parentSpanId: "",
  kind: 1,
  endTimeUnixNano: 0n,
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  flags: LOCAL_PARENT,
  ...known,
});
