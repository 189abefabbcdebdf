/** `GET /api/traces/stats`: the list's traces, counted. `GET /api/suggest`: what can be written next in a query. */
import type { Suggestions, TraceStats } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "typebox";
import type { Clock } from "../clock.ts";
import { READ } from "../guard/scopes.ts";
import type { ListDeps } from "../query/list.ts";
import { type TraceStatistics, traceStatistics } from "../query/stats.ts";
import { createSuggester } from "../query/suggest.ts";
import { FILTER_PARAMETERS, filtersOf } from "./trace-filters.ts";

const StatsParameters = Type.Object(FILTER_PARAMETERS, { additionalProperties: false });

const SuggestParameters = Type.Object(
  {
    of: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    prefix: Type.String({ maxLength: 256, default: "" }),
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 10 }),
  },
  { additionalProperties: false },
);

const NS_PER_MS = 1_000_000n;

export const searchRoutes =
  ({ clock, ...deps }: ListDeps & { readonly clock: Clock }): FastifyPluginAsync =>
  async (app) => {
    const suggester = createSuggester({ ...deps, nowMs: () => Number(clock() / NS_PER_MS) });

    app.get<{ Querystring: Static<typeof StatsParameters> }>(
      "/api/traces/stats",
      { ...READ, schema: { querystring: StatsParameters } },
      async ({ query }): Promise<TraceStats> => statsView(await traceStatistics(filtersOf(query), deps)),
    );

    app.get<{ Querystring: Static<typeof SuggestParameters> }>(
      "/api/suggest",
      { ...READ, schema: { querystring: SuggestParameters } },
      async ({ query: { of, prefix, limit } }): Promise<Suggestions> => ({
        suggestions:
          of === undefined ? await suggester.names(prefix, limit) : await suggester.values(of, prefix, limit),
      }),
    );
  };

const statsView = ({ isComplete, lookedBackTo, percentiles, ...stats }: TraceStatistics): TraceStats => ({
  count: stats.count,
  errorCount: stats.errorCount,
  ...(!isComplete && { truncated: true }),
  ...(lookedBackTo !== undefined && { lookedBackToUnixNano: String(lookedBackTo) }),
  ...(percentiles && { durationNs: percentiles }),
  durations: stats.durations.map(({ from, to, ...counts }) => ({ fromNs: from, toNs: to, ...counts })),
  times: stats.times.map(({ from, to, ...counts }) => ({
    fromUnixNano: String(from),
    toUnixNano: String(to),
    ...counts,
  })),
  facets: stats.facets,
});
