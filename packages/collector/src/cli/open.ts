/** `mayfly open FILE…`: an offline trace file in the UI, from a data folder that is gone afterwards. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { type ImportCommandDeps, importInto } from "./import.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";
import { withCollector } from "./to-collector.ts";

interface OpenDeps extends ImportCommandDeps {
  /** Resolves when the process is asked to end. */
  readonly stopped: () => Promise<void>;
}

export const openCommand = (deps: OpenDeps): Command => {
  const command = new Command("open")
    .description("look at OTLP/JSON files without keeping them")
    .argument("<FILE...>", "files of OTLP requests in JSON, one a line; .gz and .zst are unpacked");
  command.option("--port <number>", "Port of the UI while it runs (default: a free one).");
  return addSettings(command, ["configFile"]).action(async (files: readonly string[], flags: ReadFlags) => {
    const { port } = configOf({ port: "0", ...flags }, deps.env);
    const stop = deps.stopped();
    const dataDir = await mkdtemp(join(tmpdir(), "mayfly-open-"));
    try {
      await withCollector({ dataDir, port }, deps, async (api) => {
        await importInto(api, files, deps);
        deps.print(`look at ${api.url} and end with Ctrl+C`);
        await stop;
      });
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
};
