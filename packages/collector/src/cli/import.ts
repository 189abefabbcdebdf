/** `mayfly import FILE…`: OTLP/JSON files into a running collector, or into a data folder. */
import { randomBytes } from "node:crypto";
import { Command } from "commander";
import type { Config, Environment } from "../config.ts";
import { type Imported, importFiles } from "../import/import-files.ts";
import { makeKey } from "../guard/keys.ts";
import { startCollector } from "../index.ts";
import { addCollectorFlags, type CollectorApi, collectorApi, type CollectorFlags } from "./collector-api.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";
import { createProgress, type ProgressStream } from "./progress.ts";

export interface ImportCommandDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly stderr: ProgressStream;
  readonly onBug: (error: unknown) => void;
  readonly fail: () => void;
}

type ImportFlags = ReadFlags & CollectorFlags & { readonly data?: string };

const HELP = `
Each line of a file is one OTLP request in JSON, as the OpenTelemetry Collector's file exporter and mayfly export write it.
.gz and .zst are unpacked, - is the standard input. With --data, the data folder of a collector that does not run.
Run again after a break, it stores nothing twice. See docs/guides/export-import.md.`;

export const importCommand = (deps: ImportCommandDeps): Command => {
  const command = new Command("import")
    .description("bring OTLP/JSON files into a collector")
    .argument("<FILE...>", "files of OTLP requests in JSON, one a line");
  addSettings(addCollectorFlags(command), ["host", "port", "dataDir", "configFile"], {
    dataDir: "Import into this folder, with no collector running.",
  });
  return command.addHelpText("after", HELP).action(async (files: readonly string[], flags: ImportFlags) => {
    const config = configOf(flags, deps.env);
    if (flags.data === undefined) {
      await importInto(collectorApi(flags, config, deps.env), files, deps);
    } else {
      await withCollector({ dataDir: config.dataDir, port: 0 }, deps, (api) => importInto(api, files, deps));
    }
  });
};

/** Of this process, for as long as the work takes. */
export const withCollector = async (
  config: Partial<Config>,
  { onBug, env }: Pick<ImportCommandDeps, "onBug" | "env">,
  work: (api: CollectorApi) => Promise<void>,
): Promise<void> => {
  const own = makeKey({ name: "mayfly import", scope: "ingest", nowMs: Date.now(), randomBytes });
  const collector = await startCollector(config, { onBug, ownKeys: [own.record] });
  try {
    await work(collectorApi({ url: collector.url, key: own.key }, { host: "", port: 0 }, env));
  } finally {
    await collector.close();
  }
};

export const importInto = async (
  api: CollectorApi,
  files: readonly string[],
  { print, stderr, fail }: Pick<ImportCommandDeps, "print" | "stderr" | "fail">,
): Promise<void> => {
  const progress = createProgress(stderr);
  const so = await importFiles(files, {
    post: (path, body) =>
      api.ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: new Uint8Array(body) }),
    stdin: process.stdin,
    onProblem: (problem) => progress.line(problem),
    onProgress: (now) => progress.show(counted(now)),
  }).finally(() => progress.end());
  print(`imported ${counted(so)}`);
  if (so.badLines > 0) fail();
};

const counted = ({ requests, bytes, badLines, rejected }: Imported): string =>
  `${requests} requests, ${(bytes / 1e6).toFixed(1)} MB; ${badLines} bad lines, ${rejected} rejected records`;
