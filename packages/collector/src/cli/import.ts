/** `mayfly import FILE…`: OTLP/JSON files into a running collector, or into a data folder; below it, imports from AWS. */
import { Command } from "commander";
import { type Imported, importFiles } from "../import/import-files.ts";
import type { CollectorApi, CollectorFlags } from "./collector-api.ts";
import { importStepFunctionsCommand } from "./import-step-functions.ts";
import { importXRayCommand } from "./import-xray.ts";
import { configOf, type ReadFlags } from "./settings.ts";
import { createProgress, type ProgressStream } from "./progress.ts";
import { addDestinationFlags, type DestinationDeps, postTo, toCollector } from "./to-collector.ts";

export interface ImportCommandDeps extends DestinationDeps {
  readonly print: (line: string) => void;
  readonly stderr: ProgressStream;
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
  addDestinationFlags(command);
  command.addCommand(importXRayCommand(deps)).addCommand(importStepFunctionsCommand(deps));
  return command.addHelpText("after", HELP).action(async (files: readonly string[], flags: ImportFlags) => {
    const config = configOf(flags, deps.env);
    await toCollector(flags, config, deps, (api) => importInto(api, files, deps));
  });
};

export const importInto = async (
  api: CollectorApi,
  files: readonly string[],
  { print, stderr, fail }: Pick<ImportCommandDeps, "print" | "stderr" | "fail">,
): Promise<void> => {
  const progress = createProgress(stderr);
  const so = await importFiles(files, {
    post: postTo(api),
    stdin: process.stdin,
    onProblem: (problem) => progress.line(problem),
    onProgress: (now) => progress.show(counted(now)),
  }).finally(() => progress.end());
  print(`imported ${counted(so)}`);
  if (so.badLines + so.rejected > 0) fail();
};

const counted = ({ requests, bytes, badLines, rejected }: Imported): string =>
  `${requests} requests, ${(bytes / 1e6).toFixed(1)} MB; ${badLines} bad lines, ${rejected} rejected records`;
