/**
 * The web UI: its built files, and `index.html` for every page address, because pages live in the URL.
 *
 * Files under assets/ carry their digest in the name and may be kept for ever; everything else is asked for each time.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { OPEN } from "../guard/scopes.ts";

const ONE_YEAR_SECONDS = 31_536_000;

/** Addresses of programs: an unknown one is an error, not a page. */
const NOT_A_PAGE = /^\/(?:api|v1|assets)(?:\/|$)/;

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mayfly</title>
<h1>The user interface is not built yet</h1>
<p>Run <code>npm run setup</code> in the repository, then start the collector again. Telemetry is received meanwhile.</p>
`;

export const staticRoutes =
  ({ uiDir }: { readonly uiDir: string }): FastifyPluginAsync =>
  async (app) => {
    // The pages hold no data: they ask the API for it, with the reader's session.
    app.addHook("onRoute", (route) => {
      route.config = { ...route.config, ...OPEN.config };
      route.schema = { ...route.schema, hide: true };
    });
    const isBuilt = existsSync(join(uiDir, "index.html"));
    if (isBuilt) await serveFiles(app, uiDir);
    app.get("/*", (request, reply) => {
      if (!asksForPage(request)) throw app.unserved(request);
      return isBuilt ? reply.sendFile("index.html") : sendNotBuilt(reply);
    });
  };

const serveFiles = async (app: FastifyInstance, root: string): Promise<void> => {
  await app.register(fastifyStatic, {
    root,
    wildcard: false,
    cacheControl: false,
    setHeaders(reply, path) {
      const isHashed = path.startsWith(join(root, "assets"));
      reply.header("cache-control", isHashed ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : "no-cache");
    },
  });
};

const asksForPage = ({ url, headers }: FastifyRequest): boolean =>
  url === "/" || (!NOT_A_PAGE.test(url) && (headers.accept ?? "").includes("text/html"));

const sendNotBuilt = (reply: FastifyReply): FastifyReply =>
  reply.code(503).header("cache-control", "no-store").type("text/html").send(NOT_BUILT);
