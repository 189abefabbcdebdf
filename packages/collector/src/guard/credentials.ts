/**
 * How a caller says who it is: `x-mayfly-key` or `x-api-key` (what OTEL_EXPORTER_OTLP_HEADERS sets most easily),
 * `Authorization: Bearer`, Firehose's own header, or the UI's cookie. The first that is there counts; a proxy in front may
 * need Authorization for itself, so ours goes before it.
 *
 * Over TLS the cookie has the prefix __Host-: the browser then takes it from this very host and over TLS alone. One
 * cookie is read and one is written, so a plug-in for cookies would be more than what it replaces.
 */
import type { FastifyRequest } from "fastify";

export type Credential = { readonly key: string } | { readonly session: string } | undefined;

type Asking = Pick<FastifyRequest, "headers" | "protocol">;

export const credentialOf = (request: Asking): Credential => {
  const { headers } = request;
  const key =
    one(headers["x-mayfly-key"]) ??
    one(headers["x-api-key"]) ??
    bearer(headers.authorization) ??
    one(headers["x-amz-firehose-access-key"]);
  if (key !== undefined) return { key };
  const session = headers.cookie === undefined ? undefined : cookieIn(headers.cookie, cookieName(request));
  return session === undefined ? undefined : { session };
};

const one = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header || undefined;

const bearer = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];

const cookieName = ({ protocol }: Asking): string => (protocol === "https" ? "__Host-mayfly" : "mayfly");

const cookieIn = (header: string, name: string): string | undefined => {
  const start = `${name}=`;
  return header
    .split("; ")
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length);
};

/** What Set-Cookie says; a lifetime of 0 takes it away. */
export const sessionCookie = (request: Asking, id: string, lifetimeSeconds: number): string =>
  [
    `${cookieName(request)}=${id}`,
    "Path=/",
    `Max-Age=${lifetimeSeconds}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(request.protocol === "https" ? ["Secure"] : []),
  ].join("; ");
