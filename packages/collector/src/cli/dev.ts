/**
 * `mayfly dev`: a local Lambda with the user's own handlers, and the collector beside it, in one process. The lab is an optional peer,
 * because who only collects does not run functions: it is loaded here alone, and only when asked for.
 */
import { randomBytes } from "node:crypto";
import { styleText } from "node:util";
import type * as Lab from "@mayfly/lab/dev";
import { Command, Option } from "commander";
import { type Environment, type NamedSetting, SETTINGS } from "../config.ts";
import { ConfigError, ListenError } from "../errors.ts";
import { makeKey } from "../guard/keys.ts";
import { addressFileIn } from "./running-dev.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface DevDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly onBug: (error: unknown) => void;
  /** Resolves when the process is asked to end. */
  readonly stopped: () => Promise<void>;
}

interface DevFlags extends ReadFlags {
  readonly httpPort: number;
  readonly watch: boolean;
  readonly runtime: Lab.Runtime;
}

/** As others have it for a local API. */
const HTTP_PORT = 3000;

const HELP = `
A dev file (default ./mayfly.dev.json) maps each function to its handler and to what invokes it:

  {
    "functions": {
      "api": { "file": "src/api.ts", "http": "POST /orders", "environment": { "QUEUE_URL": { "queueUrl": "orders" } } },
      "worker": { "file": "src/worker.ts", "sqs": { "queue": "orders", "batchSize": 10 } }
    }
  }

A handler file alone (mayfly dev src/hello.ts) answers every HTTP request. See docs/guides/dev.md.`;

export const devCommand = ({ env, print, onBug, stopped }: DevDeps): Command =>
  addSettings(new Command("dev"), ["port", "dataDir", "configFile"])
    .description("run your functions on this machine, with their event sources and their traces")
    .argument("[FILE...]", "dev files or handler files (default ./mayfly.dev.json)")
    .addOption(
      new Option("--http-port <number>", "Port of the functions' HTTP API; 0 takes a free one.")
        .default(HTTP_PORT)
        .argParser(httpPort),
    )
    .option("--no-watch", "Leave running functions as they are when files change.")
    .addOption(
      new Option("--runtime <client>", "What runs the handlers.")
        .choices(["built-in", "aws-lambda-ric"])
        .default("built-in"),
    )
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], flags: DevFlags) => {
      const config = configOf(flags, env);
      const [lab, { startCollector }] = await Promise.all([loadLab(), import("../index.ts")]);
      const folder = process.cwd();
      const devFiles = await lab.readDevFiles(files, folder).catch((error: unknown) => {
        throw error instanceof lab.DevFileError ? mistakes(error.message) : error;
      });
      const stop = stopped();
      const own = makeKey({ name: "mayfly dev", scope: "ingest", nowMs: Date.now(), randomBytes });
      const collector = await startCollector(config, { onBug, ownKeys: [own.record] });
      let session: Lab.DevSession | undefined;
      try {
        session = await lab
          .startDev({
            files: devFiles,
            folder,
            collectorUrl: collector.url,
            httpPort: flags.httpPort,
            runtimeClient: flags.runtime,
            isWatching: flags.watch,
            // Ignored as long as the data folder has no keys.
            environment: { OTEL_EXPORTER_OTLP_HEADERS: `x-mayfly-key=${own.key}`, ...passedOn(env) },
            addressFile: addressFileIn(config.dataDir),
            print,
            paint: (style, text) => styleText(style, text, { stream: process.stdout }),
          })
          .catch((error: unknown) => {
            if (error instanceof lab.DefinitionError) throw new ConfigError("config-invalid", error.message);
            throw listenProblem(error, flags.httpPort) ?? error;
          });
        await stop;
      } finally {
        await session?.close();
        await collector.close();
      }
    });

const httpPort = (text: string): number => {
  const port = SETTINGS.port.kind.parse(text);
  if (port === undefined)
    throw new ConfigError("config-invalid", `--http-port is "${text}", expected ${SETTINGS.port.kind.expected}`);
  return port;
};

const loadLab = async (): Promise<typeof Lab> => {
  try {
    return await import("@mayfly/lab/dev");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("'@mayfly/lab'")) throw error;
    throw new ConfigError(
      "config-invalid",
      "mayfly dev runs functions in @mayfly/lab, which is not installed beside @mayfly/collector: npm install --save-dev @mayfly/lab",
    );
  }
};

/** Settings of the SDK; those of the collector are not for functions. */
const passedOn = (env: Environment): Readonly<Record<string, string>> => {
  const own = new Set<string>(Object.values<NamedSetting>(SETTINGS).map(({ variable }) => variable));
  const entries = Object.entries(env).filter(([name]) => name.startsWith("MAYFLY_") && !own.has(name));
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
};

/** One line each. */
const mistakes = (lines: string): ConfigError =>
  new ConfigError("config-invalid", lines.includes("\n") ? `there are mistakes:\n${lines}` : lines);

const listenProblem = (error: unknown, port: number): ListenError | undefined => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES") return undefined;
  const problem = `cannot listen on 127.0.0.1:${port} for the HTTP API: ${message}`;
  return new ListenError("address-unavailable", `${problem}; choose another port with --http-port`, { cause: error });
};
