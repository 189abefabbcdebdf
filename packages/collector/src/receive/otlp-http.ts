/**
 * OTLP/HTTP: what a sender may send and what it is told.
 *
 * In      POST /v1/traces, /v1/logs and /v1/metrics; protobuf or JSON by Content-Type; packed as content-encoding.ts knows.
 * Out     200 after what was taken is durable: empty for all, `partialSuccess` when some were rejected. Otherwise a
 *         google.rpc.Status in the request's own encoding (JSON when that is unknown). Senders retry 429 and 503 only.
 * Bounds  MAX_BODY_BYTES before and after unpacking; all requests together what admission.ts says.
 * Source  opentelemetry-proto 1.11 docs/specification.md, "OTLP/HTTP"
 */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  encodeExportResponse,
  encodeStatus,
  type OtlpEncoding,
  type OtlpSignal,
  type PartialSuccess,
} from "@mayfly/otlp";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { InputError } from "../errors.ts";
import { INGEST } from "../guard/scopes.ts";
import { httpProblem, type OnFault } from "../http-status.ts";
import type { Admission } from "./admission.ts";
import type { Refusals } from "./refusals.ts";
import { wholeBody } from "./whole-body.ts";

interface ExportRequest {
  readonly encoding: OtlpEncoding;
  /** Unpacked. */
  readonly body: Uint8Array;
  /** SHA-256 over path, encoding and unpacked body: equal for a retry. */
  readonly digest: Uint8Array;
}

/** Resolves when what the request brought is durable; says what was rejected of it. */
export type Ingest = (request: ExportRequest) => Promise<PartialSuccess | undefined>;

export interface OtlpDeps {
  readonly ingest: Readonly<Record<OtlpSignal, Ingest>>;
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly onFault: OnFault;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

const ENCODINGS: ReadonlyMap<string, OtlpEncoding> = new Map([
  ["application/x-protobuf", "protobuf"],
  ["application/protobuf", "protobuf"],
  ["application/json", "json"],
]);
const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

const MESSAGES: Readonly<Record<OtlpSignal, string>> = { traces: "Trace", logs: "Logs", metrics: "Metrics" };

/** Of opentelemetry-proto, whose JSON mapping has no schema of its own. */
const bodies = (name: string) => ({
  "application/json": {
    schema: { type: "object", description: `\`${name}\` of opentelemetry-proto, in its JSON mapping.` },
  },
  "application/x-protobuf": { schema: {} },
});

const described = (signal: OtlpSignal) =>
  ({
    tags: ["telemetry"],
    summary: `Store ${signal} as OTLP sends them`,
    description:
      "`Content-Encoding` may be gzip, deflate or zstd. 200 once everything is on disk; `partialSuccess` where some of it was rejected. Only 429 and 503 are worth another try.",
    takes: bodies(`Export${MESSAGES[signal]}ServiceRequest`),
    response: {
      200: { description: "Stored.", content: bodies(`Export${MESSAGES[signal]}ServiceResponse`) },
    },
  }) as const;

export const otlpRoutes =
  ({ ingest, admission, refusals, onFault }: OtlpDeps): FastifyPluginAsync =>
  async (app) => {
    const routes: FastifyPluginAsync = async (v1) => {
      // The stream as it is: reading it is the route's, so that no byte is held that was not admitted.
      v1.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
      v1.setErrorHandler((error, request, reply) => {
        const { status, code } = httpProblem(error);
        if (request.method === "POST") refusals.count(code); // nothing else carries telemetry
        if (status >= 500) onFault(error, status, request);
        return sendStatus(error, request, reply);
      });
      v1.setNotFoundHandler((request, reply) => sendStatus(v1.unserved(request), request, reply));
      for (const signal of ["traces", "logs", "metrics"] as const) {
        v1.post(`/${signal}`, { ...INGEST, schema: described(signal) }, exportRoute(signal, ingest[signal], admission));
        // A page would else answer it, in its form.
        v1.get(`/${signal}`, { ...INGEST, schema: { hide: true } }, (request) => {
          throw v1.unserved(request);
        });
      }
    };
    await app.register(routes, { prefix: "/v1" });
  };

const exportRoute =
  (signal: OtlpSignal, ingest: Ingest, admission: Admission) =>
  async (request: FastifyRequest, reply: FastifyReply) => {
    const encoding = encodingOf(request);
    if (encoding === undefined || !(request.body instanceof Readable)) {
      const given = JSON.stringify(request.headers["content-type"] ?? "");
      throw new InputError(
        "unsupported-content-type",
        `Content-Type ${given} is none of ${[...ENCODINGS.keys()].join(", ")}`,
      );
    }
    const held = admission.open();
    try {
      const { turn } = admission;
      const body = await wholeBody(request.body, request.headers, { maxBytes: MAX_BODY_BYTES, held, turn });
      if (encoding === "json") held.take(body.length); // the protobuf made of it is shorter, and lives as long
      const digest = createHash("sha256").update(`${signal} ${encoding} `).update(body).digest();
      const partialSuccess = await ingest({ encoding, body, digest });
      return await reply.type(CONTENT_TYPES[encoding]).send(encodeExportResponse(encoding, signal, partialSuccess));
    } finally {
      held.release();
    }
  };

const encodingOf = (request: FastifyRequest): OtlpEncoding | undefined =>
  ENCODINGS.get((request.headers["content-type"] ?? "").split(";", 1).join("").trim().toLowerCase());

const sendStatus = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { status, message, headers } = httpProblem(error);
  const encoding = encodingOf(request) ?? "json";
  return reply
    .code(status)
    .headers(headers)
    .type(CONTENT_TYPES[encoding])
    .send(encodeStatus(encoding, { code: RPC_CODES.get(status) ?? 0, message }));
};

/**
 * HTTP status → google.rpc.Code: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED,
 * RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE.
 */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 12],
  [405, 12],
  [413, 3],
  [415, 3],
  [429, 8],
  [500, 13],
  [503, 14],
]);
