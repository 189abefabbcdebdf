/** `mayfly serve`: one port for OTLP/HTTP, the API and the UI, until told to stop. */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { startCollector } from "../index.ts";
import { addSettings, configOf, EVERY_SETTING, type ReadFlags } from "./settings.ts";

interface ServeDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly onBug: (error: unknown) => void;
  /** Resolves when the process is asked to end. */
  readonly stopped: () => Promise<void>;
}

export const serveCommand = ({ env, print, onBug, stopped }: ServeDeps): Command => {
  const command = new Command("serve").description("receive OTLP/HTTP, store it, serve the API and the UI");
  return addSettings(command, EVERY_SETTING).action(async (flags: ReadFlags) => {
    const config = configOf(flags, env);
    const stop = stopped();
    const collector = await startCollector(config, { onBug });
    print(`mayfly listens on ${collector.url} and keeps its data in ${config.dataDir}`);
    await stop;
    await collector.close();
  });
};
