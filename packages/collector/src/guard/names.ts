/**
 * Under which names this collector is asked, and from which pages.
 *
 * Host   The loopback's names, the bound address, and --allowed-host. A page of elsewhere whose name was made to point here (DNS
 *        rebinding) has another. Bound to all addresses, any literal address is fine too: a name can be rebound, an
 *        address cannot. The port is not compared: it may be forwarded from another one.
 * Origin What changes state is asked only by a page from here: of the same host and port as the request, or of a name
 *        that --allowed-host gives (behind a proxy the two may differ). Programs send no Origin.
 *
 * Errors  InputError `host-not-allowed`, AccessError `origin-not-allowed`.
 */
import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import { AccessError, InputError } from "../errors.ts";

export interface Names {
  check(request: Pick<FastifyRequest, "headers" | "method">): void;
}

export interface NamesDeps {
  /** The address that is bound. */
  readonly host: string;
  /** Public names, without port. */
  readonly allowedHosts: readonly string[];
}

/** 0 to 255, and no leading zero: some readers take that for octal. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const LOOPBACK = new RegExp(String.raw`^(?:localhost|::1|127(?:\.${OCTET}){3})$`);

/** Whether only this machine reaches what listens there. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

export const isAddress = (text: string): boolean => isIP(text) !== 0;

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
/** What ends in a number would be an address, and this one is none. */
const NAME = new RegExp(String.raw`^(?:${LABEL}\.)*(?!\d+$)${LABEL}$`, "i");
export const isName = (text: string): boolean => text.length <= 253 && NAME.test(text);

export const isNetwork = (text: string): boolean => {
  const [address = "", bits, more] = text.split("/");
  if (bits === undefined) return isAddress(address);
  const most = isIP(address) === 4 ? 32 : 128;
  return isAddress(address) && more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
};

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const ALL_ADDRESSES = new Set(["0.0.0.0", "::"]);
const CHANGES_NOTHING = new Set(["GET", "HEAD", "OPTIONS"]);

export const namesOf = ({ host, allowedHosts }: NamesDeps): Names => {
  const isPublicName = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const isOurs = new Set([...LOOPBACK_NAMES, host, `[${host}]`, ...isPublicName]);
  const isBoundToAll = ALL_ADDRESSES.has(host);

  const address = isBoundToAll ? "an address of its machine" : host;

  const checkHost = (name: string): void => {
    if (isOurs.has(name) || (isBoundToAll && isLiteralAddress(name))) return;
    throw new InputError(
      "host-not-allowed",
      `Host ${JSON.stringify(name)} is not this collector's name: ask for ${address}, or start it with --allowed-host`,
    );
  };
  const checkOrigin = (origin: string, authority: string): void => {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    if (url !== undefined && (url.host === withoutDefaultPort(authority, url) || isPublicName.has(url.hostname)))
      return;
    throw new AccessError("origin-not-allowed", `a page of ${origin} may not change anything here`);
  };
  return {
    check({ headers, method }) {
      const authority = (headers.host ?? "").toLowerCase();
      checkHost(authority.replace(/:\d+$/, ""));
      if (headers.origin !== undefined && !CHANGES_NOTHING.has(method)) checkOrigin(headers.origin, authority);
    },
  };
};

const isLiteralAddress = (name: string): boolean => isAddress(name.replace(/^\[(.*)\]$/, "$1"));

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": ":80", "https:": ":443" };

/** URL leaves its scheme's own port out; a Host header need not. */
const withoutDefaultPort = (authority: string, { protocol }: URL): string => {
  const port = DEFAULT_PORTS[protocol];
  return port !== undefined && authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
};
