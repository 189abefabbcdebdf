/** What happened after what, as far as clocks can tell. */
import type { SpanRecord } from "../model/span.ts";

/** By which the clocks of two environments may disagree (propagation facts, §8 f). */
const CLOCK_SLACK_NS = 2_000_000_000n;

export const isLater = (span: SpanRecord, than: SpanRecord): boolean => span.start > than.start + CLOCK_SLACK_NS;
