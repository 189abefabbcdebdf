/**
 * Every variable the SDK reads, by name: what its text may be and what is taken where there is none. config.ts reads them,
 * config-reference.ts describes them (apart, so that no description is loaded in a function), and
 * docs/reference/sdk-config.md is made of both. A variable is added here and there; the types ask for the second.
 */
import { warn } from "./diag.ts";
import { MAX_TEXT_LENGTH } from "./limits.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a variable's text may be. */
export interface Kind<T> {
  readonly otherwise: T;
  /** "expected …" */
  readonly expected: string;
  /** `undefined` of a text that is none of it. The text is trimmed and not empty. */
  readonly parse: (text: string, name: string) => T | undefined;
}

/** One of these words, in any case. */
const oneOf = <T extends string, D extends string>(values: readonly T[], otherwise: D): Kind<T | D> => ({
  otherwise,
  expected: `one of ${values.join(", ")}`,
  parse: (text) => values.find((value) => value === text.toLowerCase()),
});

const integer = (least: number, otherwise: number, most = 60_000): Kind<number> => ({
  otherwise,
  expected: `an integer from ${least} to ${most}`,
  parse: (text) => {
    const value = Number(text);
    return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
  },
});

const text: Kind<string> = { otherwise: "", expected: "any text", parse: (value) => value };

/** Any of these, or none. */
const someOf = <T extends string>(values: readonly T[], otherwise: readonly T[] = values): Kind<readonly T[]> => ({
  otherwise,
  expected: `none, or some of ${values.join(", ")}, with commas between`,
  parse: (value) => {
    const given = value.toLowerCase().split(/[,\s]+/);
    if (given.join("") === "none") return [];
    return given.every((one) => values.includes(one as T)) ? (given as T[]) : undefined;
  },
});

const ratio = (otherwise: number): Kind<number> => ({
  otherwise,
  expected: "a number from 0 to 1",
  parse: (value) => (Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined),
});

/** In lower case. */
const names: Kind<readonly string[]> = {
  otherwise: [],
  expected: "names, with commas between",
  parse: (value) =>
    value
      .toLowerCase()
      .split(/[,\s]+/)
      .filter(Boolean),
};

const keysByTable: Kind<Readonly<Record<string, readonly string[]>>> = {
  otherwise: {},
  expected: "table:key or table:key,key, with semicolons between",
  parse: (value) => {
    const tables = value.split(";").filter((part) => part.trim() !== "");
    const entries = tables.map((part) => part.split(":").map((one) => one.trim()));
    if (!entries.every(([table, keys, ...more]) => table && keys && more.length === 0)) return undefined;
    return Object.fromEntries(entries.map(([table = "", keys = ""]) => [table, keys.split(/[,\s]+/).filter(Boolean)]));
  },
};

/** Percent-encoded (W3C Baggage's form, as the OTLP exporter specification says). */
const pairs: Kind<Readonly<Record<string, string>>> = {
  otherwise: {},
  expected: "k=v,k2=v2, values percent-encoded",
  parse: (value, name) => {
    const parts = value.split(",").filter((part) => part.trim() !== "");
    const entries = parts.flatMap((part) => {
      const at = part.indexOf("=");
      const key = part.slice(0, Math.max(at, 0)).trim();
      return key === "" ? [] : [[key, decoded(part.slice(at + 1).trim())] as const];
    });
    // Without the text: it may be a secret.
    if (entries.length < parts.length) warn(`${name} has an entry that is not key=value; it is left out`);
    return Object.fromEntries(entries);
  },
};

/** Checked where it is read: what is said of a bad one leaves out its secrets, and nothing is taken instead. */
const address: Kind<string> = { ...text, expected: "an http or https URL" };

const onOff = (otherwise: "on" | "off"): Kind<"on" | "off"> => oneOf(["on", "off"], otherwise);

const otlpOrNone = oneOf(["otlp", "none"], "otlp");

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const ROOT_SAMPLERS = ["always_on", "always_off", "traceidratio"] as const;
const SAMPLERS = [...ROOT_SAMPLERS, ...ROOT_SAMPLERS.map((one) => `parentbased_${one}` as const)];

export const VARIABLES = {
  OTEL_SERVICE_NAME: text,
  OTEL_RESOURCE_ATTRIBUTES: pairs,
  OTEL_SDK_DISABLED: oneOf(["true", "false"], "false"),
  OTEL_TRACES_EXPORTER: otlpOrNone,
  OTEL_LOGS_EXPORTER: otlpOrNone,
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS, "parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: ratio(1),
  OTEL_PROPAGATORS: someOf(["tracecontext", "xray", "datadog", "baggage"], ["tracecontext", "xray", "datadog"]),
  MAYFLY_KEEP: someOf(["error", "slow", "cold"]),
  MAYFLY_KEEP_SLOW_MS: integer(0, 0, 900_000),
  MAYFLY_FLUSH_BUDGET_MS: integer(1, 300),
  MAYFLY_HOLD_MS: integer(0, 1_000),
  MAYFLY_PROBE_INTERVAL_MS: integer(0, 30_000),
  MAYFLY_TIMEOUT_MARGIN_MS: integer(0, 200),
  MAYFLY_INJECT_PAYLOAD: someOf(["eventbridge", "stepfunctions", "kinesis", "s3"], []),
  MAYFLY_DYNAMODB_KEYS: keysByTable,
  MAYFLY_LOGS: oneOf(["otlp", "stdout"], "otlp"),
  /** Empty: as the next one says. */
  MAYFLY_LOG_LEVEL: oneOf(LEVELS, ""),
  AWS_LAMBDA_LOG_LEVEL: oneOf(LEVELS, "info"),
  MAYFLY_DEBUG_BUFFER: onOff("off"),
  MAYFLY_DEBUG_SAMPLE_RATE: ratio(0),
  MAYFLY_CONSOLE: onOff("off"),
  MAYFLY_END_LINE: onOff("on"),
  MAYFLY_REDACT: onOff("on"),
  MAYFLY_REDACT_KEYS: names,
  MAYFLY_CAPTURE_PAYLOAD: someOf(["event", "result"], []),
  MAYFLY_PAYLOAD_MAX_BYTES: integer(64, 4_096, MAX_TEXT_LENGTH),
  MAYFLY_PROPAGATION_EXCLUDE: names,
};

/** `OTEL_EXPORTER_OTLP_` before each, and there `TRACES_` or `LOGS_` for one signal only. */
export const OTLP_VARIABLES = {
  ENDPOINT: address,
  HEADERS: pairs,
  PROTOCOL: oneOf(["http/json", "http/protobuf"], "http/json"),
  COMPRESSION: oneOf(["gzip", "none"], "none"),
  TIMEOUT: integer(0, 0),
};

/** The value of a variable. A bad one is said once; an empty one is as good as none. */
export const read = <T>(env: Environment, name: string, kind: Kind<T>): T => {
  const value = env[name]?.trim();
  if (!value) return kind.otherwise;
  const parsed = kind.parse(value, name);
  if (parsed !== undefined) return parsed;
  warn(`${name} is ${JSON.stringify(value)}, expected ${kind.expected}; ${kind.otherwise || "the default"} is taken`);
  return kind.otherwise;
};

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a bare % in a token
  }
};
