/**
 * The HTTP server around the routes: who may ask, how much they may send, how refusals look.
 *
 * It binds the loopback and has no CORS, so that only this machine's pages and programs reach it; the Host check keeps
 * out pages of elsewhere whose name was made to point here (DNS rebinding).
 */
import { randomBytes } from "node:crypto";
import helmet from "@fastify/helmet";
import type { ErrorBody } from "@mayfly/api";
import fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaValidationError,
} from "fastify";
import { InputError, NotFoundError } from "./errors.ts";
import { httpProblem, type OnFault } from "./http-status.ts";

export interface ServerDeps {
  /** The address it will listen on; its name is a valid Host beside the loopback's. */
  readonly host: string;
  readonly routes: readonly FastifyPluginAsync[];
  /** Sees what is answered with 5xx. */
  readonly onFault: OnFault;
}

/** Routes that take a body say their own. */
const MAX_BODY_BYTES = 65_536;
/** Enough for every id in a path: ARNs of executions, object keys. */
const MAX_PARAMETER_LENGTH = 2048;
/** A thousand trace ids and a thousand request ids in an address take 88 kB. */
const MAX_HEADER_BYTES = 128 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;

export const buildServer = async ({ host, routes, onFault }: ServerDeps): Promise<FastifyInstance> => {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: requestIds(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: "array" } },
    schemaErrorFormatter: refusedParameter,
    frameworkErrors(error, _request, reply) {
      void sendProblem(error, reply);
    },
  });
  app.removeAllContentTypeParsers();
  app.setErrorHandler((error, request, reply) => {
    const { status } = httpProblem(error);
    if (status >= 500) onFault(error, status, request);
    return sendProblem(error, reply);
  });
  app.setNotFoundHandler((request) => {
    throw new NotFoundError("not-found", `${request.method} ${request.url} is not served here`);
  });
  app.addHook("onRequest", hostCheck(host));
  lastAnswersCloseTheirConnection(app);
  await app.register(helmet, SECURITY_HEADERS);
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

const sendProblem = (error: unknown, reply: FastifyReply): FastifyReply => {
  const { status, code, message, retryAfterSeconds } = httpProblem(error);
  if (retryAfterSeconds !== undefined) reply.header("retry-after", retryAfterSeconds);
  return reply.code(status).send({ error: { code, message } } satisfies ErrorBody);
};

const refusedParameter = ([first]: readonly FastifySchemaValidationError[]): InputError => {
  const unknown = first?.params["additionalProperty"];
  const problem =
    typeof unknown === "string"
      ? `${unknown} is not a parameter here`
      : `${first?.instancePath.slice(1)} ${first?.message}`;
  return new InputError("bad-parameter", problem);
};

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** The port is not compared: it may be forwarded from another one, and rebinding cannot choose a name. */
const hostCheck = (boundHost: string) => {
  const allowed = new Set([...LOOPBACK_NAMES, boundHost, `[${boundHost}]`]);
  return async (request: FastifyRequest): Promise<void> => {
    const name = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    if (!allowed.has(name)) throw new InputError("host-not-allowed", `Host "${name}" is not this collector's name`);
  };
};

const SELF = ["'self'"];

const SECURITY_HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: SELF,
      styleSrc: SELF,
      imgSrc: [...SELF, "data:"],
      fontSrc: SELF,
      connectSrc: SELF,
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false, // plain HTTP on the loopback
} as const;
