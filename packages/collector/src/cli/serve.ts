/** `mayfly serve`: one port for OTLP/HTTP, the API and the UI, until told to stop. */
import { Command } from "commander";
import { configFrom, type Environment, SETTINGS } from "../config.ts";
import { startCollector } from "../index.ts";

interface ServeDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly onBug: (error: unknown) => void;
  /** Resolves when the process is asked to end. */
  readonly stopped: () => Promise<void>;
}

type ServeFlags = Readonly<Partial<Record<"host" | "port" | "data", string>>>;

export const serveCommand = ({ env, print, onBug, stopped }: ServeDeps): Command => {
  const command = new Command("serve").description("receive OTLP/HTTP, store it, serve the API and the UI");
  for (const { flag, argument, meaning, variable, default: byDefault } of Object.values(SETTINGS)) {
    command.option(`${flag} <${argument}>`, `${meaning} (default ${byDefault}, or ${variable})`);
  }
  return command.action(async ({ host, port, data }: ServeFlags) => {
    const config = configFrom({ host, port, dataDir: data }, env);
    const stop = stopped();
    const collector = await startCollector(config, { onBug });
    print(`mayfly listens on ${collector.url} and keeps its data in ${config.dataDir}`);
    await stop;
    await collector.close();
  });
};
