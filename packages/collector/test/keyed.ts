/** A collector with one key of each scope, an advanced clock, and every route it has. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RouteOptions } from "fastify";
import type { PipelineDeps } from "../src/pipeline.ts";
import type { ServerDeps } from "../src/server.ts";
import { changeKeyFile } from "../src/guard/key-file.ts";
import { makeKey, type NewKey } from "../src/guard/keys.ts";
import { openGuard, type OpenGuard, type OpenGuardDeps } from "../src/guard/open.ts";
import { SCOPES, type Scope } from "../src/guard/scopes.ts";
import { OPEN_ACCESS, openPipeline, type TestPipeline } from "./http.ts";

export interface Keyed extends TestPipeline {
  readonly keys: Readonly<Record<Scope, NewKey>>;
  readonly guard: OpenGuard;
  readonly routes: readonly RouteOptions[];
  readonly clock: { nowMs: number };
  revoke(scope: Scope): Promise<void>;
}

type Options = Partial<OpenGuardDeps> & {
  readonly server?: ServerDeps["connections"];
  readonly trustedProxies?: string[];
  readonly uiDir?: string;
  readonly live?: PipelineDeps["live"];
};

export const openKeyed = async ({
  server,
  trustedProxies = [],
  uiDir,
  live,
  ...access
}: Options = {}): Promise<Keyed> => {
  const dataDir = await mkdtemp(join(tmpdir(), "mayfly-keyed-"));
  const clock = { nowMs: OPEN_ACCESS.nowMs() };
  const newKey = (scope: Scope): NewKey =>
    makeKey({ name: `the ${scope} key`, scope, nowMs: clock.nowMs, randomBytes });
  const keys = { ingest: newKey("ingest"), read: newKey("read"), admin: newKey("admin") };
  await changeKeyFile(dataDir, () => SCOPES.map((scope) => keys[scope].record));
  const guard = openGuard({ ...OPEN_ACCESS, dataDir, nowMs: () => clock.nowMs, ...access });
  const routes: RouteOptions[] = [];
  const pipeline = await openPipeline({
    guard,
    ...(uiDir !== undefined && { uiDir }),
    ...(live && { live }),
    server: { onRoute: (route) => routes.push(route), trustedProxies, ...(server && { connections: server }) },
  });
  return {
    ...pipeline,
    keys,
    guard,
    routes,
    clock,
    async revoke(scope) {
      const revokedAt = new Date(clock.nowMs).toISOString();
      await changeKeyFile(dataDir, (records) =>
        records.map((record) => (record.id === keys[scope].record.id ? { ...record, revokedAt } : record)),
      );
      clock.nowMs += 500;
    },
    async close() {
      await pipeline.close();
      guard.close();
      await rm(dataDir, { recursive: true });
    },
  };
};

interface Walked {
  readonly method: string;
  readonly url: string;
  readonly scope: string | undefined;
  readonly route: RouteOptions;
}

/** Every method of every route, at an address that it answers. */
export const walked = (routes: readonly RouteOptions[]): readonly Walked[] =>
  routes.flatMap((route) =>
    [route.method].flat().map((method) => ({
      method,
      url: route.url.replace(/:\w+/g, "no-such-id").replace("*", "no-such-page"),
      scope: (route.config as { scope?: string } | undefined)?.scope,
      route,
    })),
  );
