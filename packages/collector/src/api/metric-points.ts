/** `GET /api/metrics?name`: data points of one metric, newest first; without a name, the metrics there are. */
import type { Metrics } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import { READ } from "../guard/scopes.ts";
import type { Word } from "../model/attribute-words.ts";
import { answers } from "../openapi/described.ts";
import type { Store } from "../store/store.ts";
import { metricNameView, metricsView } from "./metric-view.ts";
import { isStoreCursor } from "./store-cursor.ts";
import { badParameter, Time } from "./parameters.ts";
import { timesOf } from "./trace-filters.ts";

const MAX_POINTS = 10_000;
const MAX_FILTERS = 20;

const MetricsQuery = Type.Object(
  {
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1024, description: "Of the metric; without it, the metrics there are." }),
    ),
    function: Type.Optional(Type.String({ maxLength: 256, description: "Of this function." })),
    attribute: Type.Optional(
      Type.Array(Type.String({ maxLength: 2048 }), {
        maxItems: MAX_FILTERS,
        description: "`key=value`, of the point or its resource; may be repeated: all of these.",
      }),
    ),
    from: Time("Then or later."),
    to: Time("Then or earlier."),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_POINTS,
      default: 1000,
      description: "The most points, or metrics, of an answer.",
    }),
    cursor: Type.Optional(Type.String({ maxLength: 100, description: "Of the answer before." })),
  },
  { additionalProperties: false },
);
type Query = Static<typeof MetricsQuery>;

const METRICS = {
  tags: ["metrics"],
  summary: "Data points of one metric, newest first; without a name, the metrics there are",
  querystring: MetricsQuery,
  response: answers("Metrics"),
} as const;

export const metricPointRoutes =
  ({ store }: { readonly store: Pick<Store, "metricPoints" | "metricNames"> }): FastifyPluginAsync =>
  async (app) => {
    app.get<{ Querystring: Query }>(
      "/api/metrics",
      { ...READ, schema: METRICS },
      async ({ query }): Promise<Metrics> => {
        const { name, function: functionName, attribute = [], limit, cursor } = query;
        const times = timesOf(query);
        if (name === undefined) {
          refuseWithoutName(query);
          const { metrics, isAll } = await store.metricNames(times);
          const sorted = metrics.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
          const isCut = !isAll || sorted.length > limit;
          return { names: sorted.slice(0, limit).map(metricNameView), ...(isCut && { truncated: true }) };
        }
        if (cursor !== undefined && !isStoreCursor(cursor))
          throw badParameter("cursor", cursor, "the cursor of an answer to the same question");
        const hits = await store.metricPoints({
          name,
          ...(functionName !== undefined && { functionName }),
          words: attribute.map(wordIn),
          ...times,
          limit,
          ...(cursor !== undefined && { cursor }),
        });
        return { metrics: metricsView(hits.points), ...(hits.cursor !== undefined && { cursor: hits.cursor }) };
      },
    );
  };

const ONLY_WITH_NAME = ["function", "attribute", "cursor"] as const;

const refuseWithoutName = (query: Query): void => {
  const given = ONLY_WITH_NAME.find((parameter) => query[parameter] !== undefined);
  if (given !== undefined) throw badParameter("name", "", `the name of a metric, of which ${given} tells more`);
};

const wordIn = (text: string): Word => {
  const at = text.indexOf("=");
  if (at <= 0) throw badParameter("attribute", text, "key=value");
  return { attribute: text.slice(0, at), value: text.slice(at + 1) };
};
