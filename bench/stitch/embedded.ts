/** The collector's own rooms in this process: decode, store, stitch; without HTTP, so that a hundred arrivals take a minute. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeBody } from "../../packages/collector/src/decode/otlp.ts";
import { spanPath } from "../../packages/collector/src/model/ids.ts";
import { findTrace } from "../../packages/collector/src/query/find.ts";
import { gapsOf } from "../../packages/collector/src/stitch/gaps.ts";
import { openStore } from "../../packages/collector/src/store/sqlite/sqlite-store.ts";
import { digestOf } from "./arrivals.ts";
import type { Ask } from "./judge.ts";

const DAY_NS = 86_400_000_000_000n;
const BEGINNING = 1_767_225_600_000_000_000n;
/** After everything that any world holds. */
const LATER = BEGINNING + 60n * DAY_NS;
/** So small that a world lies in dozens of partitions. */
const PARTITION_BYTES = 64 * 1024;

export interface Embedded {
  /** Over two weeks, request by request. */
  arrive(bodies: readonly Uint8Array[]): Promise<void>;
  readonly ask: Ask;
  close(): Promise<void>;
}

export const openEmbedded = (): Embedded => {
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-stitch-"));
  const store = openStore({ dataDir, durability: "process", partitionBytes: PARTITION_BYTES });
  return {
    async arrive(bodies) {
      for (const [at, body] of bodies.entries()) {
        const { records, rejected } = decodeBody("traces", body, "protobuf");
        const receivedAt = BEGINNING + (14n * DAY_NS * BigInt(at)) / BigInt(bodies.length);
        await store.append({ requestDigest: digestOf(body), receivedAt, signal: "spans", records, rejected });
      }
    },
    async ask(id) {
      const found = await findTrace(store, id);
      return (
        found && {
          id: found.trace.id,
          spans: new Set(
            found.trace.parts.flatMap((part) => part.spans.map((span) => spanPath(span.traceId, span.spanId))),
          ),
          joins: found.trace.joins.map(
            ({ from, to, kind, relation }) => `${spanPath(from.traceId, from.spanId)} ${kind} ${relation} ${to.path}`,
          ),
          gaps: gapsOf(found.trace, found.graph, LATER).map(({ reason, at }) => ({
            reason,
            at: `${at.traceId}.${at.spanId}`,
          })),
        }
      );
    },
    async close() {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
};
