/** Whether the process answers (`/healthz`), and whether it could store what it is sent (`/readyz`). */
import type { FastifyPluginAsync } from "fastify";
import { OPEN } from "../guard/scopes.ts";
import type { Store } from "../store/store.ts";

const said = (status: string) => ({
  200: {
    description: "OK",
    content: {
      "application/json": {
        schema: { type: "object", properties: { status: { const: status } }, required: ["status"] },
      },
    },
  },
});

const HEALTHZ = { tags: ["collector"], summary: "Whether the process lives", response: said("ok") } as const;
const READYZ = {
  tags: ["collector"],
  summary: "Whether a write to the disk succeeded just now",
  description: "503 where it did not.",
  response: said("ready"),
} as const;

export const healthRoutes =
  (deps: { readonly store: Pick<Store, "checkWritable"> }): FastifyPluginAsync =>
  async (app) => {
    app.get("/healthz", { ...OPEN, schema: HEALTHZ }, async () => ({ status: "ok" }));
    app.get("/readyz", { ...OPEN, schema: READYZ }, async () => {
      await deps.store.checkWritable();
      return { status: "ready" };
    });
  };
