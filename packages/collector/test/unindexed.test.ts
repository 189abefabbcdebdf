/** `--unindexed`, from the configuration through the threads to an answer. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TraceList } from "@mayfly/api";
import { configFrom } from "../src/config.ts";
import { startCollector } from "../src/index.ts";
import { JSON_TYPE, jsonSpan, TRACE_ID, tracesJson } from "./http.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-unindexed-"));
});
afterEach(() => rm(folder, { recursive: true }));

const ORDER = { attributes: [{ key: "order_id", value: { stringValue: "o-17" } }] };

test("an attribute that is not indexed is searched for like any other, also once it is indexed again", async () => {
  const found = async (unindexed: string): Promise<readonly string[]> => {
    const collector = await startCollector(configFrom({ dataDir: folder, port: "0", unindexed }, {}));
    await fetch(`${collector.url}/v1/traces`, {
      method: "POST",
      headers: JSON_TYPE,
      body: tracesJson(jsonSpan(ORDER)),
    });
    const response = await fetch(`${collector.url}/api/traces?q=order_id:o-17`);
    const { traces } = (await response.json()) as TraceList;
    await collector.close();
    return traces.flatMap(({ traceIds }) => traceIds);
  };

  expect(await found("order_id,session.id")).toEqual([TRACE_ID]);
  expect(await found("")).toEqual([TRACE_ID]);
});
