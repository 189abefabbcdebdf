/**
 * OpenTelemetry's tracer provider, wired lean: no batch processor, no timers, no detectors.
 *
 * - Every span is recorded, because nobody knows yet whether its invocation will fail; what of it is sent, detail.ts decides.
 * - A root span may be told its trace id, because a hop that only the platform carries shares no more than that.
 * - Where the application has a global provider of its own, ours stays private and theirs is left alone.
 */
import { type ContextManager, type HrTime, type Tracer, trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type Span,
  type SpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type SdkConfig, VERSION } from "../config.ts";
import { harmless } from "../diag.ts";
import { MAX_LINKS } from "../limits.ts";
import { RANDOM_FLAG } from "../propagate/w3c.ts";
import type { HeldSpans } from "./detail.ts";
import { joinGlobals } from "./globals.ts";
import { createIds } from "./ids.ts";
import { type Sampling, hasSampledFlag } from "./sampling.ts";
import { createWallClock, type Reading } from "./wall-clock.ts";

export interface Spans {
  readonly tracer: Tracer;
  readonly provider: TracerProvider;
  /** By the clock of our spans. */
  now(): HrTime;
  /** Runs `start` so that the root span it starts has this trace id. */
  inTrace<T>(traceId: string | undefined, start: () => T): T;
  /** The next root that is started has this trace id; for who cannot start it itself. */
  nextRoot(traceId: string): void;
  /** What our spans nest in; absent where the SDK is disabled. */
  readonly contexts?: ContextManager;
}

/** Of the invocation or record at work. */
export interface Place {
  /** Its unfinished spans, of which it lets go when it ends. */
  readonly open: Map<Span, HeldSpans | undefined>;
  readonly held: HeldSpans | undefined;
}

export interface SpansDeps {
  readonly config: SdkConfig;
  readonly sampling: Sampling;
  readonly place: () => Place | undefined;
  readonly onEnd: (span: ReadableSpan, place: Place | undefined) => void;
  /** For who has no other way to have it done. */
  readonly flush?: () => Promise<void>;
}

export const createSpans = ({ config, sampling, place, onEnd, flush }: SpansDeps): Spans => {
  const placeOf = new WeakMap<ReadableSpan, Place>();
  const clock = createWallClock();
  const processor: SpanProcessor = {
    onStart(span: Span) {
      if (startsNow(span)) startBy(clock(), span);
      // Ours are random, and so is what X-Ray makes its own of.
      if (span.parentSpanContext === undefined || span.parentSpanContext.traceFlags & RANDOM_FLAG)
        span.spanContext().traceFlags |= RANDOM_FLAG;
      const here = place();
      if (here === undefined) return;
      placeOf.set(span, here);
      here.open.set(span, here.held);
    },
    onEnd(span) {
      const started = placeOf.get(span);
      started?.open.delete(span as Span);
      onEnd(span, started);
    },
    forceFlush: () => flush?.() ?? Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const ids = createIds(config.isSnapStart);
  let nextTraceId: string | undefined;
  const provider = new TracerProvider({
    resource: resourceOf(config),
    sampler: samplerOf(sampling),
    spanLimits: { linkCountLimit: MAX_LINKS },
    idGenerator: {
      generateTraceId() {
        const told = nextTraceId;
        nextTraceId = undefined;
        return told ?? ids.generateTraceId();
      },
      generateSpanId: () => ids.generateSpanId(),
    },
    spanProcessors: [processor],
  });
  const contexts = config.disabled
    ? undefined
    : harmless("joining OpenTelemetry's globals", () => joinGlobals(provider));
  return {
    tracer: provider.getTracer("@mayfly/sdk", VERSION),
    provider,
    now: () => clock().time,
    nextRoot: (traceId) => (nextTraceId = traceId),
    inTrace(traceId, start) {
      nextTraceId = traceId;
      try {
        return start();
      } finally {
        nextTraceId = undefined;
      }
    },
    ...(contexts && { contexts }),
  };
};

/** Here only the flag is set: nothing goes unrecorded. */
const samplerOf = (sampling: Sampling): Sampler => ({
  shouldSample(context, traceId) {
    const given = trace.getSpanContext(context);
    // An invalid one is none, and its trace id was not taken.
    const parent = given?.traceId === traceId ? given : undefined;
    if (parent && !parent.isRemote) return hasSampledFlag(parent) ? SAMPLED : RECORDED;
    const { isSampled, traceState } = sampling.decide(traceId, parent);
    return { ...(isSampled ? SAMPLED : RECORDED), ...(traceState && { traceState }) };
  },
});

const SAMPLED = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const RECORDED = { decision: SamplingDecision.RECORD };

/**
 * Nobody gave it a start time, so the span has taken Date.now() for it: whole milliseconds. Events and the end are counted from
 * `startTime` by performance.now(), so a finer start makes all of them fine. Without that field spans keep their milliseconds.
 *
 * They are counted by what performance.now() was when the span began to be made: until its start is read a thread may have been put
 * aside, or have compiled what it starts with, and its end would be that much too late.
 */
const startsNow = (span: Span): boolean => (span as { [START_TIME_PROVIDED]?: boolean })[START_TIME_PROVIDED] === false;

const START_TIME_PROVIDED = "_startTimeProvided";
const COUNTED_FROM = "_performanceStartTime";

const startBy = ({ time, monotonicMs }: Reading, span: Span): void => {
  Object.assign(span, { startTime: time, [COUNTED_FROM]: monotonicMs });
};

/** What is known of the function is known at once; OpenTelemetry's own class also waits for detectors. */
const resourceOf = ({ resource: attributes }: SdkConfig): Resource => {
  const resource: Resource = {
    attributes,
    merge: (other) => (other ? { ...resource, attributes: { ...attributes, ...other.attributes } } : resource),
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
};
