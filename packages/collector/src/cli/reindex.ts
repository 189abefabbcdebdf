/** `mayfly reindex`: forgets what was worked out from the spans and works it out again. A collector may run meanwhile. */
import { Command } from "commander";
import { systemClock } from "../clock.ts";
import type { Environment } from "../config.ts";
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
    const [{ createSummarizer }, { partitionsIn }, { openStoreReader }, { createSqliteSummaries }] = await Promise.all([
      import("../query/summarize.ts"),
      import("../store/sqlite/partitions.ts"),
      import("../store/sqlite/sqlite-store.ts"),
      import("../store/sqlite/summaries.ts"),
    ]);
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
