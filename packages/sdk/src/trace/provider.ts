/**
 * OpenTelemetry's tracer provider, wired lean: no batch processor, no timers, no detectors.
 *
 * - Every span is recorded. An unsampled parent's flag is kept and handed on, but limits detail, never existence.
 * - A root span may be told its trace id, because a hop that only the platform carries shares no more than that.
 * - Where the application has a global provider of its own, ours stays private and theirs is left alone.
 */
import type { Context, ContextManager, HrTime, Tracer } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type ReadableSpan,
  type Span,
  type SpanProcessor,
  TracerProvider,
  createAlwaysRecordSampler,
} from "@opentelemetry/sdk-trace";
import { type SdkConfig, VERSION } from "../config.ts";
import { harmless } from "../diag.ts";
import { MAX_LINKS } from "../limits.ts";
import { joinGlobals } from "./globals.ts";
import { createWallClock } from "./wall-clock.ts";

export interface Spans {
  readonly tracer: Tracer;
  /** By the clock of our spans. */
  now(): HrTime;
  /** Runs `start` so that the root span it starts has this trace id. */
  inTrace<T>(traceId: string | undefined, start: () => T): T;
  /** What our spans nest in; absent where the SDK is disabled. */
  readonly contexts?: ContextManager;
}

export interface SpansDeps {
  readonly config: SdkConfig;
  /** Of the invocation at work, which holds its unfinished spans and lets go of them when it ends. */
  readonly openSpans: () => Set<Span> | undefined;
  readonly onEnd: (span: ReadableSpan) => void;
}

export const createSpans = ({ config, openSpans, onEnd }: SpansDeps): Spans => {
  const openIn = new WeakMap<ReadableSpan, Set<ReadableSpan>>();
  const now = createWallClock();
  const processor: SpanProcessor = {
    onStart(span: Span, _parent: Context) {
      if (startsNow(span)) (span as { startTime: HrTime }).startTime = now();
      const open = openSpans();
      if (open) openIn.set(span, open.add(span));
    },
    onEnd(span) {
      openIn.get(span)?.delete(span);
      onEnd(span);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const ids = new RandomIdGenerator();
  let nextTraceId: string | undefined;
  const provider = new TracerProvider({
    resource: resourceOf(config),
    sampler: createAlwaysRecordSampler(new ParentBasedSampler({ root: new AlwaysOnSampler() })),
    spanLimits: { linkCountLimit: MAX_LINKS },
    idGenerator: {
      generateTraceId: () => nextTraceId ?? ids.generateTraceId(),
      generateSpanId: () => ids.generateSpanId(),
    },
    spanProcessors: [processor],
  });
  const contexts = config.disabled
    ? undefined
    : harmless("joining OpenTelemetry's globals", () => joinGlobals(provider));
  return {
    tracer: provider.getTracer("@mayfly/sdk", VERSION),
    now,
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

/**
 * Nobody gave it a start time, so the span has taken Date.now() for it: whole milliseconds. Events and the end are counted from
 * `startTime` by performance.now(), so a finer start makes all of them fine. Without that field spans keep their milliseconds.
 */
const startsNow = (span: Span): boolean => (span as { [START_TIME_PROVIDED]?: boolean })[START_TIME_PROVIDED] === false;

const START_TIME_PROVIDED = "_startTimeProvided";

/** What is known of the function is known at once; OpenTelemetry's own class also waits for detectors. */
const resourceOf = ({ resource: attributes }: SdkConfig): Resource => {
  const resource: Resource = {
    attributes,
    merge: (other) => (other ? { ...resource, attributes: { ...attributes, ...other.attributes } } : resource),
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
};
