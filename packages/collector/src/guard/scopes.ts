/**
 * What a key may do, and what a route asks for. Every route says its scope in its `config`; one that says none is for
 * admin keys alone, so that forgetting it closes a route and never opens one.
 */
export const SCOPES = ["ingest", "read", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** `open`: shows nothing that was stored, and anyone may ask. */
export type RouteScope = Scope | "open";

declare module "fastify" {
  interface FastifyContextConfig {
    scope?: RouteScope;
  }
}

/** For `route.get(url, READ, handler)`, and spread beside a schema. */
export const OPEN = { config: { scope: "open" } } as const;
export const READ = { config: { scope: "read" } } as const;
export const INGEST = { config: { scope: "ingest" } } as const;

export const isScope = (text: string): text is Scope => SCOPES.some((scope) => scope === text);

/** An admin key may do everything; the other two have nothing in common. */
export const mayUse = (held: Scope, asked: Scope): boolean => held === asked || held === "admin";
