/**
 * Environment → one frozen configuration, read once at init. A bad value never stops a function: it is said once and the
 * default is taken. An empty one is as good as none.
 *
 * OpenTelemetry's variables come first and mean what its specification says; ours start with MAYFLY_. The table of them is
 * config-variables.ts.
 */
import { type Environment, OTLP_VARIABLES, VARIABLES, read } from "./config-variables.ts";
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
  /** Environments are copies of one that was loaded before. */
  readonly isSnapStart: boolean;
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
  /** By its standard name. */
  readonly sampler: string;
  readonly samplerRatio: number;
  /** Which contexts are read and written; baggage is neither. */
  readonly propagators: readonly string[];
  /** Rules by which all of an unsampled invocation is sent. */
  readonly keep: readonly string[];
  /** 0: none is slow. */
  readonly keepSlowMs: number;
  readonly flushBudgetMs: number;
  /** How long a busy environment may hold back what it sends after the response; 0: it is sent after each. */
  readonly holdMs: number;
  /** While the collector is away, one attempt to reach it is made this often. */
  readonly probeIntervalMs: number;
  /** Payloads that may carry a context. */
  readonly injectPayload: readonly string[];
  /** Of a table, the names of its key attributes. */
  readonly dynamodbKeys: Readonly<Record<string, readonly string[]>>;
  /** How long before the timeout everything open is sent as unfinished; 0 switches it off. */
  readonly timeoutMarginMs: number;
  readonly logLevel: string;
  readonly endLine: boolean;
  /** Debug and trace lines under the level are held, and written when their invocation fails. */
  readonly isHoldingDebug: boolean;
  /** Of this share of all transactions, debug lines are written whatever the level. */
  readonly debugSampleRate: number;
  /** What the handler writes by `console` becomes lines of the logger. */
  readonly isCapturingConsole: boolean;
  /** What of an invocation stands on its span. */
  readonly capturedPayload: readonly ("event" | "result")[];
  /** Of each. */
  readonly maxPayloadBytes: number;
  readonly isRedacting: boolean;
  /** Names of fields and attributes, or paths of fields, that are secrets besides the usual ones; in lower case. */
  readonly redactKeys: readonly string[];
  /** Hosts, with all below them, that get no `traceparent`. */
  readonly propagationExclude: readonly string[];
  /** With their ports: of the runtime's own interfaces, whose requests are not the function's. SnapStart's credentials come from there, too. */
  readonly platformHosts: readonly string[];
}

export const VERSION = "0.1.0";

export const readConfig = (env: Environment = process.env): SdkConfig => {
  const value = <N extends keyof typeof VARIABLES>(name: N): (typeof VARIABLES)[N]["otherwise"] =>
    read<(typeof VARIABLES)[N]["otherwise"]>(env, name, VARIABLES[name]);
  const functionName = env["AWS_LAMBDA_FUNCTION_NAME"] || "unknown";
  const declared = value("OTEL_RESOURCE_ATTRIBUTES");
  const serviceName = value("OTEL_SERVICE_NAME") || declared[ATTR.serviceName] || functionName;
  const sendsLogs = value("MAYFLY_LOGS") === "otlp" && value("OTEL_LOGS_EXPORTER") === "otlp";
  const tracesUrl = value("OTEL_TRACES_EXPORTER") === "otlp" ? signalUrl(env, "TRACES", "v1/traces") : undefined;
  const logsUrl = sendsLogs ? signalUrl(env, "LOGS", "v1/logs") : undefined;
  sayWhatIsNotRead(env);
  return Object.freeze({
    disabled: value("OTEL_SDK_DISABLED") === "true",
    serviceName,
    functionName,
    functionVersion: env["AWS_LAMBDA_FUNCTION_VERSION"] || "$LATEST",
    region: env["AWS_REGION"] ?? "",
    isSnapStart: env["AWS_LAMBDA_INITIALIZATION_TYPE"] === "snap-start",
    resource: { ...declared, ...lambdaResource(env), [ATTR.serviceName]: serviceName },
    ...(tracesUrl !== undefined && { tracesUrl }),
    ...(logsUrl !== undefined && { logsUrl }),
    tracesHeaders: signalHeaders(env, "TRACES"),
    logsHeaders: signalHeaders(env, "LOGS"),
    tracesWire: signalWire(env, "TRACES"),
    logsWire: signalWire(env, "LOGS"),
    maxBufferBytes: Math.min(MAX_BUFFER_BYTES, (memoryBytes(env) ?? Infinity) * BUFFER_SHARE_OF_MEMORY),
    sampler: value("OTEL_TRACES_SAMPLER"),
    samplerRatio: value("OTEL_TRACES_SAMPLER_ARG"),
    propagators: value("OTEL_PROPAGATORS"),
    keep: value("MAYFLY_KEEP"),
    keepSlowMs: value("MAYFLY_KEEP_SLOW_MS"),
    flushBudgetMs: value("MAYFLY_FLUSH_BUDGET_MS"),
    holdMs: value("MAYFLY_HOLD_MS"),
    probeIntervalMs: value("MAYFLY_PROBE_INTERVAL_MS"),
    injectPayload: value("MAYFLY_INJECT_PAYLOAD"),
    dynamodbKeys: value("MAYFLY_DYNAMODB_KEYS"),
    timeoutMarginMs: value("MAYFLY_TIMEOUT_MARGIN_MS"),
    logLevel: value("MAYFLY_LOG_LEVEL") || value("AWS_LAMBDA_LOG_LEVEL"),
    endLine: value("MAYFLY_END_LINE") === "on",
    isHoldingDebug: value("MAYFLY_DEBUG_BUFFER") === "on",
    debugSampleRate: value("MAYFLY_DEBUG_SAMPLE_RATE"),
    isCapturingConsole: value("MAYFLY_CONSOLE") === "on",
    capturedPayload: value("MAYFLY_CAPTURE_PAYLOAD"),
    maxPayloadBytes: value("MAYFLY_PAYLOAD_MAX_BYTES"),
    isRedacting: value("MAYFLY_REDACT") === "on",
    redactKeys: value("MAYFLY_REDACT_KEYS"),
    propagationExclude: value("MAYFLY_PROPAGATION_EXCLUDE"),
    platformHosts: [env["AWS_LAMBDA_RUNTIME_API"] || "", env["AWS_XRAY_DAEMON_ADDRESS"] || ""],
  });
};

