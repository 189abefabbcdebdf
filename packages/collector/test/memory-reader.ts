/** Spans as a graph reads them, without a store: for properties of walks, of which thousands can be tried then. */
import { spanPath } from "../src/model/ids.ts";
import type { SpanRecord } from "../src/model/span.ts";
import { stitchKeyIdentity } from "../src/model/stitch-key.ts";
import type { KeyHolder, StoreReader } from "../src/store/store.ts";

export const memoryReader = (spans: readonly SpanRecord[]): Pick<StoreReader, "asOfNow"> => ({
  asOfNow: () => ({
    async spansOfTraces(traceIds) {
      return spans.filter(({ traceId }) => traceIds.includes(traceId));
    },
    async linksToTraces(traceIds) {
      return spans.flatMap(({ traceId, path, links }) =>
        links
          .filter((link) => traceIds.includes(link.traceId))
          .map((link) => ({ traceId, path, target: spanPath(link.traceId, link.spanId) })),
      );
    },
    async holdersOfKeys(identities) {
      return spans.flatMap(holdersIn).filter(({ identity }) => identities.includes(identity));
    },
  }),
});

const holdersIn = (by: SpanRecord): readonly KeyHolder[] =>
  (
    [
      ["produced", by.produced],
      ["consumed", by.consumed],
    ] as const
  ).flatMap(([side, keys]) =>
    keys.map((key) => ({ identity: stitchKeyIdentity(key), key, side, traceId: by.traceId, path: by.path, by })),
  );
