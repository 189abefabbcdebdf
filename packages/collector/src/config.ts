/**
 * Flags, environment, a file and defaults → one frozen configuration, in that order of precedence.
 *
 * SETTINGS is the only list of settings: a row there is a flag, a variable, a name in the file, a line of `--help` and of
 * docs/reference/config.md, and a field of Config. Another setting is another row, in the change that uses it.
 *
 * Errors  ConfigError, naming every bad value at once: where it stands, what it is, what was expected.
 */
import { type FileEntry, readConfigFile } from "./config-file.ts";
import { bytes, duration, integer, type Kind, list, oneOf, text, yesOrNo } from "./config-kinds.ts";
import { ConfigError } from "./errors.ts";
import { isAddress, isName, isNetwork } from "./guard/names.ts";
import { nearest } from "./nearest.ts";
import { LOG_LEVELS } from "./self/log.ts";

interface Row<T> {
  readonly kind: Kind<T>;
  readonly meaning: string;
  /** In place of the field's own name: `data` makes `--data`, `MAYFLY_DATA` and `data:`. */
  readonly called?: string;
}

interface Setting<T> extends Row<T> {
  /** As it would be given; undefined: there is none. */
  readonly default: string | undefined;
}

const setting = <T>(row: Row<T> & { readonly default: string }): Setting<T> => row;
/** A setting without a default: undefined when nobody gives it. */
const optional = <T>(row: Row<T>): Setting<T | undefined> => ({ ...row, default: undefined });

const address = text(
  "address",
  "an IP address or a name of this machine",
  (given) => isAddress(given) || isName(given),
);
const hostName = text("name", "names without port", (given) => isName(given) || isAddress(given));
const attribute = text("attribute", "names of at most 256 characters", ({ length }) => length > 0 && length <= 256);
const network = text("address", "IP addresses or CIDR ranges", isNetwork);

const ROWS = {
  host: setting({
    kind: address,
    default: "127.0.0.1",
    meaning: "Address to listen on; beyond the loopback API keys are needed.",
  }),
  /** 0: any that is free. */
  port: setting({
    kind: integer(0, 65_535),
    default: "4318",
    meaning: "Port for OTLP/HTTP, the API and the UI; 0 takes a free one.",
  }),
  dataDir: setting({
    called: "data",
    kind: text("folder", "a path"),
    default: "./mayfly-data",
    meaning: "Folder of the embedded store; made when missing.",
  }),
  durability: setting({
    kind: oneOf("fsync", "process"),
    default: "fsync",
    meaning: "What an acknowledged request survives: fsync a power loss, process the end of the process.",
  }),
  retentionDays: setting({
    kind: integer(1, 36_500),
    default: "14",
    meaning: "Days that spans, logs and metrics are kept after they arrived.",
  }),
  retentionBytes: optional({
    kind: bytes(0),
    meaning: "Bytes that they may take on disk; beyond it the oldest go.",
  }),
  keyRetentionDays: setting({
    kind: integer(0, 36_500),
    default: "15",
    meaning: "Days that the stitch keys of spans are kept, so that what consumes a message late is still joined.",
  }),
  unindexed: setting({
    kind: list(attribute),
    default: "",
    meaning:
      "Attributes whose values are not indexed, beside those that never are: a search for them reads the spans themselves.",
  }),
  logLevel: setting({
    kind: oneOf(...LOG_LEVELS),
    default: "info",
    meaning: "What is worth a line on standard error; debug has one for every request.",
  }),
  slowQueryMs: setting({
    called: "slowQuery",
    kind: duration(0),
    default: "1s",
    meaning: "A question to the API that takes longer has a line in the log.",
  }),
  allowedHosts: setting({
    called: "allowedHost",
    kind: list(hostName),
    default: "",
    meaning: "Public names under which the collector is asked, beside the loopback's and the bound address.",
  }),
  trustedProxies: setting({
    called: "trustedProxy",
    kind: list(network),
    default: "",
    meaning: "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
  }),
  insecure: setting({
    kind: yesOrNo,
    default: "false",
    meaning: "Listen beyond the loopback without API keys: whoever reaches the port can read and write everything.",
  }),
  ingestRate: setting({
    kind: integer(0, 1_000_000),
    default: "20000",
    meaning: "Requests with telemetry per second for each key, or each address where no key is needed; 0: no limit.",
  }),
  apiRate: setting({
    kind: integer(0, 1_000_000),
    default: "1000",
    meaning: "Other requests per second for each key, or each address where no key is needed; 0: no limit.",
  }),
  requestTimeoutMs: setting({
    called: "requestTimeout",
    kind: duration(1_000),
    default: "60s",
    meaning: "Time for a request to arrive whole; its headers have a third of it.",
  }),
  maxConnections: setting({
    kind: integer(1, 1_000_000),
    default: "2000",
    meaning: "Open connections; more are closed, and counted.",
  }),
  configFile: optional({
    called: "config",
    kind: text("file", "a path"),
    meaning: "File with settings, in YAML or JSON.",
  }),
};

