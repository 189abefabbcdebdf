/**
 * Headers of every answer, whatever becomes of the request: the browser runs and loads only what comes from here,
 * guesses no content type, tells no address to others, and lends our answers to no other page. No header opens a route
 * to other origins (CORS).
 *
 * Own table, not a plug-in: they never change, and they also belong on answers that no hook sees (an address that
 * cannot be decoded, a request that is no HTTP).
 */
const SELF = "'self'";

const CONTENT_SECURITY_POLICY = Object.entries({
  "default-src": "'none'",
  "script-src": SELF,
  "style-src": SELF,
  "img-src": `${SELF} data:`,
  "font-src": SELF,
  "connect-src": SELF,
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
})
  .map(([directive, sources]) => `${directive} ${sources}`)
  .join(";");

export const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-frame-options": "DENY", // for browsers that know no frame-ancestors
  "x-permitted-cross-domain-policies": "none",
} as const;

/** Stored by no proxy and no browser: what is answered is for the one who asked. */
export const PRIVATE_HEADERS = { "cache-control": "no-store" } as const;
