import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { batch, span, spanId, START, traceId } from "../../../test/builders.ts";
import { startKeeper } from "./keeper-thread.ts";
import { partitionsFolder } from "./partitions.ts";
import { openStore } from "./sqlite-store.ts";

test("a thread seals beside the one that writes, says nothing where all is well, and ends when it is told to", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "mayfly-keeper-thread-"));
  const store = openStore({ dataDir, partitionBytes: 1 });
  const problems: unknown[] = [];
  const ages = (Date.now() - Number(START / 1_000_000n)) / 86_400_000;
  const settings = { dataDir, retentionDays: Math.ceil(ages) + 2, retentionBytes: undefined, keyRetentionDays: 15 };
  await store.append(batch([span("a")]));

  const keeper = startKeeper(settings, (error) => problems.push(error));
  await vi.waitFor(() => expect(readdirSync(partitionsFolder(dataDir))).toContain("000001.sealed"), 20_000);
  await store.append(batch([span("b")]));
  expect((await store.spansOfTraces([traceId("t")], 10)).map((one) => one.spanId)).toEqual([spanId("a"), spanId("b")]);
  await keeper.close();
  await keeper.close();

  expect(problems).toEqual([]);
  await store.close();
  rmSync(dataDir, { recursive: true });
});
