/**
 * What every request leaves behind: its id on the answer, its place in the metrics, a line when a question was slow, and
 * at level debug a line in any case. A plugin of the whole server: its hooks hold for all routes.
 */
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Failed } from "./fault-log.ts";
import type { Log } from "./log.ts";
import type { Meters } from "./meters.ts";

/** An address may hold a thousand ids. */
const MAX_URL_LENGTH = 500;

export interface RequestWatchDeps {
  readonly log: Log;
  readonly meters: Pick<Meters, "answered">;
  /** A question that takes longer is told, with its address: the reader's own words, never a body. */
  readonly slowQueryMs: number;
}

export const watchRequests = ({ log, meters, slowQueryMs }: RequestWatchDeps): FastifyPluginAsync => {
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook("onRequest", async (request, reply) => {
      reply.header("x-request-id", request.id);
    });
    app.addHook("onResponse", async (request, reply) => {
      const ms = reply.elapsedTime;
      meters.answered(request.method, routeOf(request), reply.statusCode, ms / 1000);
      const isSlow = ms > slowQueryMs && request.url.startsWith("/api/") && routeOf(request) !== LIVE;
      if (!isSlow && !log.isLevelEnabled("debug")) return;
      const fields = { ...failed(request, reply.statusCode), ms: Math.round(ms) };
      if (isSlow) log.warn({ ...fields, url: request.url.slice(0, MAX_URL_LENGTH) }, "slow query");
      else log.debug(fields, "answered");
    });
  };
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
};

/** Lasts as long as its reader wants. */
const LIVE = "/api/live";

/** As it is registered, so that ids in a path do not become labels. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? "none";

export const failed = (request: FastifyRequest, status: number): Failed => ({
  requestId: request.id,
  method: request.method,
  route: routeOf(request),
  status,
});