type Rows = typeof ROWS;
export type SettingName = keyof Rows;
export type Config = { readonly [Name in SettingName]: Rows[Name] extends Setting<infer T> ? T : never };

export interface NamedSetting<T = unknown> extends Setting<T> {
  readonly flag: string;
  readonly variable: string;
  /** In a file; undefined: it cannot stand there. */
  readonly key: string | undefined;
}

const named = <T>(name: string, row: Setting<T>): NamedSetting<T> => {
  const key = row.called ?? name;
  const words = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const variable = `MAYFLY_${words.replaceAll("-", "_").toUpperCase()}`;
  return { ...row, flag: `--${words}`, variable, key: name === "configFile" ? undefined : key };
};

const NAMES = Object.keys(ROWS) as SettingName[];

export const SETTINGS = Object.fromEntries(NAMES.map((name) => [name, named<unknown>(name, ROWS[name])])) as {
  readonly [Name in SettingName]: NamedSetting<Config[Name]>;
};

export type Flags = { readonly [name in SettingName]?: string | undefined };
export type Environment = { readonly [variable: string]: string | undefined };

export const configFrom = (flags: Flags, env: Environment): Config => {
  const problems: string[] = [];
  const read = (name: SettingName, entries: ReadonlyMap<string, FileEntry>): unknown => {
    const { kind, ...row } = SETTINGS[name];
    const given = givenFor(name, flags, env, entries);
    const value = given === undefined ? row.default : given.value;
    if (value === undefined && given === undefined) return undefined;
    const parsed = value === undefined ? undefined : kind.parse(value);
    if (parsed === undefined)
      problems.push(`${given?.source ?? row.flag} is ${shown(given?.value)}, expected ${kind.expected}`);
    return parsed;
  };
  const file = read("configFile", new Map());
  const entries = typeof file === "string" ? fileEntries(file, problems) : new Map<string, FileEntry>();
  const values = NAMES.map((name) => [name, name === "configFile" ? file : read(name, entries)]);
  if (problems.length > 0) throw new ConfigError("config-invalid", problems.join("\n"));
  return Object.freeze(Object.fromEntries(values) as Config);
};

interface Given {
  readonly source: string;
  readonly value: FileEntry["value"];
}

const givenFor = (
  name: SettingName,
  flags: Flags,
  env: Environment,
  entries: ReadonlyMap<string, FileEntry>,
): Given | undefined => {
  const { flag, variable, key = "" } = SETTINGS[name];
  if (flags[name] !== undefined) return { source: flag, value: flags[name] };
  if (env[variable]) return { source: variable, value: env[variable] }; // an empty variable is an unset one
  const entry = entries.get(key);
  return entry && entry.value !== "" ? { source: `${entry.place}: ${key}`, value: entry.value } : undefined;
};

/** By name; a name that is none is a problem, with the one that was probably meant. */
const fileEntries = (file: string, problems: string[]): ReadonlyMap<string, FileEntry> => {
  const known = NAMES.flatMap((name) => SETTINGS[name].key ?? []);
  const entries = readConfigFile(file);
  for (const { name, place } of entries) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    problems.push(`${place}: there is no setting ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }
  return new Map(entries.map((entry) => [entry.name, entry]));
};

const shown = (value: Given["value"]): string => (value === undefined ? "no value" : JSON.stringify(value));

/** What nobody has given anything else for. */
export const DEFAULTS: Config = configFrom({}, {});
