/**
 * A span can come twice: near a timeout, as it stood (`mayfly.unfinished`), or imported while it ran (`mayfly.in_progress`), and as it
 * ended after all. Then the end is the truth. What came only unfinished stays: nobody will hear more of it.
 */
import type { SpanRecord } from "../model/span.ts";

/** Of the contents that came under one id. */
export const finishedWherePossible = (copies: readonly SpanRecord[]): readonly SpanRecord[] => {
  const finished = copies.filter((span) => !span.isUnfinished);
  return finished.length > 0 ? finished : copies;
};
