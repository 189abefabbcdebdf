/**
 * A span can come twice: near a timeout, as it stood (`mayfly.unfinished`), and as it ended when the function made it after all.
 * Then the end is the truth. What came only unfinished stays: nobody will hear more of it.
 */
import type { SpanRecord } from "../model/span.ts";

export const finishedWherePossible = (spans: readonly SpanRecord[]): readonly SpanRecord[] => {
  if (!spans.some((span) => span.isUnfinished)) return spans;
  const finished = new Set(spans.filter((span) => !span.isUnfinished).map((span) => span.spanId));
  return spans.filter((span) => !span.isUnfinished || !finished.has(span.spanId));
};
