/**
 * Who is signed in to the UI: `GET /api/session`, `POST /api/login` with `{ key }`, `POST /api/logout`.
 *
 * The answer to a sign-in sets a cookie that no script can read and no other site's page sends along; guard/ knows what
 * it stands for. Open, because whoever asks has nothing yet; they show nothing but the caller's own key's name.
 */
import type { Session } from "@mayfly/api";
import type { FastifyPluginAsync } from "fastify";
import { type Static, Type } from "../schema.ts";
import { sessionCookie } from "../guard/credentials.ts";
import type { Guard } from "../guard/guard.ts";
import { PRIVATE_HEADERS } from "../guard/headers.ts";
import type { KeyRecord } from "../guard/keys.ts";
import { OPEN } from "../guard/scopes.ts";
import { SESSION_LIFETIME_MS } from "../guard/sessions.ts";
import { answers } from "../openapi/described.ts";
import { NoQuery } from "./parameters.ts";

const MAX_BODY_BYTES = 1024;
const Login = Type.Object(
  { key: Type.String({ maxLength: 200, description: "An API key with the scope read or admin." }) },
  { additionalProperties: false },
);

const WHO = {
  tags: ["session"],
  summary: "Whose key or session the caller has",
  querystring: NoQuery,
  response: answers("Session"),
} as const;
const LOGIN = {
  tags: ["session"],
  summary: "Begin a session of the UI",
  description: "The answer sets the session's cookie. Programs send a key with each request instead.",
  querystring: NoQuery,
  body: Login,
  response: answers("Session"),
} as const;
const LOGOUT = {
  tags: ["session"],
  summary: "End the session",
  querystring: NoQuery,
  response: { 204: { description: "It has ended." } },
} as const;

export const sessionRoutes =
  ({ guard }: { readonly guard: Pick<Guard, "callerOf" | "signIn" | "signOut"> }): FastifyPluginAsync =>
  async (app) => {
    app.addContentTypeParser(
      "application/json",
      { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
      app.getDefaultJsonParser("error", "error"),
    );
    app.addHook("onRequest", async (_request, reply) => void reply.headers(PRIVATE_HEADERS));

    app.get("/api/session", { ...OPEN, schema: WHO }, async (request): Promise<Session> => {
      const { needsKey, key } = guard.callerOf(request);
      return { needsKey, ...(key && shown(key)) };
    });

    app.post<{ Body: Static<typeof Login> }>(
      "/api/login",
      { ...OPEN, schema: LOGIN },
      async (request, reply): Promise<Session> => {
        const { id, key } = guard.signIn(request.body.key, request.ip);
        reply.header("set-cookie", sessionCookie(request, id, SESSION_LIFETIME_MS / 1000));
        return { needsKey: true, ...shown(key) };
      },
    );

    app.post("/api/logout", { ...OPEN, schema: LOGOUT }, async (request, reply) => {
      guard.signOut(request);
      return reply
        .header("set-cookie", sessionCookie(request, "", 0))
        .code(204)
        .send();
    });
  };

const shown = ({ name, scope }: KeyRecord): Pick<Session, "key"> => ({ key: { name, scope } });