/** What `@mayfly/sdk/register` needs to know beside the configuration. */
export interface RuntimeFacts {
  readonly taskRoot: string;
  /** `folder/module.export`; absent outside of Lambda. */
  readonly handler?: string;
  /** Some exporter of metrics or of OpenTelemetry's own log records is asked for, which only its NodeSDK sets up. */
  readonly asksForOtherSignals: boolean;
}

export const readRuntime = (env: Environment = process.env): RuntimeFacts => {
  const handler = env["_HANDLER"];
  const others = ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"].map((name) => env[name] || "none");
  return {
    taskRoot: env["LAMBDA_TASK_ROOT"] || process.cwd(),
    ...(handler && { handler }),
    asksForOtherSignals: others.some((exporter) => exporter !== "none"),
  };
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
  const name = signalName(env, signal, "ENDPOINT");
  const text = read(env, name, OTLP_VARIABLES.ENDPOINT);
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return name.includes(signal) ? text : under(url, path);
  warn(
    `${name} is ${JSON.stringify(printable(text))}, expected ${OTLP_VARIABLES.ENDPOINT.expected}; nothing is sent there`,
  );
  return undefined;
};

type SignalName = "TRACES" | "LOGS";

const OTLP = "OTEL_EXPORTER_OTLP_";

const signalName = (env: Environment, signal: SignalName, what: string): string => {
  const own = `${OTLP}${signal}_${what}`;
  return env[own] ? own : OTLP + what;
};

const signalHeaders = (env: Environment, signal: SignalName): Readonly<Record<string, string>> => ({
  ...read(env, `${OTLP}HEADERS`, OTLP_VARIABLES.HEADERS),
  ...read(env, `${OTLP}${signal}_HEADERS`, OTLP_VARIABLES.HEADERS),
});

const signalWire = (env: Environment, signal: SignalName): Wire => {
  const { PROTOCOL, COMPRESSION, TIMEOUT } = OTLP_VARIABLES;
  return {
    isProtobuf: read(env, signalName(env, signal, "PROTOCOL"), PROTOCOL) === "http/protobuf",
    isGzip: read(env, signalName(env, signal, "COMPRESSION"), COMPRESSION) === "gzip",
    timeoutMs: read(env, signalName(env, signal, "TIMEOUT"), TIMEOUT),
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
  if (/\bbaggage\b/i.test(env["OTEL_PROPAGATORS"] ?? "")) warn("OTEL_PROPAGATORS names baggage, which is not carried");
  for (const what of ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"])
    passOver(env, OTLP + what, "NODE_EXTRA_CA_CERTS tells Node.js whom to trust besides");
};

const passOver = (env: Environment, name: string, instead: string, sameAs?: string): void => {
  const value = env[name];
  if (value && value !== sameAs) warn(`${name} is ${JSON.stringify(value)}, which is not read; ${instead}`);
};
