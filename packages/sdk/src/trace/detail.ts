/**
 * What is sent of an invocation that was not sampled: itself always, what happened within it only where a rule keeps it. The same of a
 * record, whose own trace decides.
 *
 *   child ends ─▶ held, bounded ─▶ invocation ends ─┬ in error, or slow ─▶ sent; `mayfly.kept` says which
 *                                                   └ else ─▶ counted; the keys it produced go to the invocation's span
 *
 * A cold start is known beforehand, so nothing of it is held.
 */
import type { Span, SpanContext } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { SdkConfig } from "../config.ts";
import { MAX_HELD_SPANS, MAX_TAKEN_KEYS } from "../limits.ts";
import { ATTR } from "../semconv.ts";
import { type Sampling, withoutThreshold } from "./sampling.ts";

export interface Ending {
  readonly isError: boolean;
  readonly durationMs: number;
}

/** The children of one invocation or record. */
export interface HeldSpans {
  add(span: ReadableSpan): void;
  /** To be called before the owner's span ends, and earlier as a guess of how: what the owner says is the last call's. */
  settle(ending: Ending): void;
}

export interface Details {
  /** For a new invocation or record; undefined where all within it is sent. */
  heldUnder(owner: Span, isColdStart: boolean): HeldSpans | undefined;
  /** `place` is what it was started in; undefined outside of an invocation. */
  ended(span: ReadableSpan, place: { readonly held: HeldSpans | undefined } | undefined): void;
}

export interface DetailsDeps {
  readonly config: Pick<SdkConfig, "keep" | "keepSlowMs">;
  readonly sampling: Sampling;
  readonly send: (span: ReadableSpan) => void;
}

export const createDetails = ({ config, sampling, send }: DetailsDeps): Details => {
  const owners = new WeakSet<SpanContext>();
  const slowMs = config.keep.includes("slow") && config.keepSlowMs > 0 ? config.keepSlowMs : Infinity;
  const isKeeping = (rule: string): boolean => config.keep.includes(rule);
  const reasonOf = ({ isError, durationMs }: Ending): string | undefined =>
    isError && isKeeping("error") ? "error" : durationMs >= slowMs ? "slow" : undefined;
  const maxHeld = isKeeping("error") || slowMs < Infinity ? MAX_HELD_SPANS : 0;
  /** Whose invocation had ended before them: said by the next one. */
  let leftOut = 0;

  /** Nobody is there any more to take its keys. */
  const leaveOut = (span: ReadableSpan): void => {
    if (producedBy(span).length > 0) send(span);
    else leftOut += 1;
  };

  const release = (span: ReadableSpan): void => {
    forgetThreshold(span);
    send(span);
  };

  const createHeld = (owner: Span): HeldSpans => {
    const spans: ReadableSpan[] = [];
    const taken: string[] = [];
    let sampledOut = 0;
    let after: ((span: ReadableSpan) => void) | undefined;
    const drop = (span: ReadableSpan): void => {
      const keys = producedBy(span);
      if (keys.length > 0 && taken.length + keys.length > MAX_TAKEN_KEYS) return send(span);
      taken.push(...keys);
      sampledOut += 1;
    };
    return {
      add(span) {
        if (after) return after(span);
        spans.push(span);
        const oldest = spans.length > maxHeld && spans.shift();
        if (oldest) drop(oldest);
      },
      settle(ending) {
        if (after && !owner.isRecording()) return;
        const reason = reasonOf(ending);
        after = reason ? release : leaveOut;
        if (reason) keep(owner, reason);
        // Its threshold stays forgotten: what a wrong guess has sent is no share of anything.
        else delete (owner as Partial<ReadableSpan>).attributes?.[ATTR.kept];
        for (const span of spans.splice(0)) (reason ? release : drop)(span);
        const count = sampledOut + leftOut;
        leftOut = 0;
        if (count > 0) owner.setAttribute(ATTR.sdkSampledOutSpans, count);
        if (taken.length > 0) owner.setAttribute(ATTR.keysProduced, [...producedBy(owner), ...taken.splice(0)]);
      },
    };
  };

  return {
    heldUnder(owner, isColdStart) {
      if (sampling.isDetailed(owner.spanContext())) return undefined;
      owners.add(owner.spanContext());
      if (!isColdStart || !isKeeping("cold")) return createHeld(owner);
      keep(owner, "cold");
      return undefined;
    },
    ended(span, place) {
      const own = span.spanContext();
      const isSent = (place && !place.held) || sampling.isDetailed(own) || owners.has(own);
      if (isSent) send(span);
      else if (place?.held) place.held.add(span);
      else leaveOut(span);
    },
  };
};

const keep = (owner: Span, reason: string): void => {
  owner.setAttribute(ATTR.kept, reason);
  forgetThreshold(owner);
};

const forgetThreshold = (span: Span | ReadableSpan): void => {
  const own = span.spanContext();
  const state = withoutThreshold(own.traceState);
  if (state) own.traceState = state;
};

const producedBy = (span: Span | ReadableSpan): readonly string[] => {
  const keys = (span as Partial<ReadableSpan>).attributes?.[ATTR.keysProduced];
  return Array.isArray(keys) ? (keys as readonly string[]) : [];
};
