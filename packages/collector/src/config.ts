/**
 * Flags, environment and defaults → one frozen configuration, in that order of precedence.
 *
 * The table is the only list of settings: `--help` is made from it and docs/reference/config.md is checked against it.
 * Errors  ConfigError, naming every bad value at once.
 */
import { ConfigError } from "./errors.ts";

export interface Config {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly dataDir: string;
}

interface Setting<T> {
  readonly flag: string;
  readonly argument: string;
  readonly variable: string;
  readonly default: string;
  readonly meaning: string;
  readonly expected: string;
  /** undefined: not what is expected. */
  readonly parse: (text: string) => T | undefined;
}

/** 0 to 255, and no leading zero: some readers take that for octal. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const LOOPBACK = new RegExp(String.raw`^(?:localhost|::1|127(?:\.${OCTET}){3})$`);

const parsePort = (text: string): number | undefined => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
};

export const SETTINGS: { readonly [name in keyof Config]: Setting<Config[name]> } = {
  host: {
    flag: "--host",
    argument: "address",
    variable: "MAYFLY_HOST",
    default: "127.0.0.1",
    meaning: "Address to listen on.",
    expected:
      "a loopback address (localhost, 127.x.x.x or ::1), because without API keys whoever reaches the port can read and write everything",
    parse: (text) => (LOOPBACK.test(text) ? text : undefined),
  },
  port: {
    flag: "--port",
    argument: "number",
    variable: "MAYFLY_PORT",
    default: "4318",
    meaning: "Port for OTLP/HTTP, the API and the UI; 0 takes a free one.",
    expected: "an integer from 0 to 65535",
    parse: parsePort,
  },
  dataDir: {
    flag: "--data",
    argument: "folder",
    variable: "MAYFLY_DATA",
    default: "./mayfly-data",
    meaning: "Folder of the embedded store; made when missing.",
    expected: "a path",
    parse: (text) => text || undefined,
  },
};

export type Flags = { readonly [name in keyof Config]?: string | undefined };
export type Environment = { readonly [variable: string]: string | undefined };

export const configFrom = (flags: Flags, env: Environment): Config => {
  const problems: string[] = [];
  const read = <Name extends keyof Config>(name: Name): Config[Name] | undefined => {
    const setting = SETTINGS[name];
    const [source, text] = sourceOf(setting, flags[name], env);
    const value = setting.parse(text);
    if (value === undefined) problems.push(`${source} is "${text}", expected ${setting.expected}`);
    return value;
  };
  const host = read("host");
  const port = read("port");
  const dataDir = read("dataDir");
  if (host === undefined || port === undefined || dataDir === undefined) {
    throw new ConfigError("config-invalid", problems.join("\n"));
  }
  return Object.freeze({ host, port, dataDir });
};

const sourceOf = (
  setting: Setting<unknown>,
  flag: string | undefined,
  env: Environment,
): readonly [source: string, text: string] => {
  if (flag !== undefined) return [setting.flag, flag];
  return [setting.variable, env[setting.variable] || setting.default]; // an empty variable is an unset one
};
