/**
 * Requests that no route answers: 405 with the methods of the address where it has others, else 404. Pages are at every
 * address (`/*`), so that one is nobody's in particular; what hides is not there.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type MayflyError, MethodError, NotFoundError } from "./errors.ts";

declare module "fastify" {
  interface FastifyInstance {
    readonly unserved: (request: FastifyRequest) => MayflyError;
  }
}

/** Before the first route. */
export const tellUnserved = (app: FastifyInstance): void => {
  const methodsAt = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method, schema }) => {
    if (url === "/*" || schema?.hide === true) return;
    const methods = methodsAt.get(url) ?? new Set();
    methodsAt.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
  app.decorate("unserved", ({ method, url }) => {
    const path = url.replace(/[?#].*/, "");
    const routes = [...methodsAt].filter(([route]) => patternOf(route).test(path));
    const allowed = [...new Set(routes.flatMap(([, methods]) => [...methods]))];
    if (allowed.length > 0 && !allowed.includes(method))
      return new MethodError(`${path} answers ${allowed.join(", ")}, not ${method}`, allowed);
    return new NotFoundError("not-found", `nothing is served at ${path}`);
  });
};

/** `/api/traces/:id`: a parameter is one segment. */
const patternOf = (route: string): RegExp =>
  new RegExp(`^${route.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replace(/:\w+/g, "[^/]+")}$`);
