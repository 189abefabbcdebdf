/** `GET /api/traces/stats`: the list's traces, counted. `GET /api/suggest`: what can be written next in a query. */
import type { Suggestions, TraceStats } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import type { Clock } from "../clock.ts";
import { READ } from "../guard/scopes.ts";
import type { ListDeps } from "../query/list.ts";
import { type TraceStatistics, traceStatistics } from "../query/stats.ts";
import { createSuggester } from "../query/suggest.ts";
import { answers } from "../openapi/described.ts";
import { FILTER_PARAMETERS, filtersOf } from "./trace-filters.ts";

const StatsParameters = Type.Object(FILTER_PARAMETERS, { additionalProperties: false });

const SuggestParameters = Type.Object(
  {
    of: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description:
          "The field or attribute whose values are asked for; without it, names of fields and attributes, functions and errors.",
      }),
    ),
    prefix: Type.String({
      maxLength: 256,
      default: "",
      description: "What is written of it already, whatever its case.",
    }),
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 10, description: "The most suggestions." }),
  },
  { additionalProperties: false },
);

const STATS = {
  tags: ["traces"],
  summary: "The stitched traces that the same filters list, counted",
  description: "Percentiles and histograms of durations and starts, and the most frequent values of some fields.",
  querystring: StatsParameters,
  response: answers("TraceStats"),
} as const;

const SUGGEST = {
  tags: ["traces"],
  summary: "What can be written next in a query",
  querystring: SuggestParameters,
  response: answers("Suggestions"),
} as const;

const NS_PER_MS = 1_000_000n;

export const searchRoutes =
  ({ clock, ...deps }: ListDeps & { readonly clock: Clock }): FastifyPluginAsync =>
  async (app) => {
    const suggester = createSuggester({ ...deps, nowMs: () => Number(clock() / NS_PER_MS) });

    app.get<{ Querystring: Static<typeof StatsParameters> }>(
      "/api/traces/stats",
      { ...READ, schema: STATS },
      async ({ query }): Promise<TraceStats> => statsView(await traceStatistics(filtersOf(query), deps, clock())),
    );

    app.get<{ Querystring: Static<typeof SuggestParameters> }>(
      "/api/suggest",
      { ...READ, schema: SUGGEST },
      async ({ query: { of, prefix, limit } }): Promise<Suggestions> => ({
        suggestions:
          of === undefined ? await suggester.names(prefix, limit) : await suggester.values(of, prefix, limit),
      }),
    );
  };

const statsView = ({ isComplete, lookedBackTo, percentiles, behind, ...stats }: TraceStatistics): TraceStats => ({
  count: stats.count,
  errorCount: stats.errorCount,
  ...(!isComplete && { truncated: true }),
  ...(lookedBackTo !== undefined && { lookedBackToUnixNano: String(lookedBackTo) }),
  ...behind,
  ...(percentiles && { durationNs: percentiles }),
  durations: stats.durations.map(({ from, to, ...counts }) => ({ fromNs: from, toNs: to, ...counts })),
  times: stats.times.map(({ from, to, ...counts }) => ({
    fromUnixNano: String(from),
    toUnixNano: String(to),
    ...counts,
  })),
  facets: stats.facets,
});
