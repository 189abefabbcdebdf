/**
 * What one connection, and all of them, may cost before a request has come whole: senders that dawdle (slowloris), say
 * nothing, talk something else, or are simply too many.
 *
 *   connect ── headersMs ──▶ head ── requestMs from its first byte ──▶ body ──▶ answer ── idleMs ──▶ next head
 *      └ a connection that sends nothing has headersMs too               └ stalledMs without a byte read or written
 *
 * What breaks these is answered when there is somebody to answer (408, 431, 400), closed, and counted by reason.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { ErrorBody } from "@mayfly/api";
import { InputError } from "./errors.ts";
import { SECURITY_HEADERS } from "./guard/headers.ts";
import { httpProblem } from "./http-status.ts";

export interface ConnectionLimits {
  readonly headersMs: number;
  /** For a whole request: a largest body needs a megabyte per second. */
  readonly requestMs: number;
  /** Kept open for the next request; longer than the minute of common load balancers, which else meet closed ones. */
  readonly idleMs: number;
  /** For readers who do not read. Streams of events say something more often. */
  readonly stalledMs: number;
  readonly checkEveryMs: number;
  readonly maxConnections: number;
  /** Of an address with its headers: a thousand trace ids and a thousand request ids take 88 kB. */
  readonly maxHeaderBytes: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headersMs: 20_000,
  requestMs: 60_000,
  idleMs: 65_000,
  stalledMs: 120_000,
  checkEveryMs: 5_000,
  maxConnections: 2_000,
  maxHeaderBytes: 128 * 1024,
};

const HEADERS_SHARE = 1 / 3;

/** Node takes whole milliseconds alone. */
export const timesToArrive = (requestMs: number): Pick<ConnectionLimits, "requestMs" | "headersMs"> => ({
  requestMs,
  headersMs: Math.ceil(requestMs * HEADERS_SHARE),
});

/** Node's names for them. */
export const httpOptions = (limits: ConnectionLimits) => ({
  connectionTimeout: limits.stalledMs,
  keepAliveTimeout: limits.idleMs,
  requestTimeout: limits.requestMs,
  http: {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs, // held against headersTimeout as soon as there is a server; fastify's comes later
    connectionsCheckingInterval: limits.checkEveryMs,
  },
});

/** Those beyond the bound are closed unanswered; idle ones make room for the next. */
export const limitConnections = (server: Server, { maxConnections }: ConnectionLimits, onDrop: () => void): void => {
  server.maxConnections = maxConnections;
  server.on("drop", () => {
    onDrop();
    server.closeIdleConnections();
  });
};

/** What never became a request. */
export const connectionProblem = (error: Error & { readonly code?: string }): InputError => {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new InputError("request-timeout", "the request did not arrive whole in time");
  if (error.code === "HPE_HEADER_OVERFLOW")
    return new InputError("headers-too-large", "the address and headers of the request are too large");
  return new InputError("bad-request", "this is no HTTP request");
};

/** Written out: to import node:http for its list is to load undici, 11 MB that nothing here needs. A phrase may be empty. */
const PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** By hand: there is no request, so there is no reply. */
export const answerAndClose = (problem: InputError, socket: Socket): void => {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy(); // an answer has begun already
  const { status, code, message } = httpProblem(problem);
  const body = JSON.stringify({ error: { code, message } } satisfies ErrorBody);
  const headers = { ...SECURITY_HEADERS, "content-type": "application/json; charset=utf-8" };
  const head = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ""}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
};
