/**
 * Environment → one frozen configuration, read once at init. A bad value never stops a function: it is said once and the
 * default is taken. An empty one is as good as none.
 *
 * OpenTelemetry's variables come first and mean what its specification says; ours start with MAYFLY_.
 */
import { warn } from "./diag.ts";
import { BUFFER_SHARE_OF_MEMORY, MAX_BUFFER_BYTES } from "./limits.ts";
import { ATTR } from "./semconv.ts";

/** How a signal's requests go out. */
export interface Wire {
  readonly isProtobuf: boolean;
  readonly isGzip: boolean;
  /** Of one request; 0: as long as the flush budget allows. */
  readonly timeoutMs: number;
}

export interface SdkConfig {
  readonly disabled: boolean;
  readonly serviceName: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly region: string;
  readonly resource: Readonly<Record<string, string | number>>;
  /** Absent: nothing is sent. */
  readonly tracesUrl?: string;
  readonly logsUrl?: string;
  readonly tracesHeaders: Readonly<Record<string, string>>;
  readonly logsHeaders: Readonly<Record<string, string>>;
  readonly tracesWire: Wire;
  readonly logsWire: Wire;
  /** Of spans, and as much again of log lines, that wait to be sent. */
  readonly maxBufferBytes: number;
  readonly flushBudgetMs: number;
  /** How long a busy environment may hold back what it sends after the response; 0: it is sent after each. */
  readonly holdMs: number;
  /** While the collector is away, one attempt to reach it is made this often. */
  readonly probeIntervalMs: number;
  /** How long before the timeout everything open is sent as unfinished; 0 switches it off. */
  readonly timeoutMarginMs: number;
  readonly logLevel: string;
  readonly endLine: boolean;
  /** Debug and trace lines under the level are held, and written when their invocation fails. */
  readonly isHoldingDebug: boolean;
  readonly isRedacting: boolean;
  /** Names of fields and attributes, or paths of fields, that are secrets besides the usual ones; in lower case. */
  readonly redactKeys: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const VERSION = "0.1.0";
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

export const readConfig = (env: Environment = process.env): SdkConfig => {
  const functionName = env["AWS_LAMBDA_FUNCTION_NAME"] || "unknown";
  const declared = pairs(env, "OTEL_RESOURCE_ATTRIBUTES");
  const serviceName = env["OTEL_SERVICE_NAME"] || declared[ATTR.serviceName] || functionName;
  const sendLogs = choice(env, "MAYFLY_LOGS", ["otlp", "stdout"], "otlp") === "otlp";
  const headers = pairs(env, "OTEL_EXPORTER_OTLP_HEADERS");
  const tracesUrl = signalUrl(env, "TRACES", "v1/traces");
  const logsUrl = sendLogs ? signalUrl(env, "LOGS", "v1/logs") : undefined;
  sayWhatIsNotRead(env);
  return Object.freeze({
    disabled: choice(env, "OTEL_SDK_DISABLED", ["true", "false"], "false") === "true",
    serviceName,
    functionName,
    functionVersion: env["AWS_LAMBDA_FUNCTION_VERSION"] || "$LATEST",
    region: env["AWS_REGION"] ?? "",
    resource: { ...declared, ...lambdaResource(env), [ATTR.serviceName]: serviceName },
    ...(tracesUrl !== undefined && { tracesUrl }),
    ...(logsUrl !== undefined && { logsUrl }),
    tracesHeaders: { ...headers, ...pairs(env, "OTEL_EXPORTER_OTLP_TRACES_HEADERS") },
    logsHeaders: { ...headers, ...pairs(env, "OTEL_EXPORTER_OTLP_LOGS_HEADERS") },
    tracesWire: signalWire(env, "TRACES"),
    logsWire: signalWire(env, "LOGS"),
    maxBufferBytes: Math.min(MAX_BUFFER_BYTES, (memoryBytes(env) ?? Infinity) * BUFFER_SHARE_OF_MEMORY),
    flushBudgetMs: milliseconds(env, "MAYFLY_FLUSH_BUDGET_MS", { least: 1, otherwise: 300 }),
    holdMs: milliseconds(env, "MAYFLY_HOLD_MS", { least: 0, otherwise: 1_000 }),
    probeIntervalMs: milliseconds(env, "MAYFLY_PROBE_INTERVAL_MS", { least: 0, otherwise: 30_000 }),
    timeoutMarginMs: milliseconds(env, "MAYFLY_TIMEOUT_MARGIN_MS", { least: 0, otherwise: 200 }),
    logLevel: choice(env, "MAYFLY_LOG_LEVEL", LEVELS, choice(env, "AWS_LAMBDA_LOG_LEVEL", LEVELS, "info")),
    endLine: choice(env, "MAYFLY_END_LINE", ["on", "off"], "on") === "on",
    isHoldingDebug: choice(env, "MAYFLY_DEBUG_BUFFER", ["on", "off"], "off") === "on",
    isRedacting: choice(env, "MAYFLY_REDACT", ["on", "off"], "on") === "on",
    redactKeys: (env["MAYFLY_REDACT_KEYS"] ?? "")
      .toLowerCase()
      .split(/[,\s]+/)
      .filter(Boolean),
  });
};

/** What OpenTelemetry's Lambda resource detector gives. */
const lambdaResource = (env: Environment): Record<string, string | number> => {
  const known: Record<string, string | number | undefined> = {
    [ATTR.telemetrySdkName]: "mayfly",
    [ATTR.telemetrySdkLanguage]: "nodejs",
    [ATTR.telemetrySdkVersion]: VERSION,
    [ATTR.cloudProvider]: env["AWS_LAMBDA_FUNCTION_NAME"] && "aws",
    [ATTR.cloudPlatform]: env["AWS_LAMBDA_FUNCTION_NAME"] && "aws_lambda",
    [ATTR.cloudRegion]: env["AWS_REGION"],
    [ATTR.faasName]: env["AWS_LAMBDA_FUNCTION_NAME"],
    [ATTR.faasVersion]: env["AWS_LAMBDA_FUNCTION_VERSION"],
    [ATTR.faasInstance]: env["AWS_LAMBDA_LOG_STREAM_NAME"],
    [ATTR.faasMaxMemory]: memoryBytes(env),
  };
  return Object.fromEntries(Object.entries(known).flatMap(([key, value]) => (value ? [[key, value]] : [])));
};

const memoryBytes = (env: Environment): number | undefined => {
  const memoryMb = Number(env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
  return memoryMb > 0 ? memoryMb * 1_048_576 : undefined;
};

/** A signal's own endpoint is used as it is; the common one gets the signal's path appended. */
const signalUrl = (env: Environment, signal: SignalName, path: string): string | undefined => {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const name = signalName(env, signal, "ENDPOINT");
  const text = env[name];
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return name === own ? text : under(url, path);
  warn(`${name} is ${JSON.stringify(printable(text))}, expected an http or https URL; nothing is sent there`);
  return undefined;
};

type SignalName = "TRACES" | "LOGS";

const signalName = (env: Environment, signal: SignalName, what: string): string => {
  const own = `OTEL_EXPORTER_OTLP_${signal}_${what}`;
  return env[own] ? own : `OTEL_EXPORTER_OTLP_${what}`;
};

const signalWire = (env: Environment, signal: SignalName): Wire => {
  const [protocol, compression, timeout] = ["PROTOCOL", "COMPRESSION", "TIMEOUT"].map((what) =>
    signalName(env, signal, what),
  ) as [string, string, string];
  return {
    isProtobuf: choice(env, protocol, ["http/json", "http/protobuf"], "http/json") === "http/protobuf",
    isGzip: choice(env, compression, ["gzip", "none"], "none") === "gzip",
    timeoutMs: milliseconds(env, timeout, { least: 0, otherwise: 0 }),
  };
};

/** A query, which may be a token, stays at the end. */
const under = (base: URL, path: string): string => {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
  return url.href;
};

/** An address as it may be printed, URL or not: without user, password and query, of which each may be a secret. */
export const printable = (address: string): string =>
  address.replace(/^([a-z][a-z\d+.-]*:\/\/)?[^/?#]*@/i, "$1").replace(/[?#].*$/s, "");

/** Standard variables whose being passed over would be a riddle. */
const sayWhatIsNotRead = (env: Environment): void => {
  for (const name of ["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"])
    passOver(env, name, "this version keeps every span", "always_on");
  passOver(env, "OTEL_PROPAGATORS", "this version carries tracecontext and xray");
};

const passOver = (env: Environment, name: string, instead: string, sameAs?: string): void => {
  const value = env[name];
  if (value && value !== sameAs) warn(`${name} is ${JSON.stringify(value)}, which is not read; ${instead}`);
};

const milliseconds = (
  env: Environment,
  name: string,
  { least, otherwise }: { readonly least: number; readonly otherwise: number },
): number => {
  const text = env[name]?.trim();
  if (!text) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= 60_000) return value;
  warn(`${name} is ${JSON.stringify(text)}, expected an integer from ${least} to 60000; ${otherwise} is taken`);
  return otherwise;
};

const choice = (env: Environment, name: string, values: readonly string[], otherwise: string): string => {
  const value = env[name]?.toLowerCase();
  if (value === undefined || value === "") return otherwise;
  if (values.includes(value)) return value;
  warn(`${name} is ${JSON.stringify(env[name])}, expected one of ${values.join(", ")}; ${otherwise} is taken`);
  return otherwise;
};

/** `k=v,k2=v2`, values percent-encoded (W3C Baggage's form, as the OTLP exporter specification says). */
const pairs = (env: Environment, name: string): Record<string, string> => {
  const parts = (env[name] ?? "").split(",").filter((part) => part.trim() !== "");
  const entries = parts.flatMap((part) => {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(at, 0)).trim();
    return key === "" ? [] : [[key, decoded(part.slice(at + 1).trim())] as const];
  });
  // Without the text: it may be a secret.
  if (entries.length < parts.length) warn(`${name} has an entry that is not key=value; it is left out`);
  return Object.fromEntries(entries);
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare % in a token
  }
};
