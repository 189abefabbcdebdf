/** `GET /api/stats`: the ledger. */
import type { Stats } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { READ } from "../guard/scopes.ts";
import type { UnixNano } from "../model/time.ts";
import type { Refusals } from "../receive/refusals.ts";
import type { Store } from "../store/store.ts";
import { answers } from "../openapi/described.ts";
import { NoQuery } from "./parameters.ts";

export interface StatsDeps {
  readonly store: Pick<Store, "stats" | "damage">;
  /** Stored spans that are in no row of the list yet. */
  readonly spansBehind: () => Promise<number>;
  readonly refusals: Pick<Refusals, "counts">;
  readonly startedAt: UnixNano;
  readonly version: string;
}

const STATS = {
  tags: ["collector"],
  summary: "The ledger: what arrived, and what became of it",
  querystring: NoQuery,
  response: answers("Stats"),
} as const;

export const statsRoutes =
  ({ store, spansBehind, refusals, startedAt, version }: StatsDeps): FastifyPluginAsync =>
  async (app) => {
    app.get("/api/stats", { ...READ, schema: STATS }, async (): Promise<Stats> => {
      const [{ partitions: _, ...stats }, damagedPartitions] = [await store.stats(), await store.damage()];
      return {
        ...stats,
        spansBehind: await spansBehind(),
        damagedPartitions,
        refusedRequests: refusals.counts(),
        startedAt: String(startedAt),
        version,
      };
    });
  };
