import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { batch, span } from "../../test/builders.ts";
import { openStore } from "../store/sqlite/sqlite-store.ts";
import { createSqliteSummaries } from "../store/sqlite/summaries.ts";
import { startSummarizer } from "./summarizer-thread.ts";

test("what arrives is summed up by a thread beside the one that writes, until it is told to end", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-summarizer-thread-"));
  const store = openStore({ dataDir });
  const summaries = createSqliteSummaries({ dataDir });
  const bugs: unknown[] = [];
  const thread = startSummarizer({ dataDir }, (error) => bugs.push(error));

  for (const trace of ["a", "b"]) {
    await store.append(batch([span(`order ${trace}`, { trace })]));
    const upTo = (await store.changedTraces(undefined, 1_000)).checkpoint;
    await vi.waitFor(async () => expect(await summaries.checkpoint()).toBe(upTo), 20_000);
    await vi.waitFor(() => expect(thread.spansBehind).toBe(0), 20_000);
  }
  await thread.close();
  await thread.close();

  expect(bugs).toEqual([]);
  expect(thread.spansBehind).toBeUndefined();
  await summaries.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});
