/** From the contract's words to what the pages draw: the one place where decimal strings become numbers. */
import type { LogRecord, PathStep, Span, TraceDetail } from "@mayfly/api";
import {
  EXCEPTION_EVENT,
  EXCEPTION_MESSAGE,
  EXCEPTION_TYPE,
  FAAS_COLDSTART,
  MAYFLY_INIT_DURATION_MS,
  MAYFLY_UNFINISHED,
} from "../model/semconv.ts";
import { platformErrorText } from "../model/platform.ts";
import { type LogView, type PathStepView, type SpanView, type TraceView, pathOf } from "../model/trace-view.ts";

export const reviveTrace = (detail: TraceDetail): TraceView => {
  const { spans, joins, gaps, criticalPath = [], ...head } = detail;
  const startTimeUnixNano = BigInt(detail.startTimeUnixNano);
  const inits = new Map(spans.filter(isInit).map((span) => [`${span.traceId}.${span.parentSpanId}`, span]));
  const views = spans
    .map((span) => reviveSpan(span, startTimeUnixNano, inits.get(pathOf(span))))
    .toSorted((a, b) => a.startNs - b.startNs);
  const spanAt = new Map<string, SpanView>();
  for (const view of views) if (!spanAt.has(view.path)) spanAt.set(view.path, view);
  return {
    head,
    startTimeUnixNano,
    durationNs: detail.durationNs,
    spans: views,
    spanAt,
    joins,
    gaps,
    criticalPath: criticalPath.map((step) => revivePathStep(step, startTimeUnixNano)),
  };
};

/** By the corrected clock. */
const sinceOrigin = (
  { startTimeUnixNano, clockOffsetNs = 0 }: Pick<Span, "startTimeUnixNano" | "clockOffsetNs">,
  origin: bigint,
): number => Number(BigInt(startTimeUnixNano) - origin) + clockOffsetNs;

const revivePathStep = (step: PathStep, origin: bigint): PathStepView => {
  const fromNs = sinceOrigin(step, origin);
  return { path: pathOf(step), is: step.is, fromNs, toNs: fromNs + step.durationNs };
};

const reviveSpan = (span: Span, origin: bigint, init: Span | undefined): SpanView => {
  const startNs = sinceOrigin(span, origin);
  const platformError = span.platform && platformErrorText(span.platform);
  const isError = span.status.code === "error" || isUnfinished(span) || platformError !== undefined;
  const text = isError ? errorText(span, platformError) : undefined;
  const initMs = span.attributes[MAYFLY_INIT_DURATION_MS] ?? platformInitMs(span);
  return {
    path: pathOf(span),
    span,
    startNs,
    endNs: startNs + span.durationNs,
    ...(span.clockOffsetNs !== undefined && { clockOffsetNs: span.clockOffsetNs }),
    isError,
    ...(text !== undefined && { errorText: text }),
    isColdStart: (span.attributes[FAAS_COLDSTART] === true && !isInit(span)) || platformInitMs(span) !== undefined,
    ...(typeof initMs === "number" && { initNs: initMs * 1e6 }),
    ...(init && { initStartNs: sinceOrigin(init, origin) }),
    isInit: isInit(span),
  };
};

/** The SDK's span of the init phase: it has the mark as well, and is no second cold start. */
const isInit = ({ kind, name }: Span): boolean => kind === "internal" && name === "init";

const isUnfinished = ({ attributes }: Span): boolean => attributes[MAYFLY_UNFINISHED] === true;

const NOT_FINISHED = "not finished: the function's timeout was near";

const platformInitMs = ({ platform }: Span): number | undefined =>
  platform?.initDurationMs ?? platform?.restoreDurationMs;

/** A timeout or a kill that Lambda tells is more than what a span said while it was still open. */
const errorText = (span: Span, platformError: string | undefined): string | undefined => {
  const { status, events } = span;
  if (span.evidence === "platform" && platformError !== undefined) return platformError;
  if (isUnfinished(span)) return platformError ?? NOT_FINISHED;
  if (status.message !== undefined && status.message !== "") return status.message;
  const exception = events.find((event) => event.name === EXCEPTION_EVENT)?.attributes;
  const parts = [exception?.[EXCEPTION_TYPE], exception?.[EXCEPTION_MESSAGE]].filter(
    (part) => typeof part === "string",
  );
  return parts.length > 0 ? parts.join(": ") : platformError;
};

export const reviveLogs = (records: readonly LogRecord[], origin: bigint): readonly LogView[] =>
  records.map((record) => reviveLog(record, origin)).toSorted((a, b) => a.atNs - b.atNs);

/** Loggers count whole milliseconds, cut off: such a line was written up to one later than it says. */
const reviveLog = (record: LogRecord, origin: bigint): LogView => {
  const at = BigInt(record.timeUnixNano);
  const isWholeMs = at % MS_NS === 0n;
  const isInFirstMs = isWholeMs && at < origin && origin - at < MS_NS;
  return { record, atNs: isInFirstMs ? 0 : Number(at - origin), isWholeMs };
};

const MS_NS = 1_000_000n;

/** Milliseconds since 1970, as Date wants them. */
export const unixMs = (unixNano: string): number => Number(BigInt(unixNano) / 1_000_000n);
