/**
 * How much of a trace is kept, decided once where it enters the function: consistent probability sampling.
 *
 *   tracestate: ot=th:e666;rv:ce929d0e0e4736
 *                  │       └ R, the trace's randomness; without it the last 14 hex digits of its id
 *                  └ T, the rejection threshold: what has R ≥ T is kept, here one of ten
 *
 * T goes with what was sampled by ratio, and only with that, because it says how many invocations a kept one stands for. It is
 * written with trailing zeros cut; padded, the two compare as texts.
 *
 * A sampled flag is never raised: below an unsampled parent `always_on` and `traceidratio` keep our detail and hand the flag on as it
 * came. Below a sampled one a ratio can only be made smaller, so the higher of the two thresholds is what is true.
 *
 * Source  OpenTelemetry specification, trace/tracestate-probability-sampling.md (Development).
 */
import { type SpanContext, TraceFlags, type TraceState, createTraceState } from "@opentelemetry/api";
import type { SdkConfig } from "../config.ts";
import { MAX_TRACESTATE_ENTRY_LENGTH } from "../limits.ts";

export interface Decision {
  /** The flag that is handed on. */
  readonly isSampled: boolean;
  readonly traceState: TraceState | undefined;
}

export interface Sampling {
  /** For a root, or below a remote parent; what is below that follows it. */
  decide(traceId: string, parent?: SpanContext): Decision;
  /** Whether what happened within such a span is sent. */
  isDetailed(context: SpanContext): boolean;
}

export const createSampling = ({ sampler, samplerRatio }: Pick<SdkConfig, "sampler" | "samplerRatio">): Sampling => {
  const [, followsParent, kind] = /^(parentbased_)?(.*)/.exec(sampler) ?? [];
  const isRatio = kind === "traceidratio";
  const threshold = thresholdOf(isRatio ? samplerRatio : Number(kind === "always_on"));
  const passes = (randomness: string): boolean => threshold !== undefined && isKept(randomness, threshold);

  const decide = (traceId: string, parent?: SpanContext): Decision => {
    const state = parent?.traceState;
    const ot = otOf(state);
    const randomness = randomnessOf(traceId, ot);
    const isParentSampled = parent === undefined || hasSampledFlag(parent);
    // One that does not go with the flag says nothing.
    const given = ot.th !== undefined && isKept(randomness, ot.th) === isParentSampled ? ot.th : undefined;
    if (parent && followsParent) return { isSampled: isParentSampled, traceState: withThreshold(state, ot, given) };
    const isSampled = isParentSampled && passes(randomness);
    const isCounted = isSampled && isRatio && threshold !== undefined && (parent === undefined || given !== undefined);
    // Higher is also higher as a text: what is shorter would have zeros there.
    const th = isCounted ? [threshold, given ?? ""].toSorted()[1] : undefined;
    return { isSampled, traceState: withThreshold(state, ot, th) };
  };
  return {
    decide,
    isDetailed: (context) => hasSampledFlag(context) || (!followsParent && isOfShare(context, threshold)),
  };
};

/** Whether a trace is of the share that a threshold stands for; who asks with the same one gets the same answer. */
export const isOfShare = ({ traceId, traceState }: SpanContext, threshold: string | undefined): boolean =>
  threshold !== undefined && isKept(randomnessOf(traceId, otOf(traceState)), threshold);

export const hasSampledFlag = ({ traceFlags }: SpanContext): boolean => (traceFlags & TraceFlags.SAMPLED) !== 0;

/** Of what a rule kept, nobody knows how many others it stands for. */
export const withoutThreshold = (state: TraceState | undefined): TraceState | undefined =>
  withThreshold(state, otOf(state), undefined);

const DIGITS = 14;
/** Kept after the leading digits f, as OpenTelemetry's own samplers do. */
const PRECISION = 4;

/** T of a ratio in [0, 1]; undefined where nothing passes. */
export const thresholdOf = (ratio: number): string | undefined => {
  // The usual two, without arithmetic.
  if (ratio === 1) return "0";
  if (ratio === 0) return undefined;
  // 2^56 is a power of two, so the product is exact.
  const accepted = BigInt(Math.round(ratio * 2 ** 56));
  const exact = 2n ** 56n - accepted;
  const leading = /^f*/.exec(hex(exact, DIGITS))?.[0].length ?? 0;
  const digits = Math.min(leading + PRECISION, DIGITS);
  const cut = BigInt(4 * (DIGITS - digits));
  const rounded = (exact + ((1n << cut) >> 1n)) >> cut;
  return accepted > 0 ? hex(rounded, digits).replace(/0+$/, "") || "0" : undefined;
};

const hex = (value: bigint, digits: number): string => value.toString(16).padStart(digits, "0");

const isKept = (randomness: string, threshold: string): boolean => randomness >= threshold.padEnd(DIGITS, "0");

interface Ot {
  /** As it stands in tracestate. */
  readonly entry: string;
  readonly th: string | undefined;
  readonly rv: string | undefined;
}

const NOTHING: Ot = { entry: "", th: undefined, rv: undefined };

const otOf = (state: TraceState | undefined): Ot => {
  const entry = state?.get("ot") ?? "";
  if (entry === "") return NOTHING;
  const [, th] = /(?:^|;)th:([\da-f]{1,14})(?:;|$)/.exec(entry) ?? [];
  const [, rv] = /(?:^|;)rv:([\da-f]{14})(?:;|$)/.exec(entry) ?? [];
  return { entry, th, rv };
};

const randomnessOf = (traceId: string, { rv }: Ot): string => rv ?? traceId.slice(-DIGITS);

/** Keys that nobody here knows stay. As it was where that says the same: an entry that is written goes to the front. */
const withThreshold = (state: TraceState | undefined, ot: Ot, th: string | undefined): TraceState | undefined => {
  if (th === ot.th) return state;
  const others = ot.entry.split(";").filter((field) => field && !field.startsWith("th:"));
  const whole = [...(th ? [`th:${th}`] : []), ...others].join(";");
  const entry = whole.length > MAX_TRACESTATE_ENTRY_LENGTH ? others.join(";") : whole;
  return entry ? (state ?? createTraceState()).set("ot", entry) : state?.unset("ot");
};
