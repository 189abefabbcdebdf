/**
 * `GET /api/openapi.json`: the routes of this server, as OpenAPI 3.1.
 *
 * It shows nothing that was stored, so whoever generates a client needs no key. Made at the first question, since few
 * processes are ever asked: whoever starts does not wait for it.
 */
import type { FastifyPluginAsync, RouteOptions } from "fastify";
import { OPEN } from "../guard/scopes.ts";
import { NoQuery } from "./parameters.ts";

export interface OpenApiDeps {
  /** All that the server has when the question comes. */
  readonly routes: readonly RouteOptions[];
  readonly version: string;
}

const OPENAPI = {
  tags: ["collector"],
  summary: "This document",
  querystring: NoQuery,
  response: { 200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } } },
} as const;

export const openApiRoutes =
  ({ routes, version }: OpenApiDeps): FastifyPluginAsync =>
  async (app) => {
    let document: Promise<string> | undefined;
    const made = async (): Promise<string> => {
      const { openApiDocument } = await import("../openapi/document.ts");
      return JSON.stringify(openApiDocument(routes, version));
    };
    app.get("/api/openapi.json", { ...OPEN, schema: OPENAPI }, async (_request, reply) =>
      reply.type("application/json").send(await (document ??= made())),
    );
  };
