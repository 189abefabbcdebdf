/** From the contract's words to what the pages draw: the one place where decimal strings become numbers. */
import type { LogRecord, Span, TraceDetail } from "@mayfly/api";
import {
  EXCEPTION_EVENT,
  EXCEPTION_MESSAGE,
  EXCEPTION_TYPE,
  FAAS_COLDSTART,
  MAYFLY_INIT_DURATION_MS,
} from "../model/semconv.ts";
import { type LogView, type SpanView, type TraceView, pathOf } from "../model/trace-view.ts";

export const reviveTrace = (detail: TraceDetail): TraceView => {
  const { spans, joins, gaps, ...head } = detail;
  const startTimeUnixNano = BigInt(detail.startTimeUnixNano);
  const views = spans.map((span) => reviveSpan(span, startTimeUnixNano)).toSorted((a, b) => a.startNs - b.startNs);
  const spanAt = new Map<string, SpanView>();
  for (const view of views) if (!spanAt.has(view.path)) spanAt.set(view.path, view);
  return { head, startTimeUnixNano, durationNs: detail.durationNs, spans: views, spanAt, joins, gaps };
};

const reviveSpan = (span: Span, origin: bigint): SpanView => {
  const startNs = Number(BigInt(span.startTimeUnixNano) - origin);
  const isError = span.status.code === "error";
  const text = isError ? errorText(span) : undefined;
  const initMs = span.attributes[MAYFLY_INIT_DURATION_MS];
  return {
    path: pathOf(span),
    span,
    startNs,
    endNs: startNs + span.durationNs,
    isError,
    ...(text !== undefined && { errorText: text }),
    isColdStart: span.attributes[FAAS_COLDSTART] === true,
    ...(typeof initMs === "number" && { initNs: initMs * 1e6 }),
  };
};

const errorText = ({ status, events }: Span): string | undefined => {
  if (status.message !== undefined && status.message !== "") return status.message;
  const exception = events.find((event) => event.name === EXCEPTION_EVENT)?.attributes;
  const parts = [exception?.[EXCEPTION_TYPE], exception?.[EXCEPTION_MESSAGE]].filter(
    (part) => typeof part === "string",
  );
  return parts.length > 0 ? parts.join(": ") : undefined;
};

export const reviveLogs = (records: readonly LogRecord[], origin: bigint): readonly LogView[] =>
  records
    .map((record) => ({ record, atNs: Number(BigInt(record.timeUnixNano) - origin) }))
    .toSorted((a, b) => a.atNs - b.atNs);

/** Milliseconds since 1970, as Date wants them. */
export const unixMs = (unixNano: string): number => Number(BigInt(unixNano) / 1_000_000n);
