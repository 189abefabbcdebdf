/**
 * A running collector, asked over HTTP by commands: where it is, who asks, and its refusals as sentences.
 *
 * Errors  NotFoundError when nothing answers, InputError with what the collector said; of a query, a QueryError.
 */
import type { ErrorBody } from "@mayfly/api";
import { type Command, Option } from "commander";
import { ConfigError, InputError, NotFoundError, QueryError } from "../errors.ts";
import type { Config, Environment } from "../config.ts";
import { addSettings } from "./settings.ts";

export interface CollectorFlags {
  readonly url?: string;
  readonly key?: string;
}

export const addCollectorFlags = (command: Command): Command =>
  addSettings(
    command
      .addOption(
        new Option("--url <url>", "Address of the collector (default: of --host and --port).").argParser((text) =>
          httpUrl("--url", text),
        ),
      )
      .option("--key <key>", "An API key (default MAYFLY_KEY)."),
    ["host", "port", "configFile"],
    { host: "Host of the collector, where there is no --url.", port: "Its port, where there is no --url." },
  );

export const httpUrl = (flag: string, text: string): string => {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new ConfigError("config-invalid", `${flag} is "${text}", expected an http or https address`);
};

export interface CollectorApi {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whatever the status; throws when nothing answers. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The body of a 2xx. */
  get<T>(path: string): Promise<T>;
}

export const HOW_TO_REACH = "start it with `mayfly serve`, or name its address with --url";

export const collectorApi = (
  { url: given, key: givenKey }: CollectorFlags,
  { host, port }: Pick<Config, "host" | "port">,
  env: Environment,
): CollectorApi => {
  const url = given ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const key = givenKey ?? env["MAYFLY_KEY"];
  const headers = key ? { "x-mayfly-key": key } : {};
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    try {
      return await fetch(`${url}${path}`, {
        ...init,
        headers: { ...headers, ...(init.headers as Record<string, string>) },
      });
    } catch (cause) {
      const { cause: reason = cause } = cause as Error;
      const why = reason instanceof Error ? reason.message : String(reason);
      throw new NotFoundError("not-found", `no collector answers at ${url}: ${why}; ${HOW_TO_REACH}`, { cause });
    }
  };
  return {
    url,
    headers,
    ask,
    async get<T>(path: string) {
      const answer = await ask(path);
      if (!answer.ok) {
        const text = await answer.text();
        const { code, message, at } = errorIn(text);
        if (code === "bad-query" && message !== undefined && at) throw new QueryError(message, at);
        throw new InputError("bad-request", `${url}${path} answered ${refusalIn(answer.status, text)}`);
      }
      return (await answer.json()) as T;
    },
  };
};

/** `403: message`, in whatever form the message came. */
export const refusalOf = async (answer: Response): Promise<string> => refusalIn(answer.status, await answer.text());

const refusalIn = (status: number, text: string): string => `${status}: ${errorIn(text).message ?? text.slice(0, 200)}`;

/** Ours has an `error`, an OTLP Status a message; a proxy's page neither. */
const errorIn = (text: string): Partial<ErrorBody["error"]> => {
  try {
    const { error, message } = JSON.parse(text) as Partial<ErrorBody> & { readonly message?: string };
    return error ?? (message === undefined ? {} : { message });
  } catch {
    return {};
  }
};
