/** The routes that answer from what is stored, and from nothing else: wherever that can be read, they can be served. */
import type { FastifyPluginAsync } from "fastify";
import { functionRoutes } from "./functions.ts";
import { invocationRoutes } from "./invocations.ts";
import { logRoutes } from "./logs.ts";
import { metricPointRoutes } from "./metric-points.ts";
import { searchRoutes } from "./search.ts";
import { type TraceDeps, traceRoutes } from "./traces.ts";

export const readRoutes = (deps: TraceDeps): readonly FastifyPluginAsync[] => [
  traceRoutes(deps),
  searchRoutes(deps),
  functionRoutes(deps),
  invocationRoutes(deps),
  logRoutes(deps),
  metricPointRoutes(deps),
];
