/** `mayfly backup`: a copy of the data folder, also while a collector writes to it. */
import { Command } from "commander";
import type { Environment } from "../config.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface BackupDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
}

export const backupCommand = ({ env, print }: BackupDeps): Command => {
  const command = new Command("backup")
    .description("copy the data folder, also while a collector writes to it")
    .argument("<DIR>", "where to; a folder that is empty or not there");
  return addSettings(command, ["dataDir"], { dataDir: "Data folder to copy." }).action(
    async (target: string, flags: ReadFlags) => {
      const { dataDir } = configOf(flags, env);
      const { backupStore } = await import("../store/sqlite/backup.ts");
      const { partitions, bytes } = backupStore(dataDir, target);
      print(
        `${target} has a copy of ${dataDir}: ${partitions === 1 ? "1 partition" : `${partitions} partitions`}, ${bytes} bytes`,
      );
    },
  );
};
