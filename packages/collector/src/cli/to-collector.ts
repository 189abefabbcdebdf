/** Where an import goes: a running collector, or one of this process over a data folder that none runs on. */
import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { type Config, type Environment, SETTINGS } from "../config.ts";
import { flagWithArgument } from "../config-reference.ts";
import { makeKey } from "../guard/keys.ts";
import type { Post } from "../import/deliver.ts";
import { addCollectorFlags, type CollectorApi, collectorApi, type CollectorFlags } from "./collector-api.ts";

export interface DestinationDeps {
  readonly env: Environment;
  readonly onBug: (error: unknown) => void;
}

/** Of `--data` there is no default: without it a running collector is asked. */
export const addDestinationFlags = (command: Command): Command =>
  addCollectorFlags(command).option(
    flagWithArgument(SETTINGS.dataDir),
    "Import into this folder of a collector that does not run.",
  );

/** A running one; with --data, one of this process over that folder. */
export const toCollector = async (
  flags: CollectorFlags & { readonly data?: string },
  config: Config,
  deps: DestinationDeps,
  work: (api: CollectorApi) => Promise<void>,
): Promise<void> =>
  flags.data === undefined
    ? work(collectorApi(flags, config, deps.env))
    : withCollector({ dataDir: config.dataDir, port: 0 }, deps, work);

/** Of this process, for as long as the work takes. */
export const withCollector = async (
  config: Partial<Config>,
  { onBug, env }: DestinationDeps,
  work: (api: CollectorApi) => Promise<void>,
): Promise<void> => {
  const { startCollector } = await import("../index.ts");
  const own = makeKey({ name: "mayfly import", scope: "ingest", nowMs: Date.now(), randomBytes });
  const collector = await startCollector(config, { onBug, ownKeys: [own.record] });
  try {
    await work(collectorApi({ url: collector.url, key: own.key }, { host: "", port: 0 }, env));
  } finally {
    await collector.close();
  }
};

export const postTo =
  (api: CollectorApi): Post =>
  (path, body) =>
    api.ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: new Uint8Array(body) });
