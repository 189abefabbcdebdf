/** All spans of a store, in the order in which they arrived. */
import type { SpanRecord } from "../src/model/span.ts";
import type { StoreReader } from "../src/store/store.ts";

const ALL = 1_000_000;

export const storedSpans = async (
  store: Pick<StoreReader, "changedTraces" | "spansOfTraces">,
): Promise<readonly SpanRecord[]> => {
  const { traceIds } = await store.changedTraces(undefined, ALL);
  return store.spansOfTraces(traceIds, ALL);
};
