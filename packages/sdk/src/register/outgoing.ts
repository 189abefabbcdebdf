/** What OpenTelemetry's instrumentations of HTTP and fetch leave alone. */
import type { SdkConfig } from "../config.ts";

/** The sending of telemetry, which is never itself traced. */
export const isOurs = ({ tracesUrl, logsUrl }: SdkConfig): ((request: object) => boolean) => {
  const hosts = new Set([tracesUrl, logsUrl].flatMap((url) => URL.parse(url ?? "")?.host ?? []));
  return (request) => hosts.has(hostOf(request));
};

/** With its port, where that is not the protocol's own: `origin` of undici's, `host`, `hostname` and `port` of http's. */
const hostOf = (request: object): string => {
  const { origin, host, hostname, port } = request as Partial<Record<"origin" | "host" | "hostname", string>> & {
    readonly port?: string | number | null;
  };
  if (origin) return URL.parse(origin)?.host ?? "";
  const name = hostname ?? host ?? "";
  return port && !name.includes(":") ? `${name}:${port}` : name;
};

/** By AWS: a header more, and the signature may be wrong. */
export const isSigned = (request: object): boolean => {
  const { headers } = request as { readonly headers?: unknown };
  if (typeof headers !== "object" || headers === null) return false;
  return Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === "authorization" && String(value).startsWith("AWS4-"),
  );
};

/** Patched when it is required, and seen by ES modules, which import its functions by name, once that is passed on to them. */
export const loadHttp = (): void => {
  const { createRequire, syncBuiltinESMExports } = process.getBuiltinModule("node:module");
  const require = createRequire(import.meta.url);
  require("node:http");
  require("node:https");
  syncBuiltinESMExports();
};
