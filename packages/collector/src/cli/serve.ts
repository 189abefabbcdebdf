/** `mayfly serve`: one port for OTLP/HTTP, the API and the UI, until told to stop. */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { createLog, type LogOptions } from "../self/log.ts";
import { shellWord } from "../shell-word.ts";
import { VERSION } from "../version.ts";
import { addSettings, configOf, EVERY_SETTING, type ReadFlags } from "./settings.ts";

interface ServeDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly stderr: LogOptions["stream"];
  /** Resolves when the process is asked to end. */
  readonly stopped: () => Promise<void>;
}

const insecure = (dataDir: string): string =>
  `INSECURE: there are no API keys, and this is not the loopback: whoever reaches the port can read and write everything. Make a key (mayfly keys create --name NAME --scope admin --data ${shellWord(dataDir)}) and start without --insecure.`;

export const serveCommand = ({ env, print, stderr, stopped }: ServeDeps): Command => {
  const command = new Command("serve").description("receive OTLP/HTTP, store it, serve the API and the UI");
  return addSettings(command, EVERY_SETTING).action(async (flags: ReadFlags) => {
    const config = configOf(flags, env);
    const { startCollector } = await import("../index.ts");
    const log = createLog({ level: config.logLevel, stream: stderr });
    const stop = stopped();
    const collector = await startCollector(config, { log });
    const { url } = collector;
    print(`mayfly listens on ${url} and keeps its data in ${config.dataDir}`);
    log.info({ url, dataDir: config.dataDir, version: VERSION, node: process.version, pid: process.pid }, "started");
    if (collector.isInsecure) log.warn({ host: config.host }, insecure(config.dataDir));
    await stop;
    log.info({ url }, "stopping");
    await collector.close();
    log.info({ url, uptimeSeconds: Math.round(process.uptime()) }, "stopped");
  });
};
