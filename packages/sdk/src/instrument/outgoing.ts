/**
 * A request about to leave, whatever client makes it, and which of our headers may go with it.
 *
 *   signed by AWS's rules, in a header or the query   X-Amzn-Trace-Id alone: signers leave it out, so it may be set after signing
 *   anything else                                     traceparent, with tracestate where there is one, unless it has one
 *   anything else, to an excluded host                nothing
 *
 * An AWS service takes headers that its signature does not name, so a client that signs later than we look loses nothing
 * by what was set before.
 */
import type { SpanContext } from "@opentelemetry/api";
import { isCarried } from "../propagate/propagators.ts";
import { formatTraceparent } from "../propagate/w3c.ts";
import { xrayHeaderFor } from "../propagate/xray.ts";

/** A header by its name in lower case. */
export type HeaderOf = (name: string) => string | undefined;

export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  readonly header: HeaderOf;
}

export type Header = readonly [name: string, value: string];

export interface Propagation {
  readonly span: SpanContext;
  /** As Lambda gave it to the invocation. */
  readonly xrayHeader: string | undefined;
  readonly excludedHosts: readonly string[];
  readonly propagators: readonly string[];
}

/** Only those that change something. */
export const headersFor = (request: Outgoing, propagation: Propagation): readonly Header[] => {
  const { span, xrayHeader, excludedHosts } = propagation;
  const { header, url } = request;
  const signed = isSigned(request);
  if (!isCarried(signed ? "xray" : "w3c", propagation)) return [];
  if (signed) {
    const present = header("x-amzn-trace-id");
    const value = xrayHeaderFor(present ?? xrayHeader, span);
    return value === undefined || value === present || signsXrayHeader(request) ? [] : [["X-Amzn-Trace-Id", value]];
  }
  if (header("traceparent") !== undefined || excludedHosts.some((one) => isWithin(url.hostname, one))) return [];
  const state = span.traceState?.serialize();
  const traceparent: Header = ["traceparent", formatTraceparent(span)];
  return state && header("tracestate") === undefined ? [traceparent, ["tracestate", state]] : [traceparent];
};

/** Signature 4 in both forms; S3's old one, which still signs for some stores. */
const isSigned = ({ header, url }: Outgoing): boolean =>
  /^AWS[4 ]/.test(header("authorization") ?? "") || url.searchParams.has("X-Amz-Signature");

/** Some signer may sign what it finds. */
const signsXrayHeader = ({ header, url }: Outgoing): boolean =>
  /SignedHeaders=[^,&]*x-amzn-trace-id/i.test(`${header("authorization")} ${url.search}`);

const isWithin = (host: string, domain: string): boolean => domain === "*" || `.${host}`.endsWith(`.${domain}`);

/**
 * Addresses of the platform itself: the runtime's and extensions' API, the credentials of the environment or its
 * machine, and the X-Ray daemon. They are no part of what the function does.
 */
export const isPlatforms = ({ host, hostname }: URL, platformHosts: readonly string[]): boolean =>
  /^(?:169\.254\.|\[fd00:ec2:)/.test(hostname) || platformHosts.includes(host);

/** Without user and password, and with what proves the right to ask replaced: by the word that semantic conventions name. */
export const printableUrl = ({ protocol, host, pathname, search }: URL): string =>
  `${protocol}//${host}${pathname}${search.replace(SECRET_VALUES, "$1REDACTED")}`;

const SECRET_VALUES =
  /([?&](?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|awsaccesskeyid|signature|sig|[^=&]*token)=)[^&]+/gi;
