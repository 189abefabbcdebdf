/** `mayfly restore`: a data folder from a backup; with `--verify`, only from one that was read to its last byte. */
import { resolve } from "node:path";
import { Command } from "commander";
import type { Environment } from "../config.ts";
import type * as Inspect from "../store/sqlite/inspect.ts";
import { SIGNALS } from "../store/store.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface RestoreDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
  readonly fail: () => void;
}

interface RestoreFlags extends ReadFlags {
  readonly verify?: boolean;
}

export const restoreCommand = ({ env, print, warn, fail }: RestoreDeps): Command => {
  const command = new Command("restore")
    .description("make a data folder from a backup; nothing is overwritten")
    .argument("<DIR>", "the backup")
    .option("--verify", "Read all of the backup first, and restore it only if nothing is wrong with it.");
  return addSettings(command, ["dataDir"], { dataDir: "Data folder to make; not there yet, or empty." }).action(
    async (source: string, flags: RestoreFlags) => {
      const { dataDir } = configOf(flags, env);
      const [{ restoreStore }, inspect] = await Promise.all([
        import("../store/sqlite/backup.ts"),
        import("../store/sqlite/inspect.ts"),
      ]);
      if (flags.verify && !isSound(source, inspect)) return fail();
      const { partitions, bytes } = restoreStore(resolve(source), resolve(dataDir));
      print(`${dataDir} is made: ${partitions === 1 ? "1 partition" : `${partitions} partitions`}, ${bytes} bytes`);
    },
  );

  function isSound(source: string, { inspectStore, NAMES }: typeof Inspect): boolean {
    const { partitions, ledger, problems } = inspectStore(source);
    for (const partition of partitions) print(lineOf(partition, NAMES));
    if (ledger !== undefined)
      print(`the ledger says ${SIGNALS.map((one) => `${ledger[one]} ${NAMES[one]}`).join(", ")}`);
    for (const problem of problems) warn(problem);
    if (problems.length > 0) warn("nothing was restored");
    return problems.length === 0;
  }
};

const lineOf = ({ number, isSealed, items, problem }: Inspect.PartitionReport, NAMES: typeof Inspect.NAMES): string =>
  `partition ${number} (${isSealed ? "sealed" : "active"}): ` +
  (problem === undefined ? SIGNALS.map((one) => `${items[one]} ${NAMES[one]}`).join(", ") : "damaged");
