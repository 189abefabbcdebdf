/** Whether the process answers (`/healthz`), and whether it could store what it is sent (`/readyz`). */
import type { FastifyPluginAsync } from "fastify";
import { OPEN } from "../guard/scopes.ts";
import type { Store } from "../store/store.ts";

export const healthRoutes =
  (deps: { readonly store: Pick<Store, "checkWritable"> }): FastifyPluginAsync =>
  async (app) => {
    app.get("/healthz", OPEN, async () => ({ status: "ok" }));
    app.get("/readyz", OPEN, async () => {
      await deps.store.checkWritable();
      return { status: "ready" };
    });
  };
