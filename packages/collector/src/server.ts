/**
 * The HTTP server around the routes: who may ask (guard/), what a connection may cost (connections.ts), how refusals
 * look.
 */
import { randomBytes } from "node:crypto";
import fastify, { type FastifyInstance, type FastifyPluginAsync, type RouteOptions } from "fastify";
import {
  answerAndClose,
  CONNECTION_LIMITS,
  connectionProblem,
  type ConnectionLimits,
  httpOptions,
  limitConnections,
} from "./connections.ts";
import type { ErrorCode } from "./errors.ts";
import type { Guard } from "./guard/guard.ts";
import { SECURITY_HEADERS } from "./guard/headers.ts";
import { httpProblem, type OnFault } from "./http-status.ts";
import { ROUTE_OPTIONS, sendProblem, wholeAnswers } from "./refusal.ts";
import { tellUnserved } from "./unserved.ts";

export interface ServerDeps {
  readonly guard: Pick<Guard, "admit">;
  readonly routes: readonly FastifyPluginAsync[];
  /** Sees what is answered with 5xx. */
  readonly onFault: OnFault;
  /** Sees what is refused, but of the routes that answer for themselves. */
  readonly onRefusal?: (code: ErrorCode) => void;
  /** A connection was refused, or was no request. */
  readonly onLostConnection: (reason: ErrorCode | "too-many-connections") => void;
  /** Addresses whose X-Forwarded-For and -Proto are believed. */
  readonly trustedProxies?: readonly string[];
  readonly connections?: Partial<ConnectionLimits>;
  /** Sees every route as it is made. */
  readonly onRoute?: (route: RouteOptions) => void;
  /** Sees every request, also those that are refused. */
  readonly watch?: FastifyPluginAsync;
}

/** Routes that take a body say their own. */
const MAX_BODY_BYTES = 65_536;

export const buildServer = async (deps: ServerDeps): Promise<FastifyInstance> => {
  const { guard, routes, onFault, onRefusal, onLostConnection, trustedProxies = [], onRoute, watch } = deps;
  const connections = { ...CONNECTION_LIMITS, ...deps.connections };
  const app = fastify({
    ...httpOptions(connections),
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestIds(),
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    ...ROUTE_OPTIONS,
    frameworkErrors(error, _request, reply) {
      void sendProblem(error, reply.headers(SECURITY_HEADERS)); // before any hook
    },
    clientErrorHandler(error, socket) {
      if (error.code === "ECONNRESET") return; // it went away
      const problem = connectionProblem(error);
      onLostConnection(problem.code);
      answerAndClose(problem, socket);
    },
  });
  limitConnections(app.server, connections, () => onLostConnection("too-many-connections"));
  if (onRoute) app.addHook("onRoute", onRoute);
  app.removeAllContentTypeParsers();
  app.setSerializerCompiler(wholeAnswers);
  app.setErrorHandler((error, request, reply) => {
    const { status, code } = httpProblem(error);
    onRefusal?.(code);
    if (status >= 500) onFault(error, status, request);
    return sendProblem(error, reply);
  });
  tellUnserved(app);
  app.setNotFoundHandler((request) => {
    throw app.unserved(request);
  });
  if (watch) await app.register(watch);
  app.addHook("onRequest", (request, reply, done) => {
    guard.admit(request, reply);
    done();
  });
  lastAnswersCloseTheirConnection(app);
  for (const plugin of routes) await app.register(plugin);
  return app;
};

/** Unlike others' and those of earlier runs, and cheap: 48 random bits of this run, and a number. */
const requestIds = (): (() => string) => {
  const run = randomBytes(6).toString("hex");
  let number = 0;
  return () => `${run}-${(number += 1).toString(36)}`;
};

/** Kept-alive connections would hold up a stop: Node closes only those that are idle when it begins. */
const lastAnswersCloseTheirConnection = (app: FastifyInstance): void => {
  let isClosing = false;
  app.addHook("preClose", async () => {
    isClosing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (isClosing) reply.header("connection", "close");
  });
};
