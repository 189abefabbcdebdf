/** The init phase: what an environment does before its first invocation. */
import type { Span } from "@mayfly/otlp";
import type { PlatformFacts } from "../model/platform-facts.ts";
import type { DurationNs } from "../model/time.ts";
import { attributeReader } from "./attributes.ts";
import { MAYFLY_INIT_DURATION_MS } from "./semconv.ts";
import { INTERNAL } from "./span-kind.ts";

const NS_PER_MS = 1_000_000;

/** Our SDK's span of it, under that of the invocation; it has the mark of a cold start as well, and is no second one. */
export const isInitSpan = ({ kind, name }: Span): boolean => kind === INTERNAL && name === "init";

/** How long the invocation waited for it: by the SDK's clock, else as Lambda says. */
export const initDurationNs = ({ attributes }: Span, facts: PlatformFacts | undefined): DurationNs | undefined => {
  const ms = attributeReader(attributes).number(MAYFLY_INIT_DURATION_MS) ?? facts?.initDurationMs;
  return ms === undefined ? undefined : ms * NS_PER_MS;
};
