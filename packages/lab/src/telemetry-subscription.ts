/** The body of a Telemetry API subscription: parsed, or every fault of it in one sentence. */

export interface TelemetrySubscription {
  readonly schemaVersion: string;
  readonly types: readonly string[];
  readonly buffering: Buffering;
  readonly destination: Destination;
}

export interface Buffering {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Always on 127.0.0.1: `sandbox.localdomain`, as Lambda calls it, is no name on other machines. */
export interface Destination {
  readonly port: number;
  readonly path: string;
}

const SCHEMA_VERSIONS = ["2022-07-01", "2022-12-13", "2025-01-29"];
const TYPES = ["platform", "function", "extension"];
const BUFFERING = [
  { name: "maxItems", initially: 10_000, min: 1_000, max: 10_000 },
  { name: "maxBytes", initially: 262_144, min: 262_144, max: 1_048_576 },
  { name: "timeoutMs", initially: 1_000, min: 25, max: 30_000 },
] as const;
/** The last two are the lab's own courtesy. */
const HOSTS = ["sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"];
/** Lambda's own. */
const RESERVED_PORT = 9001;

export const parseSubscription = (body: string): TelemetrySubscription | { readonly problem: string } => {
  const { schemaVersion, types, buffering, destination } = members(parsed(body));
  const asked = members(buffering);
  const url = urlOf(members(destination)["URI"]);
  const problems = [
    ...(SCHEMA_VERSIONS.includes(String(schemaVersion))
      ? []
      : [`schemaVersion is not one of ${SCHEMA_VERSIONS.join(", ")}`]),
    ...typesProblems(types),
    ...BUFFERING.flatMap(({ name, min, max }) =>
      isWithin(asked[name] ?? min, min, max) ? [] : [`buffering.${name} should be ${min} to ${max}`],
    ),
    ...destinationProblems(members(destination)["protocol"], url),
  ];
  if (problems.length > 0 || !url) return { problem: problems.join("; ") };
  const [maxItems, maxBytes, timeoutMs] = BUFFERING.map(({ name, initially }) => Number(asked[name] ?? initially));
  return {
    schemaVersion: String(schemaVersion),
    types: types as string[],
    buffering: { maxItems: maxItems ?? 0, maxBytes: maxBytes ?? 0, timeoutMs: timeoutMs ?? 0 },
    destination: { port: Number(url.port), path: url.pathname + url.search },
  };
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const members = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const isWithin = (value: unknown, min: number, max: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;

const typesProblems = (types: unknown): string[] => {
  if (!Array.isArray(types) || types.length === 0) return ["types should not be empty"];
  return types.every((type) => TYPES.includes(String(type))) ? [] : [`types should be of ${TYPES.join(", ")}`];
};

const urlOf = (uri: unknown): URL | undefined => (typeof uri === "string" ? (URL.parse(uri) ?? undefined) : undefined);

const destinationProblems = (protocol: unknown, url: URL | undefined): string[] => {
  if (protocol === "TCP") return ["destination.protocol TCP is not known to the lab"];
  if (protocol !== "HTTP") return ["destination.protocol should be HTTP or TCP"];
  if (url?.protocol !== "http:") return ["destination.URI should be an http URI"];
  return [
    ...(HOSTS.includes(url.hostname) ? [] : ["destination.URI host should be sandbox.localdomain"]),
    ...(url.port === "" ? ["URI port is not provided"] : []),
    ...(Number(url.port) === RESERVED_PORT ? [`URI port ${RESERVED_PORT} is reserved`] : []),
  ];
};
