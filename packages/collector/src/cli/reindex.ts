/** `mayfly reindex`: forgets what was worked out from the spans and works it out again. A collector may run meanwhile. */
import { Command } from "commander";
import { systemClock } from "../clock.ts";
import type { Environment } from "../config.ts";
import { createSummarizer } from "../query/summarize.ts";
import { partitionsIn } from "../store/sqlite/partitions.ts";
import { openStoreReader } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import { addSettings, configOf, type ReadFlags } from "./settings.ts";

interface ReindexDeps {
  readonly env: Environment;
  readonly print: (line: string) => void;
}

export const reindexCommand = ({ env, print }: ReindexDeps): Command => {
  const command = new Command("reindex").description(
    "build the summaries of all stitched traces again from their spans",
  );
  return addSettings(command, ["dataDir"], { dataDir: "Data folder." }).action(async (flags: ReadFlags) => {
    const { dataDir } = configOf(flags, env);
    partitionsIn(dataDir);
    const store = openStoreReader({ dataDir });
    const summaries = createSqliteSummaries({ dataDir });
    try {
      await summaries.clear();
      await createSummarizer({ store, summaries, clock: systemClock }).catchUp();
      print(`${await summaries.count()} stitched traces summarized in ${dataDir}`);
    } finally {
      await summaries.close();
      await store.close();
    }
  });
};
