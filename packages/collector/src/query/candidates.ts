/**
 * Candidates of a plan → the traces they lead to, by the store's indexes.
 *
 * Bounds  `MAX_TRACES` and `MAX_SPANS`; a candidate that leads past them is too common to look at one by one: undefined.
 */
import { type TraceId, isTraceId } from "../model/ids.ts";
import type { UnixNano } from "../model/time.ts";
import type { Store } from "../store/store.ts";
import type { Candidate, Plan } from "./plan.ts";

const MAX_TRACES = 2_000;
/** Whatever is on so many spans and on more leads nowhere, even where they are of few traces. */
const MAX_SPANS = 4_000;

export type CandidateStore = Pick<Store, "tracesWith" | "tracesOfRequest">;

/** The traces of the first group that leads to few; undefined where there is none. */
export const candidateTraces = async (
  { candidates }: Plan,
  from: UnixNano | undefined,
  store: CandidateStore,
): Promise<readonly TraceId[] | undefined> => {
  for (const group of candidates) {
    const traceIds = await tracesOfAny(group, from, store);
    if (traceIds) return traceIds;
  }
  return undefined;
};

const tracesOfAny = async (
  group: readonly Candidate[],
  from: UnixNano | undefined,
  store: CandidateStore,
): Promise<readonly TraceId[] | undefined> => {
  const all = new Set<TraceId>();
  for (const candidate of group) {
    const traceIds = await tracesOf(candidate, from, store);
    if (traceIds === undefined || all.size + traceIds.length > MAX_TRACES) return undefined;
    for (const traceId of traceIds) all.add(traceId);
  }
  return [...all];
};

const tracesOf = async (
  candidate: Candidate,
  from: UnixNano | undefined,
  store: CandidateStore,
): Promise<readonly TraceId[] | undefined> => {
  switch (candidate.by) {
    case "trace":
      return isTraceId(candidate.id) ? [candidate.id] : [];
    case "request": {
      const traceIds = await store.tracesOfRequest(candidate.id, MAX_TRACES + 1);
      return traceIds.length > MAX_TRACES ? undefined : traceIds;
    }
    case "word":
      // No span of a trace starts before the trace.
      return store.tracesWith({ word: candidate.word, maxSpans: MAX_SPANS, ...(from !== undefined && { from }) });
  }
};
